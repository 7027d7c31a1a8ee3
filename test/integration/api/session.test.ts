import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSessions } from '../../../src/access/session.ts';
import { createThrottle } from '../../../src/api/session-throttle.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
let now = Date.now();

beforeAll(async () => {
  running = await startApi((_pool, access) => ({
    sessions: createSessions({ access, sealer, now: () => now }),
  }));
});
afterAll(() => running.stop());

const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }]);
const page = { accept: 'text/html,application/xhtml+xml' };

/** As a browser posts the form of `/sign-in`. */
function signIn(key: string, to = '/queues', headers: Record<string, string> = {}) {
  return running.call('POST', '/sign-in', {
    key: null,
    raw: new URLSearchParams({ key, to }).toString(),
    headers: {
      ...page,
      'content-type': 'application/x-www-form-urlencoded',
      origin: running.url,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
  });
}

async function cookieFor(key: string): Promise<string> {
  const answer = await signIn(key);
  expect(answer.status).toBe(303);
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

const withCookie = (cookie: string, headers: Record<string, string> = {}) => ({
  key: null,
  headers: { cookie, ...headers },
});

describe('contract §3: signing in', () => {
  it('asks for a key on a page that nobody can frame, script or send elsewhere', async () => {
    const answer = await running.call('GET', '/sign-in?to=%2Fqueues%22%3E%3Cscript%3E', { key: null });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-.*; form-action 'self'; .*frame-ancestors 'none'$/,
    );
    // Where there is no referrer a form's POST says "Origin: null".
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
    expect(answer.bytes.toString()).not.toMatch(/<script/);
  });

  it('gives a cookie that no script and no other site can use', async () => {
    const answer = await signIn(await running.keyFor('operator'));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/queues']);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^errand-session=v1\.k1\.[\w-]+; Path=\/; Expires=.*GMT; HttpOnly; SameSite=Strict$/);
    const hours = (Date.parse(/Expires=([^;]+)/.exec(cookie)?.[1] ?? '') - now) / 3_600_000;
    expect(hours).toBeCloseTo(12, 2);
  });

  it('keeps the cookie to TLS where a proxy speaks it', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    const answer = await signIn(adminKey, '/', headers);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-errand-session=.*; HttpOnly; Secure; SameSite=Strict$/);
    const pair = cookie.split(';')[0] ?? '';
    expect((await running.call('GET', '/v1/keys', withCookie(pair, headers))).status).toBe(200);
    // What another host of the domain may have set without TLS is not the session.
    const plain = pair.replace('__Host-', '');
    expect((await running.call('GET', '/v1/keys', withCookie(plain, headers))).status).toBe(401);
  });

  it.each([
    ['/queues/queue/errand-batch?status=failed', '/queues/queue/errand-batch?status=failed'],
    ['//evil.example/', '/'],
    ['/\\evil.example/', '/'],
    ['/.//evil.example/', '/'],
    ['/\t/evil.example/', '/'],
    ['https://evil.example/', '/'],
    ['javascript:alert(1)', '/'],
    ['', '/'],
  ])('goes on to %j as %j', async (to, location) => {
    expect((await signIn(adminKey, to)).headers.get('location')).toBe(location);
  });

  it('says on the page what is wrong with a key', async () => {
    const { key, id } = await running.access.create(
      { actor: { type: 'system', id: 'test', name: null }, accounts: '*' },
      { role: 'operator', accounts: '*' },
    );
    await running.call('DELETE', `/v1/keys/${id}`);
    for (const [wrong, reason] of [
      ['', 'An API key is needed.'],
      ['nonsense', 'The API key is not valid.'],
      [key, 'The API key was revoked.'],
    ]) {
      const answer = await signIn(wrong as string);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
      expect(answer.bytes.toString()).toContain(reason);
      expect(answer.bytes.toString()).not.toContain('value="nonsense"');
    }
    const asJson = await signIn('nonsense', '/', { accept: 'application/json' });
    expect(asJson.json.type).toBe('urn:errand:problem:unauthenticated');
  });

  it('shows who is signed in, and goes straight on if somebody is', async () => {
    const cookie = await cookieFor(await running.keyFor('operator'));
    const answer = await running.call('GET', '/sign-in', withCookie(cookie));
    expect(answer.bytes.toString()).toContain('<strong>a operator</strong>: operator for all accounts');
    expect(answer.bytes.toString()).toContain('href="/queues"');
    const onward = await running.call('GET', '/sign-in?to=/queues', withCookie(cookie));
    expect([onward.status, onward.headers.get('location')]).toEqual([303, '/queues']);
  });

  it('takes nothing but the form, and no large one', async () => {
    const asJson = await running.call('POST', '/sign-in', { key: null, body: { key: adminKey } });
    expect(asJson.status).toBe(415);
    expect((await signIn('x'.repeat(20_000))).status).toBe(413);
    const twice = await running.call('POST', '/sign-in', {
      key: null,
      raw: `key=nonsense&key=${adminKey}&to=/docs&__proto__=x`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([twice.status, twice.headers.get('location')]).toEqual([303, '/docs']);
  });
});

describe('contract §3: a session', () => {
  it('opens the API with the rights of its key, and signs the audit log as a session', async () => {
    const cookie = await cookieFor(await running.keyFor('configurer'));
    const headers = { 'sec-fetch-site': 'same-origin' };
    const body = { name: 'By a session', type: 'custom' };
    const put = await running.call('PUT', '/v1/integrations/bysession', { ...withCookie(cookie, headers), body });
    expect(put.status).toBe(200);
    expect((await running.call('GET', '/v1/audit', withCookie(cookie))).status).toBe(403);
    const entries = (await running.call('GET', '/v1/audit?action=integration.created')).json.items;
    expect(entries[0].actor).toMatchObject({ type: 'session', name: 'a configurer' });
  });

  it('ends with its key: revoked, expired, or 12 hours old', async () => {
    const until = new Date(now + 3_600_000);
    const maker = { actor: { type: 'system' as const, id: 'test', name: null }, accounts: '*' as const };
    const made = await running.access.create(maker, { role: 'admin', accounts: '*', expiresAt: until.toISOString() });
    const answer = await signIn(made.key);
    const expires = /Expires=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';
    expect(Math.abs(Date.parse(expires) - until.getTime())).toBeLessThan(1_000);

    const cookie = await cookieFor(made.key);
    expect((await running.call('GET', '/v1/keys', withCookie(cookie))).status).toBe(200);
    await running.call('DELETE', `/v1/keys/${made.id}`);
    const revoked = await running.call('GET', '/v1/keys', withCookie(cookie));
    expect([revoked.status, revoked.json.detail]).toEqual([401, 'The API key was revoked.']);

    const old = await cookieFor(adminKey);
    now += 12 * 3_600_000 - 1;
    expect((await running.call('GET', '/v1/keys', withCookie(old))).status).toBe(200);
    now += 1;
    const over = await running.call('GET', '/v1/keys', withCookie(old));
    expect([over.status, over.json.detail]).toEqual([401, 'The session is over: sign in again.']);
    now = Date.now();
  });

  it('is nobody without our seal', async () => {
    const cookie = await cookieFor(adminKey);
    const sealedElsewhere = createSealer([{ id: 'k1', key: randomBytes(32) }]).seal('["bootstrap","",0]', 'session');
    const otherPurpose = sealer.seal(JSON.stringify(['bootstrap', 'x', now]), 'integration_values/acme/key');
    const forgedHash = sealer.seal(JSON.stringify(['bootstrap', 'x', now]), 'session');
    for (const value of ['', 'nonsense', `${cookie.split('=')[1]}x`, sealedElsewhere, otherPurpose, forgedHash]) {
      const answer = await running.call('GET', '/v1/keys', withCookie(`errand-session=${value}`));
      expect([value, answer.status]).toEqual([value, 401]);
    }
  });

  it('is not used where a key is given', async () => {
    const cookie = await cookieFor(adminKey);
    const answer = await running.call('GET', '/v1/keys', { key: 'wrong', headers: { cookie } });
    expect(answer.status).toBe(401);
  });

  it.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['another host of the domain', { 'sec-fetch-site': 'same-site' }, 403],
    ['another origin, by a browser that says no more', { origin: 'http://evil.example' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['who knows where', {}, 403],
    ['a page of ours', { 'sec-fetch-site': 'same-origin' }, 200],
  ])('changes something for a request from %s: %j → %i', async (_, headers, status) => {
    const cookie = await cookieFor(adminKey);
    const body = { name: 'Acme', type: 'custom' };
    const answer = await running.call('PUT', '/v1/integrations/acme', { ...withCookie(cookie, headers), body });
    expect(answer.status).toBe(status);
  });

  it('changes something for our own origin, where that is all a browser says', async () => {
    const asked = withCookie(await cookieFor(adminKey), { origin: running.url });
    const body = { name: 'Acme', type: 'custom' };
    expect((await running.call('PUT', '/v1/integrations/acme', { ...asked, body })).status).toBe(200);
  });

  it('is signed out of by a form of ours, and by no other site', async () => {
    const cookie = await cookieFor(adminKey);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const other = await running.call('POST', '/sign-out', {
      ...withCookie(cookie, { ...form, 'sec-fetch-site': 'cross-site' }),
      raw: '',
    });
    expect(other.status).toBe(403);
    const ours = await running.call('POST', '/sign-out', {
      ...withCookie(cookie, { ...form, 'sec-fetch-site': 'same-origin' }),
      raw: '',
    });
    expect([ours.status, ours.headers.get('location')]).toEqual([303, '/sign-in']);
    expect(ours.headers.get('set-cookie')).toMatch(/^errand-session=; Max-Age=0; /);
  });

  it('cannot be signed into from another site', async () => {
    expect((await signIn(adminKey, '/', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});

describe('contract §3: trying keys', () => {
  let held: RunningApi;
  beforeAll(async () => {
    held = await startApi(() => ({ throttle: createThrottle({ failures: 3, perSeconds: 60 }) }));
  });
  afterAll(() => held.stop());

  it('is stopped for a while, for signing in and for bearers alike; keys that were right of late go on', async () => {
    const [used, unused] = [await held.keyFor('admin'), await held.keyFor('admin')];
    expect((await held.call('GET', '/v1/keys', { key: used })).status).toBe(200);
    for (let time = 0; time < 10; time += 1) {
      expect((await held.call('GET', '/v1/keys', { key: null })).status).toBe(401);
    }
    for (const wrong of ['one', 'two', 'three']) {
      expect((await held.call('GET', '/v1/keys', { key: wrong })).status).toBe(401);
    }
    const refused = await held.call('GET', '/v1/keys', { key: unused });
    expect([refused.status, refused.json.type]).toEqual([429, 'urn:errand:problem:too-many-requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await held.call('GET', '/v1/keys', { key: used })).status).toBe(200);

    const raw = `key=${unused}`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const asJson = await held.call('POST', '/sign-in', { key: null, raw, headers: form });
    expect([asJson.status, asJson.headers.get('content-type')]).toEqual([429, expect.stringContaining('problem+json')]);
    const asPage = await held.call('POST', '/sign-in', { key: null, raw, headers: { ...form, ...page } });
    expect([asPage.status, asPage.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect(asPage.bytes.toString()).toMatch(/Too many wrong keys .* Try again in \d+ s\./);
  });
});
