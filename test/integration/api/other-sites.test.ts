import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, routes } from './support/routes.ts';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
let cookie: string;

beforeAll(async () => {
  running = await startApi();
  await running.call('PUT', '/v1/integrations/north', { body: { account: 'north', name: 'North', type: 'custom' } });
  await running.call('PUT', '/v1/integrations/north/commands/GetInvoiceImage', { body: command });
  const answer = await running.call('POST', '/sign-in', {
    key: null,
    raw: new URLSearchParams({ key: adminKey }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
  });
  cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
});
afterAll(() => running.stop());

/** What needs no key looks at no session either. */
const unsafe = routes.filter((route) => route.method !== 'GET' && route.public !== true);
const elsewhere: Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  // Another port of this machine is another site's page, though cookies do not tell ports apart.
  { origin: 'http://127.0.0.1:1' },
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  {},
];

async function everything(): Promise<unknown> {
  const tables =
    'integrations integration_values command_types commands schedules batches api_keys portal_sessions audit_log'.split(
      ' ',
    );
  const rows = await Promise.all(tables.map((table) => running.pool.query(`select * from ${table} order by 1, 2`)));
  return [rows.map((each) => each.rows), (await running.call('GET', '/v1/invocations')).json.items];
}

describe.each(unsafe)('contract §3: a page of another site cannot use a session for $method $path', (route) => {
  const url = route.path.replace(/:[a-z]+/g, '01890000-0000-7000-8000-000000000000');

  it('however it says, or does not say, where it is from; and nothing changes', async () => {
    const before = await everything();
    for (const headers of elsewhere) {
      const asked = { key: null, headers: { cookie, ...headers } };
      const answer = await running.call(route.method, url, {
        ...asked,
        ...(route.body === undefined ? {} : { body: route.body }),
      });
      expect([headers, answer.status, answer.json.detail]).toEqual([
        headers,
        403,
        expect.stringContaining('this host only'),
      ]);
    }
    expect(await everything()).toEqual(before);
  });

  it('nor as what a form can send without asking first (CORS)', async () => {
    const before = await everything();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const headers = { cookie, origin: 'https://evil.example', 'content-type': type };
      const answer = await running.call(route.method, url, {
        key: null,
        headers,
        raw: JSON.stringify(route.body ?? {}),
      });
      expect([type, answer.status]).toEqual([type, 403]);
    }
    expect(await everything()).toEqual(before);
  });

  it('while a page of ours can', async () => {
    const headers = { cookie, origin: running.url, 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' };
    // Refused for its type, after it was let in.
    const answer = await running.call(route.method, url, { key: null, headers, raw: 'x' });
    expect(answer.status).toBe(415);
  });
});

it('contract §3: no other origin is told that it may read answers, nor that it may ask', async () => {
  for (const { method, path } of routes) {
    const url = path.replace(/:[a-z]+/g, '01890000-0000-7000-8000-000000000000');
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization, content-type',
    };
    const { headers: answered } = await running.call('OPTIONS', url, { headers });
    expect([...answered.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
});
