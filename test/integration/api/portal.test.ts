import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAccess } from '../../../src/access/access.ts';
import { createPortal } from '../../../src/access/portal.ts';
import { createThrottle } from '../../../src/api/session-throttle.ts';
import { system } from '../../../src/audit/entry.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { createKeyStore } from '../../../src/store/api-keys.ts';
import { createPortalStore } from '../../../src/store/portal-sessions.ts';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }]);
const log = { debug: vi.fn(), error: vi.fn() };

beforeAll(async () => {
  running = await startApi((pool, access) => ({
    portal: createPortal({ store: createPortalStore(pool), access, sealer, newId: () => uuidv7() }),
    log,
  }));
  for (const account of ['north', 'south']) {
    await running.call('PUT', `/v1/integrations/${account}`, { body: { account, name: account, type: 'custom' } });
  }
});
afterAll(() => running.stop());

const create = (body: object = {}, asked: object = {}) =>
  running.call('POST', '/v1/portal-sessions', { body: { account: 'north', role: 'configurer', ...body }, ...asked });
const openWith = (ticket: string) => running.call('POST', '/v1/portal-sessions/open', { key: null, body: { ticket } });
const ticketOf = ({ json }: { json: { url: string } }) => json.url.split('/portal/')[1] ?? '';
async function tokenFor(asked: object = {}): Promise<string> {
  const opened = await openWith(ticketOf(await create({}, asked)));
  expect(opened.status).toBe(200);
  return opened.json.token;
}
const read = (key: string, integration = 'north') => running.call('GET', `/v1/integrations/${integration}`, { key });
const newest = async (change: string) => {
  await running.pool.query(
    `update portal_sessions set ${change} where id = (select id from portal_sessions order by created_at desc, id desc limit 1)`,
  );
};
const adminOf = async (accounts: '*' | string[], expiresAt?: string) =>
  running.access.create({ actor: system, accounts: '*' }, { role: 'admin', accounts, expiresAt });
const spent = [401, expect.stringContaining('opened before, or is older than ten minutes')];
const over = [401, expect.stringContaining('portal session is over')];
const outcome = (answer: { status: number; json: { detail: string } }) => [answer.status, answer.json.detail];

describe('contract §3: asking for a portal session', () => {
  it('answers an address to be opened within ten minutes', async () => {
    const before = Date.now();
    const { status, json } = await create({ expiresIn: 7200 });
    expect(status).toBe(201);
    expect(json).toMatchObject({ account: 'north', role: 'configurer' });
    expect(json.url).toMatch(new RegExp(`^${running.url}/portal/[\\w-]{43}$`));
    const minutes = (time: string) => Math.round((Date.parse(time) - before) / 60_000);
    expect([minutes(json.openBefore), minutes(json.expiresAt)]).toEqual([10, 120]);
    const short = (await create({ expiresIn: 60 })).json;
    expect(short.openBefore).toBe(short.expiresAt);
  });

  it('has the address as whoever asks reached Errand, unless it is configured', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    expect((await create({}, { headers })).json.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/portal\//);
    const configured = await startApi(() => ({ publicUrl: 'https://errand.example.com/at' }));
    const answer = await configured.call('POST', '/v1/portal-sessions', { body: { account: 'a', role: 'configurer' } });
    expect(answer.json.url).toMatch(/^https:\/\/errand\.example\.com\/at\/portal\//);
    await configured.stop();
  });

  it('is refused for an account that is not of the key, and for all of them', async () => {
    const { key } = await adminOf(['south']);
    expect((await create({}, { key })).status).toBe(403);
    expect((await create({ account: 'south' }, { key })).status).toBe(201);
    expect((await create({ account: '*' })).status).toBe(403);
  });

  it.each([
    { role: 'admin' },
    { expiresIn: 59 },
    { expiresIn: 43_201 },
    { account: '' },
  ])('refuses %j', async (body) => {
    expect((await create(body)).status).toBe(422);
  });
});

describe('contract §3: opening a portal session', () => {
  it('works once, and for one of those who try at the same time', async () => {
    const ticket = ticketOf(await create());
    const answers = await Promise.all(Array.from({ length: 8 }, () => openWith(ticket)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
    expect(outcome(await openWith(ticket))).toEqual(spent);
  });

  it('is too late after ten minutes, and nothing else is a ticket', async () => {
    const late = ticketOf(await create());
    await newest('open_before = now()');
    const { id } = (await create()).json;
    const wrong = [late, id, 'x', randomBytes(32).toString('base64url'), `${ticketOf(await create())}x`];
    for (const ticket of wrong) expect(outcome(await openWith(ticket))).toEqual(spent);
  });

  it('does not work when the key that asked for it was revoked or has expired', async () => {
    const [revoked, expired] = [await adminOf('*'), await adminOf('*')];
    const tickets = [revoked, expired].map(async ({ key }) => ticketOf(await create({}, { key })));
    const [one = '', two = ''] = await Promise.all(tickets);
    await running.call('DELETE', `/v1/keys/${revoked.id}`);
    await running.pool.query('update api_keys set expires_at = now() where id = $1', [expired.id]);
    for (const ticket of [one, two]) expect(outcome(await openWith(ticket))).toEqual(spent);
  });

  it('opens although many wrong ones came from the same address, as behind a proxy', async () => {
    const held = await startApi(() => ({ throttle: createThrottle({ failures: 3, perSeconds: 60 }) }));
    const open = (ticket: string) => held.call('POST', '/v1/portal-sessions/open', { key: null, body: { ticket } });
    for (let time = 0; time < 5; time += 1) expect((await open(uuidv7())).status).toBe(401);
    const body = { account: 'north', role: 'configurer' };
    const { url } = (await held.call('POST', '/v1/portal-sessions', { body })).json;
    const opened = await open(url.split('/').at(-1));
    expect(opened.status).toBe(200);
    for (let time = 0; time < 5; time += 1) {
      expect((await held.call('GET', '/v1/session', { key: opened.json.token.slice(0, -8) })).status).toBe(401);
    }
    expect((await held.call('GET', '/v1/session', { key: opened.json.token })).status).toBe(200);
    await held.stop();
  });
});

describe('contract §3: a portal session', () => {
  it("is a configurer's of its account alone", async () => {
    const token = await tokenFor();
    expect(token).toMatch(/^errand_portal_v1\.k1\.[\w-]+$/);
    expect((await read(token)).status).toBe(200);
    expect((await read(token, 'south')).status).toBe(404);
    const { items } = (await running.call('GET', '/v1/integrations', { key: token })).json;
    expect(items.map(({ id }: { id: string }) => id)).toEqual(['north']);
    const move = { body: { account: 'south', name: 'Mine', type: 'custom' }, key: token };
    expect((await running.call('PUT', '/v1/integrations/mine', move)).status).toBe(403);
    const key = { role: 'producer', accounts: ['north'] };
    expect((await running.call('POST', '/v1/keys', { key: token, body: key })).status).toBe(403);
    expect((await create({}, { key: token })).status).toBe(403);
    expect((await running.call('GET', '/queues/api/queues', { key: token })).status).toBe(403);
  });

  it("tells nothing of the vendor's keys: who saved a command was the provider", async () => {
    const path = '/v1/integrations/north/commands/GetInvoiceImage';
    const body = (url: string) => ({ request: { method: 'GET', url } });
    await running.call('PUT', path, { body: body('https://a.example/1') });
    const token = await tokenFor();
    const provider = { type: 'key', id: 'provider', name: 'your provider' };
    const versions = (await running.call('GET', `${path}/versions`, { key: token })).json.items;
    expect(versions[0].savedBy).toEqual(provider);
    const { version } = versions[0];
    expect((await running.call('GET', `${path}/versions/${version}`, { key: token })).json.savedBy).toEqual(provider);
    const headers = { 'if-match': '"99"' };
    const stale = await running.call('PUT', path, { key: token, headers, body: body('https://a.example/2') });
    expect([stale.status, stale.json.detail]).toEqual([412, expect.stringContaining('saved by key "your provider"')]);
    await running.call('PUT', path, { key: token, body: body('https://a.example/2') });
    const [own] = (await running.call('GET', `${path}/versions`, { key: token })).json.items;
    expect(own.savedBy).toMatchObject({ type: 'session', name: 'portal of north' });
  });

  it('says so of itself', async () => {
    const token = await tokenFor();
    const { json } = await running.call('GET', '/v1/session', { key: token });
    expect(json).toEqual({
      actor: { type: 'session', id: expect.any(String), name: 'portal of north' },
      role: 'configurer',
      accounts: ['north'],
      permissions: expect.arrayContaining(['session.read', 'commands.write']),
      version: '0.0.0',
      egressIps: ['203.0.113.7'],
      portal: true,
    });
    const own = (await running.call('GET', '/v1/session')).json;
    expect(own).toMatchObject({ actor: { id: 'bootstrap' }, role: 'admin', accounts: '*', portal: false });
    expect(own.permissions).toEqual(expect.arrayContaining(['keys.manage', 'portal-sessions.create']));
  });

  it('signs the audit log, as do asking for it and opening it', async () => {
    const { json: made, ...created } = await create();
    const { token } = (await openWith(ticketOf({ ...created, json: made }))).json;
    await running.call('PATCH', '/v1/integrations/north', { key: token, body: { name: 'Renamed' } });
    const entries = (await running.call('GET', `/v1/audit?subject=portal-session:${made.id}`)).json.items;
    const session = { type: 'session', id: made.id, name: 'portal of north' };
    expect(entries).toMatchObject([
      { action: 'portal-session.opened', account: 'north', actor: session },
      {
        action: 'portal-session.created',
        account: 'north',
        actor: { type: 'key', id: 'bootstrap' },
        details: { role: 'configurer', expiresIn: 3600 },
      },
    ]);
    const [changed] = (await running.call('GET', `/v1/audit?actor=${made.id}&action=integration.updated`)).json.items;
    expect(changed).toMatchObject({ actor: session, subject: { id: 'north' } });
  });

  it('ends with its time', async () => {
    const token = await tokenFor();
    await newest('expires_at = now()');
    expect(outcome(await read(token))).toEqual(over);
  });

  it('ends with the key that asked for it: revoked, expired, or another bootstrap key', async () => {
    const [revoked, expired] = [await adminOf('*'), await adminOf('*')];
    const tokens = [await tokenFor({ key: revoked.key }), await tokenFor({ key: expired.key })];
    for (const token of tokens) expect((await read(token)).status).toBe(200);
    await running.call('DELETE', `/v1/keys/${revoked.id}`);
    await running.pool.query('update api_keys set expires_at = now() where id = $1', [expired.id]);
    for (const token of tokens) expect(outcome(await read(token))).toEqual(over);

    const token = await tokenFor();
    const { pool } = running;
    const withKey = (adminKey: string | null) =>
      createPortal({
        store: createPortalStore(pool),
        access: createAccess({ store: createKeyStore(pool), adminKey, now: Date.now, newId: () => uuidv7() }),
        sealer,
        newId: () => uuidv7(),
      });
    expect(await withKey(adminKey).resume(token)).toMatchObject({ accounts: ['north'] });
    await expect(withKey('another bootstrap key, of the same length').resume(token)).rejects.toThrow(/is over/);
    await expect(withKey(null).resume(token)).rejects.toThrow(/is over/);
  });

  it("ends with the key behind the browser's session that asked for it", async () => {
    const { key, id } = await adminOf('*');
    const raw = new URLSearchParams({ key }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    const signedIn = await running.call('POST', '/sign-in', { key: null, raw, headers });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const token = await tokenFor({ key: null, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
    expect((await read(token)).status).toBe(200);
    await running.call('DELETE', `/v1/keys/${id}`);
    expect(outcome(await read(token))).toEqual(over);
  });

  it('is nobody without our seal, before it was opened, and as a cookie', async () => {
    const unopened = (await create()).json;
    const sealed = (context: string) => sealer.seal(JSON.stringify([unopened.id, 'x']), context);
    const token = await tokenFor();
    for (const wrong of [
      'errand_portal_',
      'errand_portal_v1.k1.AAAA',
      token.replace(/.(?=.{20}$)/, (digit) => (digit === 'A' ? 'B' : 'A')),
      token.replace('errand_portal_', 'errand_'),
      `errand_portal_${sealed('session')}`,
      `errand_portal_${sealed('portal-session')}`,
      ticketOf({ json: unopened }),
    ]) {
      expect([wrong, (await read(wrong)).status]).toEqual([wrong, 401]);
    }
    const headers = { cookie: `errand-session=${token.replace('errand_portal_', '')}` };
    expect((await running.call('GET', '/v1/integrations/north', { key: null, headers })).status).toBe(401);
  });

  it('leaves neither ticket nor token in the database or the log', async () => {
    log.debug.mockClear();
    const ticket = ticketOf(await create());
    const { token } = (await openWith(ticket)).json;
    await openWith(ticket);
    await read(token);
    await running.call('GET', `/portal/${ticket}`, { key: null });
    const rows = await Promise.all(
      ['portal_sessions', 'audit_log'].map((table) => running.pool.query(`select t::text as row from ${table} t`)),
    );
    const kept = JSON.stringify([rows.map((each) => each.rows), log.debug.mock.calls, log.error.mock.calls]);
    expect(log.debug.mock.calls.length).toBeGreaterThanOrEqual(5);
    expect([kept.includes(ticket), kept.includes(token)]).toEqual([false, false]);
  });
});
