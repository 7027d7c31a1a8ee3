import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consolePages } from '../../../src/api/console.ts';
import { roles } from '../../../src/contract/api-key.ts';
import { createAsking, generalPath } from './support/asking.ts';
import { type RouteCase, routes } from './support/routes.ts';
import { type Answer, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
const keys = new Map<string, string>();
let asking: Awaited<ReturnType<typeof createAsking>>;
/** Each a bearer that is nobody, and why. */
const nobody: [key: string | null, detail: RegExp][] = [
  [null, /An API key is needed/],
  ['errand_nobody', /not valid/],
  ['x'.repeat(40), /not valid/],
];

beforeAll(async () => {
  running = await startApi();
  asking = await createAsking(running);
  nobody.push([await spoilt('revoked_at = now()'), /was revoked/]);
  nobody.push([await spoilt("expires_at = now() - interval '1 second'"), /expired/]);
  for (const role of roles) {
    keys.set(role, await running.keyFor(role));
    keys.set(`${role} elsewhere`, await running.keyFor(role, ['south']));
  }
  keys.set('portal', await portalOf('north'));
  keys.set('portal elsewhere', await portalOf('south'));
});
afterAll(() => running.stop());

/** An admin's key that was good once. */
async function spoilt(change: string): Promise<string> {
  const key = await running.keyFor('admin');
  await running.pool.query(`update api_keys set ${change} where id = $1`, [key.split('_')[1]]);
  return key;
}

/** The token of a portal session. */
async function portalOf(account: string): Promise<string> {
  const body = { ticket: await asking.ticketFor(account) };
  return (await running.call('POST', '/v1/portal-sessions/open', { key: null, body })).json.token;
}

const ask = (route: RouteCase, key: string | null) => asking.ask(route, key);

const ofNorth = ({ json }: Answer) =>
  ((json.items ?? [json]) as object[]).filter((item) => JSON.stringify(item).includes('north'));

describe.each(routes)('contract §3: $method $path', (route) => {
  it('is for these roles only', async () => {
    const statuses: Record<string, number> = {};
    for (const role of roles) statuses[role] = (await ask(route, keys.get(role) ?? null)).status;
    const expected = roles.map((role) => [role, route.roles.includes(role) ? route.status : 403]);
    expect(statuses).toEqual(Object.fromEntries(expected));
  });

  it('is for a portal session of the account as for a configurer, and of no other account', async () => {
    const may = route.roles.includes('configurer');
    expect((await ask(route, keys.get('portal') ?? null)).status).toBe(may ? route.status : 403);
    const answer = await ask(route, keys.get('portal elsewhere') ?? null);
    expect(answer.status).toBe(may ? route.elsewhere : 403);
    if (answer.status === 200) expect(ofNorth(answer)).toEqual([]);
  });

  it('needs a key, or looks at none', async () => {
    for (const [key, detail] of nobody) {
      const answer = await ask(route, key);
      if (route.public === true) {
        expect(answer.status).toBe(route.status);
        continue;
      }
      expect([answer.status, answer.json.detail]).toEqual([401, expect.stringMatching(detail)]);
      expect(answer.json.type).toBe('urn:errand:problem:unauthenticated');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="errand"/);
    }
  });

  it('shows nothing of other accounts', async () => {
    const role = route.roles[0];
    const answer = await ask(route, keys.get(`${role} elsewhere`) ?? null);
    expect(answer.status).toBe(route.elsewhere);
    if (answer.status === 200) expect(ofNorth(answer)).toEqual([]);
  });
});

it('contract §3: these are all the routes there are', async () => {
  const { paths } = (await running.call('GET', '/openapi.json', { key: null })).json;
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${generalPath(path)}`),
  );
  const tried = routes.map(({ method, path }) => `${method} ${generalPath(path)}`);
  expect(described.filter((each) => each.includes('/v1/')).sort()).toEqual([...new Set(tried)].sort());
});

/** What needs no key, and what it answers without one. Bull Board and `/metrics` need one for "*", operator's or admin's. */
const open: Record<string, number> = {
  'GET /healthz': 200,
  'GET /readyz': 200,
  'GET /openapi.json': 200,
  'GET /sign-in': 200,
  'POST /sign-in': 401,
  'POST /sign-out': 303,
  'GET /docs': 200,
  'GET /docs/json': 200,
  'GET /docs/yaml': 200,
  'GET /docs/static/*': 404,
  'GET /docs/static/index.html': 302,
  'GET /docs/static/swagger-initializer.js': 200,
  'GET /docs/static/theme/viewport.js': 200,
  ...Object.fromEntries(consolePages.map((page) => [`GET ${page}`, 200])),
  'GET /portal/*': 200,
  'GET /assets/*': 404,
  'GET /pdfjs/*': 404,
};

it('contract §3: whatever else is registered is open on purpose, or for those who see what is of all accounts', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
  const untried = new Set(Object.keys(open));
  for (const { method: methods, url } of running.otherRoutes) {
    const method = methods.split(',').at(-1) ?? '';
    const path = url.replace(/:[a-zA-Z]+|\*/g, 'x');
    // Not `call`: pages and their scripts have answers of their own.
    const answer = async (key: string | null) => {
      const headers = {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(method === 'POST' ? form : {}),
      };
      const response = await fetch(running.url + path, { method, headers, redirect: 'manual' });
      await response.arrayBuffer();
      return response;
    };
    const without = await answer(null);
    const name = `${method} ${url}`;
    if (name in open) {
      untried.delete(name);
      expect([name, without.status]).toEqual([name, open[name]]);
      continue;
    }
    expect(url, `${name} is in no table`).toMatch(/^\/(?:queues(?:\/|$)|metrics$)/);
    for (const [key] of nobody) expect([name, (await answer(key)).status]).toEqual([name, 401]);
    for (const role of roles) {
      const mayLook = role === 'operator' || role === 'admin';
      const [all, some] = [keys.get(role) ?? null, keys.get(`${role} elsewhere`) ?? null];
      expect([name, role, (await answer(all)).status === 403]).toEqual([name, role, !mayLook]);
      expect([name, role, (await answer(some)).status]).toEqual([name, role, 403]);
    }
  }
  expect([...untried]).toEqual([]);
});

it('contract §3: asks for a key where there is nothing, too', async () => {
  expect((await running.call('GET', '/v1/nothing', { key: null })).status).toBe(401);
  expect((await running.call('GET', '/v1', { key: null })).status).toBe(401);
  expect((await running.call('GET', '/v1/nothing')).status).toBe(404);
  expect((await running.call('GET', '/nothing', { key: null })).status).toBe(404);
});
