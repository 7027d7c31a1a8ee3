import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from './support/routes.ts';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
let invocation: string;
let batch: string;
let broken: Error | null = null;

beforeAll(async () => {
  running = await startApi(() => ({
    audit: {
      list: async () => {
        if (broken !== null) throw broken;
        return { items: [], nextCursor: null };
      },
    },
  }));
  await running.call('PUT', '/v1/integrations/acme', { body: { name: 'Acme', type: 'custom' } });
  await running.call('PUT', '/v1/integrations/acme/commands/GetInvoiceImage', { body: command });
  await running.call('PUT', '/v1/integrations/acme/secrets/key', { body: { value: 'a secret value' } });
  const of = { integration: 'acme', command: 'GetInvoiceImage' };
  invocation = (await running.call('POST', '/v1/invocations', { body: of })).json.id;
  running.invocations.end(invocation, { bytes: Buffer.from('<script>alert(1)</script>'), contentType: 'text/html' });
  const items = [{ tokens: { InvoiceNumber: '1' } }];
  batch = (await running.call('POST', '/v1/batches', { body: { ...of, items } })).json.id;
  await running.call('POST', `/v1/batches/${batch}/cancel`);
});
afterAll(() => running.stop());

type Case = [what: string, status: number, method: string, path: () => string, asked?: object];
const html = { accept: 'text/html' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

const cases: Case[] = [
  ['JSON', 200, 'GET', () => '/v1/integrations'],
  ['an answer to HEAD', 200, 'HEAD', () => '/v1/integrations'],
  ['an answer without a body', 204, 'DELETE', () => '/v1/integrations/acme/secrets/key'],
  ['OPTIONS', 204, 'OPTIONS', () => '/v1/integrations'],
  ['bytes of a result', 200, 'GET', () => `/v1/invocations/${invocation}/result`],
  [
    'bytes that are known',
    304,
    'GET',
    () => `/v1/invocations/${invocation}/result`,
    { headers: { 'if-none-match': '*' } },
  ],
  ['a report as CSV', 200, 'GET', () => `/v1/batches/${batch}/report`, { headers: { accept: 'text/csv' } }],
  ['events', 200, 'GET', () => `/v1/batches/${batch}/events`],
  ['health', 200, 'GET', () => '/healthz'],
  ['the description', 200, 'GET', () => '/openapi.json', { key: null }],
  ['the page of the description', 200, 'GET', () => '/docs', { key: null }],
  ['a file of that page', 200, 'GET', () => '/docs/static/swagger-initializer.js', { key: null }],
  ['the description as YAML', 200, 'GET', () => '/docs/yaml', { key: null }],
  ['the sign-in page', 200, 'GET', () => '/sign-in', { key: null, headers: html }],
  [
    'a wrong key on that page',
    401,
    'POST',
    () => '/sign-in',
    { key: null, raw: 'key=x', headers: { ...html, ...form } },
  ],
  ['signing in', 303, 'POST', () => '/sign-in', { key: null, raw: `key=${adminKey}`, headers: form }],
  ['signing out', 303, 'POST', () => '/sign-out', { key: null, raw: '', headers: form }],
  ['the way to sign in', 303, 'GET', () => '/queues', { key: null, headers: html }],
  ['Bull Board', 200, 'GET', () => '/queues', { headers: html }],
  ['a file of Bull Board', 200, 'GET', () => '/queues/static/images/logo.svg'],
  ['data of Bull Board', 200, 'GET', () => '/queues/api/queues'],
  ['no key', 401, 'GET', () => '/v1/keys', { key: null }],
  ['nothing there', 404, 'GET', () => '/v1/nothing'],
  ['nothing there at all', 404, 'GET', () => '/nothing', { key: null }],
  ['another method', 405, 'POST', () => '/v1/integrations/acme'],
  ['too much', 413, 'PUT', () => '/v1/integrations/acme', { raw: `"${'x'.repeat(1024 * 1024)}"` }],
  ['another type', 415, 'PUT', () => '/v1/integrations/acme', { raw: 'x', headers: { 'content-type': 'text/plain' } }],
  ['what does not fit', 422, 'PUT', () => '/v1/integrations/acme', { body: {} }],
  ['a path that cannot be decoded', 400, 'GET', () => '/v1/integrations/%zz'],
];

function expectGuarded(headers: Headers, what: string): void {
  expect([what, headers.get('x-content-type-options')]).toEqual([what, 'nosniff']);
  const policy = headers.get('content-security-policy') ?? '';
  // What is sandboxed may be shown in a frame of whoever fetched it, where it can do nothing.
  expect([what, policy]).toEqual([what, expect.stringMatching(/frame-ancestors 'none'|^sandbox$/)]);
  expect([what, policy]).toEqual([
    what,
    expect.not.stringMatching(/unsafe-eval|script-src[^;]*unsafe-inline|script-src[^;]*\*/),
  ]);
  expect([what, headers.get('referrer-policy')]).toEqual([
    what,
    expect.stringMatching(/^(?:no-referrer|same-origin)$/),
  ]);
  if (headers.get('content-type')?.startsWith('text/html') && policy !== 'sandbox') {
    expect([what, headers.get('cross-origin-opener-policy')]).toEqual([what, 'same-origin']);
  }
  expect([what, headers.get('server') ?? headers.get('x-powered-by')]).toEqual([what, null]);
}

describe('contract §3: headers that hold browsers back come with', () => {
  it.each(cases)('%s (%i)', async (what, status, method, path, asked = {}) => {
    const answer = await running.call(method, path(), asked);
    expect(answer.status).toBe(status);
    expectGuarded(answer.headers, what);
  });

  it('what broke inside', async () => {
    broken = new Error('inside');
    const answer = await running.call('GET', '/v1/audit');
    broken = null;
    expect(answer.status).toBe(500);
    expectGuarded(answer.headers, 'an error');
  });

  it('what is not even HTTP', async () => {
    const { hostname, port } = new URL(running.url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.once('close', () => resolve(answer));
      socket.once('error', reject);
    });
    const [, ...lines] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expectGuarded(new Headers(lines.map((line) => line.split(': ') as [string, string])), 'an answer to nonsense');
  });
});
