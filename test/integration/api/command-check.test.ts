import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
const path = '/v1/integrations/acme/commands/GetInvoiceImage';
const secret = 'gckQ5rGz0taJ9xyzw';
const url = 'https://a.example/{{InvoiceNumber}}';

beforeAll(async () => {
  running = await startApi();
  const body = {
    account: 'north',
    name: 'Acme',
    type: 'custom',
    variables: { base: 'https://a.example', authToken: 'a typed session' },
  };
  await running.call('PUT', '/v1/integrations/acme', { body });
  await running.call('PUT', '/v1/integrations/acme/secrets/apiKey', { body: { value: secret } });
});
afterAll(() => running.stop());

const check = (body: unknown, at = path, key?: string) =>
  running.call('POST', `${at}/check`, key === undefined ? { body } : { body, key });
const put = (body: unknown, at = path) => running.call('PUT', at, { raw: JSON.stringify(body) });

describe('contract §3: POST …/commands/{command}/check', () => {
  const request = { method: 'POST', url };
  const bad: [what: string, draft: unknown][] = [
    ['null', null],
    ['a text', 'GET https://a.example'],
    ['a list', []],
    ['an empty object', {}],
    ['no URL', { request: { method: 'GET' } }],
    ['an empty URL', { request: { method: 'GET', url: '' } }],
    ['an unknown method', { request: { method: 'get', url } }],
    ['unknown fields', { request: { ...request, boddy: 'x' }, retries: 3 }],
    ['a body for GET', { request: { method: 'GET', url, body: 'x' } }],
    [
      'bad headers',
      {
        request: {
          ...request,
          headers: [
            { key: 'Host', value: 'x' },
            { key: 'a b', value: 1 },
            { key: 'A', value: '' },
            { key: 'a', value: '' },
          ],
        },
      },
    ],
    ['bad times', { request, timeoutMs: '5', deadlineMs: { batch: 0 }, retry: { attempt: 1 } }],
    ['an unknown token', { request: { method: 'GET', url: 'https://a.example/{{invoiceNumber}}' } }],
    ['a token in the host', { request: { method: 'GET', url: 'https://{{InvoiceNumber}}.example/' } }],
    ['tokens that are not closed', { request: { ...request, url: `${url}{{`, body: '{{}} {{a}b}} {{x' } }],
    [
      'JSON that is none',
      {
        request: {
          ...request,
          headers: [{ key: 'Content-Type', value: 'application/json' }],
          body: '{"a":{{InvoiceNumber}',
        },
      },
    ],
    ['JSON without a Content-Type', { request: { ...request, body: '{"a":"{{InvoiceNumber}}"}' } }],
    [
      'a Content-Type with a token',
      { request: { ...request, headers: [{ key: 'Content-Type', value: '{{base}}' }], body: '{{base}}' } },
    ],
    [
      'contradictions',
      {
        request: { ...request, headers: [{ key: 'If-None-Match', value: '"1"' }] },
        conditional: true,
        accept: { statuses: [404], absentStatuses: [404] },
        retry: { batch: { baseMs: 9, maxMs: 1 } },
      },
    ],
  ];

  it.each(bad)('says of %s what a PUT would be refused for', async (_, draft) => {
    const refused = await put(draft);
    expect(refused.status).toBe(422);
    const answer = await check({ draft });
    expect(answer.status).toBe(200);
    expect(answer.json.errors).toEqual(refused.json.errors);
    expect(answer.json.available.length).toBeGreaterThan(0);
  });

  it('needs a draft, of whatever shape', async () => {
    const answer = await check({});
    expect([answer.status, answer.json.errors]).toEqual([422, [{ path: 'draft', message: 'is required' }]]);
  });

  it('finds nothing wrong with what can be saved, and saves nothing', async () => {
    const draft = {
      request: { method: 'GET', url: '{{base}}/{{InvoiceNumber}}?k={{apiKey}}' },
      timeoutMs: { batch: 5 },
    };
    const { json } = await check({ draft });
    expect(json.errors).toEqual([]);
    expect(json.used.map(({ name, from, encoding }: Record<string, unknown>) => [name, from, encoding])).toEqual([
      ['base', 'variable', 'url-base'],
      ['InvoiceNumber', 'command-type', 'url-path'],
      ['apiKey', 'secret', 'url-query'],
    ]);
    expect(json.plan).toMatchObject({ interactive: { timeoutMs: 20_000 }, batch: { timeoutMs: 5 } });
    expect((await running.call('GET', path)).status).toBe(404);
  });

  it('tells which tokens there are, and of secrets their hints', async () => {
    const { json, bytes } = await check({ draft: null });
    const byName = Object.fromEntries(json.available.map((each: { name: string }) => [each.name, each]));
    expect(byName).toMatchObject({
      InvoiceNumber: { from: 'command-type', required: true, example: 'INV0000001' },
      invoicenumber: { from: 'command-type', aliasOf: 'InvoiceNumber' },
      base: { from: 'variable', example: 'https://a.example', sensitive: false },
      authToken: { from: 'variable', example: null, sensitive: true },
      apiKey: { from: 'secret', example: 'gckQ...xyzw', sensitive: true },
      'errand.now': { from: 'errand', example: null },
    });
    expect(bytes.toString()).not.toContain(secret);
    expect(bytes.toString()).not.toContain('a typed session');
  });

  it('finds the tokens, and the plan, of what is broken elsewhere', async () => {
    const draft = { request: { method: 'POST', url: 'https://a.example/{{Invoicenumber}}', body: '{{base}} {{Inv' } };
    const { json } = await check({ draft });
    expect(json.used).toEqual([
      {
        path: 'request.url',
        start: 18,
        end: 35,
        name: 'Invoicenumber',
        from: null,
        encoding: 'url-path',
        suggestions: ['InvoiceNumber'],
      },
      { path: 'request.body', start: 0, end: 8, name: 'base', from: 'variable', encoding: 'as-is', suggestions: [] },
    ]);
    const began = await check({ draft: { request: { url: '' }, retry: { attempts: 1 } } });
    expect(began.json.errors).not.toEqual([]);
    expect(began.json.plan.batch.attempts).toEqual([{ number: 1, earliestMs: 0, latestMs: 0 }]);
    expect((await check({ draft: { retry: 7 } })).json.plan).toBeNull();
  });

  it('refuses what a PUT refuses before it looks at the body', async () => {
    const draft = { request: { method: 'GET', url } };
    for (const at of [
      '/v1/integrations/acme/commands/Nothing',
      '/v1/integrations/acme/commands/a%20b',
      '/v1/integrations/none/commands/GetInvoiceImage',
    ]) {
      const [checked, refused] = [await check({ draft }, at), await put(draft, at)];
      expect([checked.status, checked.json.detail]).toEqual([refused.status, refused.json.detail]);
    }
    const elsewhere = await running.keyFor('configurer', ['south']);
    expect((await check({ draft }, path, elsewhere)).status).toBe(404);
  });

  it('is of the command types that were added, too', async () => {
    await running.call('PUT', '/v1/command-types/ListInvoices', {
      body: { tokens: [{ name: 'Since', required: true }] },
    });
    const at = '/v1/integrations/acme/commands/ListInvoices';
    const { json } = await check({ draft: { request: { method: 'GET', url: 'https://a.example/?s={{Since}}' } } }, at);
    expect(json).toMatchObject({ errors: [], used: [{ name: 'Since', from: 'command-type' }] });
  });
});
