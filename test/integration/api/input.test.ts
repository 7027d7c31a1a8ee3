import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '../../../src/contract/problem.ts';
import { command, routes } from './support/routes.ts';
import { type Answer, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
  await running.call('PUT', '/v1/integrations/acme', { body: { name: 'Acme', type: 'custom' } });
  await running.call('PUT', '/v1/integrations/acme/commands/GetInvoiceImage', { body: command });
});
afterAll(() => running.stop());

function expectProblem(answer: Answer, status: number, name: string): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problemSchema.parse(answer.json)).toMatchObject({ status, type: `urn:errand:problem:${name}` });
  expect(answer.status).toBe(status);
}

const withBody = routes.filter(({ body }) => body !== undefined);
const url = (path: string) =>
  path.replace(/:invocation|:ended|:open|:key|:schedule/, '01890000-0000-7000-8000-000000000000');

describe.each(withBody)('contract §3: the body of $method $path', ({ method, path, maxBytes = 1024 * 1024 }) => {
  const send = (asked: object) => running.call(method, url(path), asked);

  it.each([
    ['[]', 422, 'invalid'],
    ['"text"', 422, 'invalid'],
    ['null', 422, 'invalid'],
    ['{"unheardOf": 1}', 422, 'invalid'],
    ['{', 400, 'malformed-request'],
    ['', 422, 'invalid'],
    [' ', 400, 'malformed-request'],
    ['{"__proto__": {"a": 1}}', 400, 'malformed-request'],
    ['{"a": "\\ud800"}', 422, 'invalid'],
    ['{"a": 12345678901234567890}', 422, 'invalid'],
    [`{"a": ${'['.repeat(5000)}${']'.repeat(5000)}}`, 422, 'invalid'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'malformed-request'],
    [`"${'x'.repeat(maxBytes)}"`, 413, 'too-large'],
  ])('is refused as a problem: %.40s', async (raw, status, name) => {
    expectProblem(await send({ raw }), status, name);
  });

  it('must be there', async () => expectProblem(await send({}), 422, 'invalid'));
});

describe('contract §3: lists', () => {
  const lists = [
    '/v1/command-types',
    '/v1/integrations',
    '/v1/integrations/acme/secrets',
    '/v1/integrations/acme/commands',
    '/v1/integrations/acme/commands/GetInvoiceImage/versions',
    '/v1/integrations/acme/schedules',
    '/v1/invocations',
    '/v1/batches',
    '/v1/runs',
    '/v1/audit',
    '/v1/keys',
  ];
  it.each(lists)('%s are paged', async (list) => {
    const answer = await running.call('GET', list);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['items', 'nextCursor']);
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'limit=', 'limit=1.5', 'limit=%00']) {
      const wrong = await running.call('GET', `${list}?${query}`);
      expectProblem(wrong, 422, 'invalid');
      expect(wrong.json.errors[0].path).toBe('limit');
    }
  });

  it('have 50 items a page where nothing is said, and go on where the page ended', async () => {
    await running.pool.query(
      `insert into integrations (id, account, name, type, status, limits)
       select 'many-' || n, 'many', 'Many ' || n, 'custom', 'active', '{}' from generate_series(1, 51) n`,
    );
    const first = (await running.call('GET', '/v1/integrations?account=many')).json;
    expect(first.items).toHaveLength(50);
    const rest = (await running.call('GET', `/v1/integrations?account=many&cursor=${first.nextCursor}`)).json;
    expect(rest).toMatchObject({ items: [{ account: 'many' }], nextCursor: null });
    expect(first.items.map(({ id }: { id: string }) => id)).not.toContain(rest.items[0].id);
  });

  it.each(lists.filter((list) => list !== '/v1/invocations'))('%s refuse cursors that are not theirs', async (list) => {
    const wrong = await running.call('GET', `${list}?cursor=nonsense`);
    expectProblem(wrong, 422, 'invalid');
    expect(wrong.json.errors[0].path).toBe('cursor');
  });

  it.each(['/v1/audit', '/v1/invocations'])('%s take times with a zone', async (list) => {
    for (const time of [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.123%2B02:00',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
    ]) {
      expect((await running.call('GET', `${list}?since=${time}&until=${time}`)).status).toBe(200);
    }
    for (const time of ['yesterday', '2026-01-01', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z']) {
      expectProblem(await running.call('GET', `${list}?since=${time}`), 422, 'invalid');
    }
  });

  it('say what was probably meant', async () => {
    const { errors } = (await running.call('GET', '/v1/audit?subjekt=a&untill=b')).json;
    expect(errors).toEqual([
      { path: 'subjekt', message: 'is not known here. Did you mean "subject"?' },
      { path: 'untill', message: 'is not known here. Did you mean "until"?' },
    ]);
  });
});

describe('contract §3: paths', () => {
  it.each([
    '/v1/integrations/ACME',
    '/v1/integrations/a%2Fb',
    '/v1/integrations/%F0%9F%92%A9',
    '/v1/invocations/1',
    '/v1/keys/1',
  ])('%s is not there', async (path) => {
    const method = path.startsWith('/v1/keys') ? 'DELETE' : 'GET';
    expectProblem(await running.call(method, path), 404, 'not-found');
  });

  it('may not name an integration badly when one is made', async () => {
    const answer = await running.call('PUT', '/v1/integrations/ACME', { body: { name: 'Acme', type: 'custom' } });
    expectProblem(answer, 422, 'invalid');
    expect(answer.json.errors[0]).toEqual({ path: 'id', message: expect.stringContaining('must be a slug') });
  });

  it('must be decodable, and hold nothing that cannot be stored', async () => {
    expectProblem(await running.call('GET', '/v1/integrations/%zz'), 400, 'malformed-request');
    expectProblem(await running.call('GET', '/v1/integrations/a%00b'), 422, 'invalid');
    expectProblem(await running.call('GET', `/v1/integrations/${'a'.repeat(3000)}`), 404, 'not-found');
  });

  it('know their methods', async () => {
    const wrong = await running.call('POST', '/v1/integrations/acme', { body: {} });
    expectProblem(wrong, 405, 'method-not-allowed');
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, DELETE, OPTIONS');
    const nowhere = await running.call('POST', '/v1/nothing', { raw: '<a/>', headers: { 'content-type': 'text/xml' } });
    expectProblem(nowhere, 404, 'not-found');
    const options = await running.call('OPTIONS', '/v1/integrations/acme');
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toContain('PATCH');
    const head = await running.call('HEAD', '/v1/integrations/acme');
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
  });
});

it('contract §3: counts what a value could have been for commands, too', async () => {
  const answer = await running.call('PUT', '/v1/integrations/acme/commands/GetInvoiceImage', {
    body: { ...command, timeoutMs: '5', retry: { attempt: 1 } },
  });
  expect(answer.json.errors).toEqual([
    { path: 'timeoutMs', message: 'must be a number or an object' },
    { path: 'retry.attempt', message: 'is not known here. Did you mean "attempts"?' },
  ]);
});
