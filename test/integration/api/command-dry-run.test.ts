import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DryRunItem } from '../../../src/contract/command-check.ts';
import type { Tokens } from '../../../src/contract/tokens.ts';
import { sealedTokensContext } from '../../../src/invocations/prepare.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { lookBack } from '../../../src/store/newest-invocations.ts';
import { newInvocation } from '../../support/invocations.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
const path = '/v1/integrations/acme/commands/GetInvoiceImage';
const secret = 'gckQ5rGz0taJ9xyzw';
const saved = {
  request: {
    method: 'POST',
    url: '{{base}}/{{InvoiceNumber}}',
    headers: [
      { key: 'X-Key', value: '{{apiKey}}' },
      { key: 'Content-Type', value: 'application/json' },
    ],
    body: '{"at":"{{errand.now}}","of":"{{errand.invocationId}}"}',
  },
};
type Request = typeof saved.request;
const draftOf = (change: Partial<Request>) => ({ request: { ...saved.request, ...change } });

beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running.stop());
beforeEach(async () => {
  await running.pool.query(
    'truncate integrations, integration_values, commands, command_versions, invocations, audit_log',
  );
  const variables = { base: 'https://a.example' };
  await running.call('PUT', '/v1/integrations/acme', {
    body: { account: 'north', name: 'Acme', type: 'custom', variables },
  });
  await running.call('PUT', '/v1/integrations/acme/secrets/apiKey', { body: { value: secret } });
  await running.call('PUT', '/v1/integrations/acme/secrets/otherKey', { body: { value: 'another secret' } });
  await running.call('PUT', path, { body: saved });
});

/** An invocation as it is kept; answers its id. */
async function invoked(tokens: Tokens, more: { sealed?: Tokens; command?: string } = {}): Promise<string> {
  const id = uuidv7();
  const sealedTokens =
    more.sealed === undefined ? null : running.sealer.seal(JSON.stringify(more.sealed), sealedTokensContext(id));
  const command = more.command ?? 'GetInvoiceImage';
  await insertInvocations(running.pool, [newInvocation({ id, account: 'north', tokens, sealedTokens, command })]);
  return id;
}

async function dryRun(draft: unknown, more: object = {}) {
  const answer = await running.call('POST', `${path}/dry-run`, { body: { draft, ...more } });
  expect(answer.status).toBe(200);
  return {
    ...(answer.json as { compared: number; changed: number; failing: number; items: DryRunItem[] }),
    bytes: answer.bytes,
  };
}

describe('contract §3: POST …/commands/{command}/dry-run', () => {
  it('shows what would change on the wire, newest first, and leaves no trace', async () => {
    const old = await invoked({ InvoiceNumber: 'INV 1' });
    const young = await invoked({ InvoiceNumber: 'INV2' });
    const before = await running.pool.query('select count(*)::int as n from audit_log');
    const run = await dryRun(draftOf({ method: 'PUT', url: '{{base}}/v2/{{InvoiceNumber}}', body: '{"v":2}' }));
    expect(run).toMatchObject({ compared: 2, changed: 2, failing: 0 });
    expect(run.items.map(({ invocation }) => invocation)).toEqual([young, old]);
    const [, item] = run.items;
    expect(item).toMatchObject({
      changed: true,
      problem: null,
      before: {
        method: 'POST',
        url: 'https://a.example/INV%201',
        body: JSON.stringify({ at: item?.at, of: old }),
      },
      after: { method: 'PUT', url: 'https://a.example/v2/INV%201', body: '{"v":2}' },
    });
    expect(item?.after?.headers).toEqual(item?.before?.headers);
    expect(item?.after?.headers).toContainEqual({ key: 'Idempotency-Key', value: old });
    expect(await running.pool.query('select count(*)::int as n from audit_log')).toMatchObject({ rows: before.rows });
    expect((await running.call('GET', path)).json.version).toBe(1);
  });

  it('tells of no change where there is none, and of one secret in the place of another', async () => {
    await invoked({ InvoiceNumber: '1' });
    expect(await dryRun(draftOf({}))).toMatchObject({ compared: 1, changed: 0, items: [{ changed: false }] });
    const headers = saved.request.headers.with(0, { key: 'X-Key', value: '{{otherKey}}' });
    const swapped = await dryRun(draftOf({ headers }));
    expect(swapped).toMatchObject({ changed: 1, failing: 0, items: [{ changed: true }] });
    expect(swapped.items[0]?.after).toEqual(swapped.items[0]?.before);
  });

  it('uses the variables of today', async () => {
    await invoked({ InvoiceNumber: '1' });
    await running.call('PATCH', '/v1/integrations/acme', { body: { variables: { base: 'https://b.example' } } });
    const { items } = await dryRun(draftOf({}));
    expect(items[0]?.before?.url).toBe('https://b.example/1');
  });

  it('masks secrets and sensitive values, also where they were typed', async () => {
    await invoked({ InvoiceNumber: '1', ipAddress: 'a-session' }, { sealed: { authToken: 'a-session' } });
    const url = `{{base}}/{{InvoiceNumber}}?a={{authToken}}&i={{ipAddress}}&k=${secret}`;
    const { items, bytes } = await dryRun(draftOf({ url }));
    expect(items[0]?.after?.url).toBe('https://a.example/1?a=***&i=***&k=***');
    expect(items[0]?.after?.headers[0]).toEqual({ key: 'X-Key', value: '***' });
    expect(bytes.toString()).not.toContain(secret);
    expect(bytes.toString()).not.toContain('a-session');
  });

  it('says for which the draft cannot be rendered, and why', async () => {
    await invoked({ InvoiceNumber: '1', ipAddress: '203.0.113.7' });
    await invoked({ InvoiceNumber: '..', ipAddress: '203.0.113.7' });
    await invoked({ InvoiceNumber: '3' });
    await invoked({ InvoiceNumber: '4', ipAddress: '203.0.113.7' }, { sealed: { authToken: 'line\nbreak' } });
    const headers = [...saved.request.headers, { key: 'X-Session', value: '{{authToken}}' }];
    const missing = await dryRun(draftOf({ url: '{{base}}/{{InvoiceNumber}}/{{ipAddress}}' }));
    expect(missing).toMatchObject({ compared: 4, changed: 3, failing: 2 });
    expect(missing.items.map(({ after, problem }) => [after === null, problem])).toEqual([
      [false, null],
      [true, expect.stringContaining('{{ipAddress}} has no value')],
      [true, expect.stringContaining('path segment')],
      [false, null],
    ]);
    expect(missing.items[2]).toMatchObject({ before: null, changed: false });
    const unfit = await dryRun(draftOf({ headers }));
    expect(unfit.items.map(({ problem }) => problem)).toEqual([
      expect.stringContaining('{{authToken}} holds a line break'),
      expect.stringContaining('{{authToken}} has no value'),
      expect.stringContaining('path segment'),
      expect.stringContaining('{{authToken}} has no value'),
    ]);
  });

  it('says where a secret would not be sent', async () => {
    await invoked({ InvoiceNumber: '1' });
    const body = { value: secret, allowedHosts: ['a.example'] };
    await running.call('PUT', '/v1/integrations/acme/secrets/apiKey', { body });
    const { items, failing } = await dryRun(draftOf({ url: 'https://b.example/{{InvoiceNumber}}' }));
    expect([failing, items[0]?.after?.url]).toEqual([1, 'https://b.example/1']);
    expect(items[0]?.problem).toContain('b.example is none of the hosts');
    // Its own value in the host's name would be told by the reason.
    const told = await dryRun(draftOf({ url: 'https://{{apiKey}}.b.example/{{InvoiceNumber}}' }));
    expect(told.items[0]?.problem).toContain('***.b.example is none of the hosts');
    expect(JSON.stringify(told)).not.toContain(secret);
  });

  it('has nothing before where the command is not saved, and nothing at all where it was never used', async () => {
    await running.call('DELETE', path);
    expect(await dryRun(draftOf({}))).toMatchObject({ compared: 0, changed: 0, failing: 0, items: [] });
    await invoked({ InvoiceNumber: '1' });
    expect(await dryRun(draftOf({}))).toMatchObject({
      compared: 1,
      changed: 1,
      items: [{ before: null, changed: true }],
    });
  });

  it('looks at as many as it is asked for, of this command only', async () => {
    for (const InvoiceNumber of ['1', '2', '3']) await invoked({ InvoiceNumber });
    await invoked({ ipAddress: '1' }, { command: 'LoginWithToken' });
    const { items } = await dryRun(draftOf({}), { last: 2 });
    expect(items.map(({ before }) => before?.url.at(-1))).toEqual(['3', '2']);
    for (const last of [0, 201]) {
      const answer = await running.call('POST', `${path}/dry-run`, { body: { draft: saved, last } });
      expect([answer.status, answer.json.errors[0].path]).toEqual([422, 'last']);
    }
  });

  it('looks back only so far among what other commands did', async () => {
    await invoked({ InvoiceNumber: '1' });
    const others = (count: number) =>
      running.pool.query(
        `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version)
         select errand_uuid_v7(), 'north', 'acme', 'LoginWithToken', 'batch', 'succeeded', '{}', '', 1 from generate_series(1, $1)`,
        [count],
      );
    await others(lookBack - 1);
    expect((await dryRun(draftOf({}))).compared).toBe(1);
    await others(1);
    expect((await dryRun(draftOf({}))).compared).toBe(0);
  });

  it('stops where the requests together are very large', async () => {
    for (let count = 0; count < 12; count += 1) await invoked({ InvoiceNumber: '1' });
    const { compared, items } = await dryRun(draftOf({ body: `{"large":"${'x'.repeat(1_000_000)}"}` }));
    expect(compared).toBe(items.length);
    expect(compared).toBeLessThan(12);
  });

  it('refuses a draft that could not be saved, and is not there for other accounts', async () => {
    const wrong = await running.call('POST', `${path}/dry-run`, {
      body: { draft: draftOf({ url: '{{base}}/{{Nope}}' }) },
    });
    expect([wrong.status, wrong.json.errors[0].path]).toEqual([422, 'draft.request.url']);
    const key = await running.keyFor('configurer', ['south']);
    expect((await running.call('POST', `${path}/dry-run`, { body: { draft: saved }, key })).status).toBe(404);
    const unknown = await running.call('POST', '/v1/integrations/acme/commands/Nothing/dry-run', {
      body: { draft: saved },
    });
    expect(unknown.status).toBe(404);
  });
});
