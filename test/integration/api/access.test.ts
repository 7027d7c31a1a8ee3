import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../../src/contract/api-key.ts';
import { command, integration, type RouteCase, routes, schedule } from './support/routes.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
const keys = new Map<string, string>();
let invocation: string;
let batch: string;

beforeAll(async () => {
  running = await startApi();
  for (const role of roles) {
    keys.set(role, await running.keyFor(role));
    keys.set(`${role} elsewhere`, await running.keyFor(role, ['south']));
  }
  await running.call('PUT', '/v1/integrations/north', { body: integration });
  await running.call('PUT', '/v1/integrations/north/commands/GetInvoiceImage', { body: command });
  invocation = await ended();
  batch = await begun();
  await running.call('POST', `/v1/batches/${batch}/cancel`);
});
afterAll(() => running.stop());

async function enqueued(): Promise<string> {
  const body = { integration: 'north', command: 'GetInvoiceImage' };
  return (await running.call('POST', '/v1/invocations', { body })).json.id;
}

async function ended(): Promise<string> {
  const id = await enqueued();
  running.invocations.end(id, { bytes: Buffer.from('%PDF-'), contentType: 'application/pdf' });
  return id;
}

async function begun(): Promise<string> {
  const items = [{ tokens: { InvoiceNumber: '1' } }];
  const body = { integration: 'north', command: 'GetInvoiceImage', run: 'a-night', items };
  return (await running.call('POST', '/v1/batches', { body })).json.id;
}

let schedules = 0;

/** One of which no run is open. */
async function idleSchedule(): Promise<string> {
  schedules += 1;
  const name = `schedule-${schedules}`;
  await running.call('PUT', `/v1/integrations/north/schedules/${name}`, { body: schedule });
  return name;
}

/** Everything that a route finds before it, made anew. */
async function ask({ method, path, body }: RouteCase, key: string | null) {
  await running.call('PUT', '/v1/integrations/north', { body: integration });
  await running.call('PUT', '/v1/integrations/north/commands/GetInvoiceImage', { body: command });
  await running.call('PUT', '/v1/integrations/north/secrets/key', { body: { value: 'another value' } });
  await running.call('PUT', '/v1/integrations/north/schedules/nightly', { body: schedule });
  const { id } = (await running.call('POST', '/v1/keys', { body: { role: 'producer', accounts: ['north'] } })).json;
  const filled = path
    .replace(':invocation', invocation)
    .replace(':key', id)
    .replace(':batch', batch)
    .replace(':running', path.includes(':running') ? await begun() : '')
    .replace(':schedule', await idleSchedule())
    .replace(':open', await enqueued())
    .replace(':ended', await ended());
  return running.call(method, filled, { key, ...(body === undefined ? {} : { body }) });
}

describe.each(routes)('contract §3: $method $path', (route) => {
  it('is for these roles only', async () => {
    const statuses: Record<string, number> = {};
    for (const role of roles) statuses[role] = (await ask(route, keys.get(role) ?? null)).status;
    const expected = roles.map((role) => [role, route.roles.includes(role) ? route.status : 403]);
    expect(statuses).toEqual(Object.fromEntries(expected));
  });

  it('needs a key', async () => {
    for (const key of [null, 'errand_nobody', 'x'.repeat(40)]) {
      const answer = await ask(route, key);
      expect(answer.status).toBe(401);
      expect(answer.json.type).toBe('urn:errand:problem:unauthenticated');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="errand"/);
    }
  });

  it('shows nothing of other accounts', async () => {
    const role = route.roles[0];
    const answer = await ask(route, keys.get(`${role} elsewhere`) ?? null);
    expect(answer.status).toBe(route.elsewhere);
    if (answer.status === 200) {
      const own = ((answer.json.items ?? [answer.json]) as object[]).filter((item) =>
        JSON.stringify(item).includes('north'),
      );
      expect(own).toEqual([]);
    }
  });
});

it('contract §3: these are all the routes there are', async () => {
  const { paths } = (await running.call('GET', '/openapi.json', { key: null })).json;
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path.replace(/\{.*?\}/g, '*')}`),
  );
  const tried = routes.map(({ method, path }) => {
    const general = path
      .replace(/:invocation|:ended|:open|:key|:schedule|:batch|:running/, '*')
      .replace(/\/(?:north|GetInvoiceImage|GetThing|nightly|a-night)(?=\/|$)/g, '/*')
      .replace(/secrets\/key/, 'secrets/*');
    return `${method} ${general}`;
  });
  expect(described.filter((each) => each.includes('/v1/')).sort()).toEqual([...new Set(tried)].sort());
});

it('contract §3: asks for a key where there is nothing, too', async () => {
  expect((await running.call('GET', '/v1/nothing', { key: null })).status).toBe(401);
  expect((await running.call('GET', '/v1', { key: null })).status).toBe(401);
  expect((await running.call('GET', '/v1/nothing')).status).toBe(404);
  expect((await running.call('GET', '/nothing', { key: null })).status).toBe(404);
});
