import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemSchema } from '../../../src/contract/problem.ts';
import { command, type RouteCase, routes } from './support/routes.ts';
import { type Answer, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
  // What the cases of the routes are about exists, so that nothing but the request can be the reason.
  await running.call('PUT', '/v1/integrations/north', { body: { name: 'North', type: 'custom' } });
  await running.call('PUT', '/v1/integrations/north/commands/GetInvoiceImage', { body: command });
  await running.call('PUT', '/v1/integrations/north/secrets/key', { body: { value: 'a value of a secret' } });
});
afterAll(() => running.stop());

/** All that the API has written; what is refused must leave no trace in it. */
async function everything(): Promise<unknown> {
  const tables =
    'integrations integration_values command_types commands command_versions api_keys portal_sessions audit_log'.split(
      ' ',
    );
  const rows = await Promise.all(tables.map((table) => running.pool.query(`select * from ${table} order by 1, 2`)));
  const { items } = (await running.call('GET', '/v1/invocations')).json;
  return [...rows.map((each) => each.rows), items];
}

let before: unknown;
beforeEach(async () => {
  before = await everything();
});
afterEach(async () => expect(await everything()).toEqual(before));

function expectRefused(answer: Answer, status: number, detail: RegExp = /./): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problemSchema.parse(answer.json)).toMatchObject({ status, detail: expect.stringMatching(detail) });
  expect(answer.status).toBe(status);
}

const url = ({ path }: RouteCase) => path.replace(/:[a-z]+/g, '01890000-0000-7000-8000-000000000000');
const registered = (route: RouteCase) => {
  const found = running.routes.find((each) => each.method === route.method && each.pattern.test(url(route)));
  if (found === undefined) throw new Error(`${route.method} ${route.path} is not registered`);
  return found;
};
/** The fields of a schema, and whether they must be given. */
function fieldsOf(schema: unknown): [name: string, required: boolean][] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).map(([name, field]) => [
    name,
    !(field as z.ZodType).safeParse(undefined).success,
  ]);
}

/** A field may be for a value of any shape, which is then what the answer is about. */
const takes = (schema: unknown, field: string, value: unknown) =>
  schema instanceof z.ZodObject && (schema.shape[field] as z.ZodType).safeParse(value).success;

describe('contract §3: every route', () => {
  it('that is registered is tried', () => {
    const tried = new Set(routes.map((route) => registered(route)));
    const untried = running.routes.filter((each) => !tried.has(each)).map(({ method, url }) => `${method} ${url}`);
    expect(untried).toEqual([]);
  });
});

describe.each(routes.filter(({ method }) => method !== 'GET'))('contract §3: $method $path', (route) => {
  const send = (asked: object) => running.call(route.method, url(route), asked);

  it('refuses what is no JSON, by what it should be', async () => {
    expectRefused(await send({ raw: '{' }), 400, /not valid JSON/);
    expectRefused(await send({ raw: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }), 400, /UTF-8/);
    expectRefused(await send({ raw: '{"__proto__": {}}' }), 400, /__proto__/);
    const { maxBytes = 1024 * 1024 } = route;
    const said = new RegExp([maxBytes, `${maxBytes / 1024 ** 2} MiB`, maxBytes.toLocaleString('en-US')].join('|'));
    expectRefused(await send({ raw: `{"a": "${'x'.repeat(maxBytes)}"}` }), 413, said);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson', 'nonsense']) {
      if (type === route.takes) continue;
      expectRefused(await send({ raw: '{}', headers: { 'content-type': type } }), 415, /application\/json/);
    }
  });

  it('refuses a field that it does not know, by name', async () => {
    const answer = await send({ body: { ...(route.body as object), zzz: 1 } });
    expectRefused(answer, 422);
    expect(answer.json.errors).toContainEqual({ path: 'zzz', message: expect.stringContaining('is not known here') });
  });

  it('names each field that is missing', async () => {
    for (const [field] of fieldsOf(registered(route).body).filter(([, required]) => required)) {
      const { [field]: _, ...rest } = route.body as Record<string, unknown>;
      const answer = await send({ body: rest });
      expectRefused(answer, 422);
      expect(answer.json.errors).toContainEqual({ path: field, message: expect.stringMatching(/is required|must be/) });
    }
  });

  it('names each field of a wrong type', async () => {
    for (const [field] of fieldsOf(registered(route).body)) {
      // No field of ours is a fraction, nor a list of lists.
      for (const wrong of [4.5, [[]]].filter((value) => !takes(registered(route).body, field, value))) {
        const answer = await send({ body: { ...(route.body as object), [field]: wrong } });
        expectRefused(answer, 422);
        const errors = answer.json.errors as { path: string }[];
        expect(errors.filter(({ path }) => path.startsWith(field))).not.toEqual([]);
      }
    }
  });
});

describe.each(routes)('contract §3: the parameters of $method $path', (route) => {
  const ask = (query: string) =>
    running.call(route.method, `${url(route)}?${query}`, route.body === undefined ? {} : { body: route.body });

  it('are refused by name where they are unknown, given twice or unfit', async () => {
    const known = fieldsOf(registered(route).querystring).map(([name]) => name);
    const queries = [
      ['zzz', 'zzz=1'],
      ...known.flatMap((name) => [`${name}=1&${name}=2`, `${name}=%00`].map((query) => [name, query])),
    ];
    for (const [name, query] of queries as [string, string][]) {
      const answer = await ask(query);
      expectRefused(answer, 422);
      expect(answer.json.errors).toContainEqual({ path: name, message: expect.stringMatching(/./) });
    }
  });
});
