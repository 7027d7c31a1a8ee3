import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeySchema } from '../../../src/contract/api-key.ts';
import { auditEntrySchema } from '../../../src/contract/audit.ts';
import { type RunningApi, startApi } from '../api/support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running.stop());

const make = (body: object, key?: string) =>
  running.call('POST', '/v1/keys', { body, ...(key === undefined ? {} : { key }) });
const auditOf = async (subject: string) =>
  (await running.call('GET', `/v1/audit?subject=${encodeURIComponent(subject)}`)).json.items;

describe('contract §3: an API key', () => {
  it('is shown once and kept as a hash', async () => {
    const { status, json } = await make({ role: 'producer', accounts: ['north', 'north'], name: 'Billing' });
    const { key, ...shown } = json;
    expect(status).toBe(201);
    expect(key).toMatch(new RegExp(`^errand_${shown.id}_[A-Za-z0-9_-]{43}$`));
    expect(apiKeySchema.parse(shown)).toMatchObject({ role: 'producer', accounts: ['north'], lastUsedAt: null });
    const listed = (await running.call('GET', '/v1/keys')).json.items;
    expect(listed).toContainEqual(shown);
    const { rows } = await running.pool.query('select api_keys::text as kept from api_keys');
    for (const { kept } of rows) expect(kept).not.toContain(key.slice(-43));
    const log = await running.pool.query('select audit_log::text as kept from audit_log');
    for (const { kept } of log.rows) expect(kept).not.toContain(key.slice(-43));
  });

  it('works from its making to its revoking, and not a request longer', async () => {
    const { json } = await make({ role: 'operator', accounts: '*' });
    const ask = () => running.call('GET', '/v1/audit', { key: json.key });
    expect((await ask()).status).toBe(200);
    expect((await running.call('DELETE', `/v1/keys/${json.id}`)).status).toBe(204);
    const refused = await ask();
    expect([refused.status, refused.json.detail]).toEqual([401, 'The API key was revoked.']);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="errand", error="invalid_token"');
    expect((await running.call('DELETE', `/v1/keys/${json.id}`)).status).toBe(204);
    const entries = await auditOf(`key:${json.id}`);
    expect(entries.map(({ action }: { action: string }) => action)).toEqual(['key.revoked', 'key.created']);
    expect(auditEntrySchema.parse(entries[0])).toMatchObject({ actor: { type: 'key', id: 'bootstrap' } });
  });

  it('ends when it expires', async () => {
    const expiresAt = new Date(Date.now() + 300).toISOString();
    const { json } = await make({ role: 'operator', accounts: '*', expiresAt });
    expect(json.expiresAt).toBe(expiresAt);
    const ask = () => running.call('GET', '/v1/audit', { key: json.key });
    await expect.poll(async () => (await ask()).status, { timeout: 5000 }).toBe(401);
    expect((await ask()).json.detail).toContain('expired');
    const past = await make({ role: 'operator', accounts: '*', expiresAt: '2020-01-01T00:00:00+01:00' });
    expect([past.status, past.json.errors[0].path]).toEqual([422, 'expiresAt']);
  });

  it('notes when it was last used', async () => {
    const { json } = await make({ role: 'operator', accounts: '*' });
    await running.call('GET', '/v1/audit', { key: json.key });
    await running.access.idle();
    const listed = (await running.call('GET', '/v1/keys')).json.items;
    expect(listed.find(({ id }: { id: string }) => id === json.id).lastUsedAt).toMatch(/Z$/);
  });

  it.each([
    [{ role: 'root', accounts: '*' }, 'role'],
    [{ role: 'admin', accounts: [] }, 'accounts'],
    [{ role: 'admin', accounts: ['*'] }, 'accounts'],
    [{ role: 'admin', accounts: ['a', '*'] }, 'accounts'],
    [{ role: 'admin', accounts: 'a' }, 'accounts'],
    [{ role: 'admin' }, 'accounts'],
    [{ role: 'admin', accounts: '*', name: 'a\u0000b' }, 'name'],
    [{ role: 'admin', accounts: '*', expiresAt: 'never' }, 'expiresAt'],
  ])('is not made of %j', async (body, path) => {
    const { status, json } = await make(body);
    expect([status, json.errors[0].path]).toEqual([422, path]);
  });
});

describe('contract §3: an admin for some accounts', () => {
  it('manages keys for those accounts only', async () => {
    const key = await running.keyFor('admin', ['north', 'south']);
    const reaches = [
      await make({ role: 'admin', accounts: ['north'] }, key),
      await make({ role: 'admin', accounts: ['south', 'north'] }, key),
    ];
    const beyond = [
      await make({ role: 'producer', accounts: '*' }, key),
      await make({ role: 'producer', accounts: ['north', 'west'] }, key),
    ];
    expect([...reaches, ...beyond].map(({ status }) => status)).toEqual([201, 201, 403, 403]);

    const other = (await make({ role: 'producer', accounts: ['west'] })).json.id;
    const all = (await make({ role: 'producer', accounts: '*' })).json.id;
    const listed = (await running.call('GET', '/v1/keys', { key })).json.items;
    expect(listed.filter(({ id }: { id: string }) => id === other || id === all)).toEqual([]);
    for (const id of [other, all]) expect((await running.call('DELETE', `/v1/keys/${id}`, { key })).status).toBe(404);
    expect((await running.call('DELETE', `/v1/keys/${reaches[0]?.json.id}`, { key })).status).toBe(204);
  });
});

it('contract §3: pages keys, newest first', async () => {
  const made: string[] = [];
  for (let index = 0; index < 5; index += 1) made.push((await make({ role: 'producer', accounts: ['paged'] })).json.id);
  const key = await running.keyFor('admin', ['paged']);
  const seen: string[] = [];
  let cursor = '';
  do {
    const { json } = await running.call('GET', `/v1/keys?limit=2${cursor}`, { key });
    seen.push(...json.items.map(({ id }: { id: string }) => id));
    cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`;
  } while (cursor !== '');
  expect(seen.slice(1)).toEqual(made.reverse());
});

it('contract §3: knows whether there is an admin', async () => {
  const fresh = await startApi();
  try {
    expect(await fresh.access.hasAdmin()).toBe(false);
    await fresh.keyFor('operator');
    expect(await fresh.access.hasAdmin()).toBe(false);
    const { id } = (await fresh.call('POST', '/v1/keys', { body: { role: 'admin', accounts: '*' } })).json;
    expect(await fresh.access.hasAdmin()).toBe(true);
    await fresh.call('DELETE', `/v1/keys/${id}`);
    expect(await fresh.access.hasAdmin()).toBe(false);
  } finally {
    await fresh.stop();
  }
});

describe('contract §3: the audit log', () => {
  it('can be searched, and is told in pages', async () => {
    for (const account of ['north', 'south']) {
      await running.call('PUT', `/v1/integrations/${account}`, { body: { account, name: account, type: 'custom' } });
    }
    const actions = async (query: string, key?: string) => {
      const { json, status } = await running.call('GET', `/v1/audit?${query}`, key === undefined ? {} : { key });
      expect(status).toBe(200);
      return json.items.map(
        ({ action, subject }: { action: string; subject: { id: string } }) => `${action} ${subject.id}`,
      );
    };
    const both = ['integration.created south', 'integration.created north'];
    expect(await actions('action=integration.created')).toEqual(both);
    expect(await actions('action=integration.created&limit=1')).toEqual(both.slice(0, 1));
    expect(await actions('subject=integration:north')).toEqual(both.slice(1));
    expect(await actions('subject=north')).toEqual(both.slice(1));
    expect(await actions('subject=command:north')).toEqual([]);
    expect(await actions('account=south&action=integration.created')).toEqual(both.slice(0, 1));
    expect(await actions('actor=bootstrap&action=integration.created')).toEqual(both);
    expect(await actions('actor=ERRAND_ADMIN_KEY&action=integration.created')).toEqual(both);
    expect(await actions('actor=nobody')).toEqual([]);
    const [entry] = (await running.call('GET', '/v1/audit?subject=integration:north')).json.items;
    expect(await actions(`subject=integration:north&since=${entry.at}`)).toEqual(both.slice(1));
    expect(await actions(`subject=integration:north&until=${entry.at}`)).toEqual([]);
    expect(
      await actions('subject=integration:north&until=9999-01-01T00:00:00Z&since=0001-01-01T00:00:00Z'),
    ).toHaveLength(1);

    const north = await running.keyFor('operator', ['north']);
    expect(await actions('action=integration.created', north)).toEqual(both.slice(1));
    expect(await actions('account=south', north)).toEqual([]);
  });
});
