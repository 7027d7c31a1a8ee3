import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  bootstrapActor,
  createAuthenticate,
  type StoredKey,
  Unauthenticated,
} from '../../../src/access/authenticate.ts';
import { newKey } from '../../../src/access/key.ts';

const now = Date.parse('2026-03-01T00:00:00Z');
const adminKey = 'bootstrap-key-of-forty-characters-at-all';

function setUp(overrides: Partial<StoredKey> = {}) {
  const id = randomUUID();
  const { key, hash } = newKey(id);
  const stored: StoredKey = {
    id,
    name: 'billing',
    role: 'producer',
    accounts: ['north'],
    hash,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    ...overrides,
  };
  const looked: string[] = [];
  const touched: string[] = [];
  const store = {
    find: async (wanted: string) => {
      looked.push(wanted);
      return wanted === id ? stored : null;
    },
    touch: async (which: string) => void touched.push(which),
  };
  const access = createAuthenticate({ store, adminKey, now: () => now });
  return { id, key, looked, touched, ...access };
}

async function refusal(work: Promise<unknown>): Promise<Unauthenticated> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Unauthenticated)) throw new Error('was let in, or failed otherwise');
  return error;
}

describe('contract §3: authenticate', () => {
  it('knows whose key it is', async () => {
    const { authenticate, key, id } = setUp();
    expect(await authenticate(`Bearer ${key}`)).toEqual({
      actor: { type: 'key', id, name: 'billing' },
      role: 'producer',
      accounts: ['north'],
    });
    expect((await authenticate(`bearer   ${key} `)).role).toBe('producer');
  });

  it('takes the bootstrap key as an admin for all accounts, without a lookup', async () => {
    const { authenticate, looked } = setUp();
    expect(await authenticate(`Bearer ${adminKey}`)).toEqual({ actor: bootstrapActor, role: 'admin', accounts: '*' });
    expect(looked).toEqual([]);
  });

  it('takes any text as the bootstrap key, as its bytes come in a header', async () => {
    const text = ' ein sehr geheimer Schlüssel für Errand → alles ';
    const store = { find: async () => null, touch: async () => undefined };
    const { authenticate } = createAuthenticate({ store, adminKey: text, now: () => now });
    const sent = Buffer.from(`Bearer ${text}`, 'utf8').toString('latin1');
    expect((await authenticate(sent)).role).toBe('admin');
  });

  it('takes no bootstrap key where there is none', async () => {
    const store = { find: async () => null, touch: async () => undefined };
    const { authenticate } = createAuthenticate({ store, adminKey: null, now: () => now });
    for (const token of [adminKey, 'null', 'x']) await refusal(authenticate(`Bearer ${token}`));
  });

  it.each([undefined, '', ' ', 'Basic YTpi', 'Bearer', 'Bearer ', 'errand_x'])('asks for a key: %j', async (header) => {
    const { authenticate, looked } = setUp();
    expect((await refusal(authenticate(header))).keyGiven).toBe(false);
    expect(looked).toEqual([]);
  });

  it('refuses another secret under the same id, and an id that nobody has', async () => {
    const { authenticate, id, looked } = setUp();
    const forged = [newKey(id).key, newKey(randomUUID()).key];
    for (const key of forged) expect((await refusal(authenticate(`Bearer ${key}`))).keyGiven).toBe(true);
    expect(looked).toHaveLength(2);
  });

  it('does not look up what is no key at all', async () => {
    const { authenticate, key, looked } = setUp();
    for (const token of ['x', `${key}x`, key.slice(1), key.toUpperCase(), `${key} ${key}`]) {
      await refusal(authenticate(`Bearer ${token}`));
    }
    expect(looked).toEqual([]);
  });

  it('says that a key was revoked or has expired, but only to who holds it', async () => {
    const revoked = setUp({ revokedAt: new Date(now - 1) });
    expect((await refusal(revoked.authenticate(`Bearer ${revoked.key}`))).message).toContain('revoked');
    expect((await refusal(revoked.authenticate(`Bearer ${newKey(revoked.id).key}`))).message).not.toContain('revoked');
    const expired = setUp({ expiresAt: new Date(now) });
    expect((await refusal(expired.authenticate(`Bearer ${expired.key}`))).message).toContain('2026-03-01');
    const good = setUp({ expiresAt: new Date(now + 1) });
    expect((await good.authenticate(`Bearer ${good.key}`)).role).toBe('producer');
  });

  it('notes the use of a key once a minute', async () => {
    const fresh = setUp();
    await Promise.all([1, 2, 3].map(() => fresh.authenticate(`Bearer ${fresh.key}`)));
    await fresh.idle();
    expect(fresh.touched).toEqual([fresh.id]);
    const recent = setUp({ lastUsedAt: new Date(now - 59_999) });
    await recent.authenticate(`Bearer ${recent.key}`);
    await recent.idle();
    expect(recent.touched).toEqual([]);
  });
});
