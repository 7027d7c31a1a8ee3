import { describe, expect, it } from 'vitest';
import type { CommandBody } from '../../../src/contract/command.ts';
import { builtInCommandTypes, type CommandType } from '../../../src/contract/command-type.ts';
import { boundSecrets } from '../../../src/integrations/bound-secrets.ts';
import { asksConditionally } from '../../../src/integrations/conditional.ts';
import type { Configuration } from '../../../src/integrations/configuration.ts';
import { CancelledByPerson, LostTouch } from '../../../src/invocations/cancellations.ts';
import { createExecute } from '../../../src/invocations/execute.ts';
import { createFlights } from '../../../src/invocations/flights.ts';
import type { Claimed, KnownResult } from '../../../src/invocations/invocation.ts';
import { compileAccept } from '../../../src/judging/accept.ts';
import type { Answer, Exchange } from '../../../src/judging/exchange.ts';
import { policyFor } from '../../../src/judging/policy.ts';
import { createRedactor } from '../../../src/platform/redaction.ts';
import { compileRequest } from '../../../src/tokens/compile.ts';
import type { RenderedRequest } from '../../../src/tokens/render.ts';
import { claimedRow } from '../../support/invocations.ts';

const type = builtInCommandTypes[0] as CommandType;

function configuration(
  definition: CommandBody,
  secrets: Record<string, string | null> = {},
  hosts: { name: string; allowedHosts: string[] }[] = [],
): Configuration {
  const variables = new Map([['baseUrl', 'https://invoices.example.com']]);
  const names = { commandType: type.tokens, variables: [...variables.keys()], secrets: Object.keys(secrets) };
  const compiled = compileRequest(definition.request, names);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const policy = { interactive: policyFor(definition, 'interactive'), batch: policyFor(definition, 'batch') };
  const accept = compileAccept(definition.accept);
  const command = {
    name: type.name,
    version: 3,
    definition,
    type,
    request: compiled.compiled,
    accept,
    conditional: asksConditionally(definition, compiled.compiled),
    valuesSince: 5,
    bound: boundSecrets(compiled.compiled, hosts),
    policy,
  };
  return {
    integration: 'acme',
    account: 'default',
    name: 'Acme',
    status: 'active',
    hold: null,
    version: 7,
    limits: {},
    variables,
    secrets: new Map(Object.entries(secrets)),
    commands: new Map([[type.name, command]]),
    authentication: null,
    broken: new Map(),
    redact: createRedactor(Object.values(secrets).filter((value) => value !== null)),
  };
}

const get: CommandBody = { request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' } };
const answer = (status: number, body: string, type = 'text/plain'): Exchange => ({
  kind: 'answer',
  status,
  headers: [{ key: 'Content-Type', value: type }],
  body: Buffer.from(body),
  framed: true,
});

type Run = { row?: Partial<Claimed>; signal?: AbortSignal; holds?: boolean };
const goOn = new AbortController().signal;

function execute(
  found: Configuration | null,
  exchange: Exchange,
  tokens = {},
  { row = {}, signal = goOn, holds = true }: Run = {},
) {
  const sent: RenderedRequest[] = [];
  const run = createExecute({
    configurations: {
      get: async () => found,
      peek: () => found ?? undefined,
      waits: async () => false,
      forget: () => {},
    },
    send: async (request, options) => {
      options.signal.throwIfAborted();
      sent.push(request);
      return exchange;
    },
    holds: () => holds,
    unseal: (sealed) => sealed,
    createRedactor,
    userAgent: 'errand/test',
    flights: createFlights(),
    worker: { type: 'worker', id: 'w', name: null },
    clock: { elapsed: () => 0, random: () => 0.5 },
  });
  return { sent, settled: run(claimedRow({ tokens: { InvoiceNumber: 'INV1', ...tokens }, ...row }), signal) };
}

describe('contract §6: an attempt', () => {
  it('keeps the phases of its exchange', async () => {
    const phases = { dnsMs: 1, connectMs: 2, tlsMs: null, firstByteMs: 3, bodyMs: 0 };
    const { settled } = execute(configuration(get), { ...answer(503, 'busy'), phases });
    expect((await settled).attempt.phases).toEqual(phases);
    expect((await execute(null, answer(200, '')).settled).attempt.phases).toBeNull();
  });

  it("has another key after a person's retry of a definite failure", async () => {
    const { sent, settled } = execute(configuration(get), answer(200, 'an invoice'), {}, { row: { keyNumber: 3 } });
    const { claimed } = await settled;
    expect(sent[0]?.headers).toContainEqual({ key: 'Idempotency-Key', value: `${claimed.id}-3` });
  });

  it('is not made by a worker that may have lost the row', async () => {
    const { sent, settled } = execute(configuration(get), answer(200, 'an invoice'), {}, { holds: false });
    await expect(settled).rejects.toBeInstanceOf(LostTouch);
    expect(sent).toEqual([]);
  });

  it('is not made where a secret that it uses may not go, and says nothing of the endpoint', async () => {
    const using: CommandBody = { request: { ...get.request, headers: [{ key: 'X-Key', value: '{{apiKey}}' }] } };
    const bound = configuration(using, { apiKey: 'a-long-value' }, [{ name: 'apiKey', allowedHosts: ['a.example'] }]);
    const { sent, settled } = execute(bound, answer(200, 'an invoice'));
    const { next, health } = await settled;
    expect(next).toMatchObject({ status: 'failed', error: { code: 'egress-blocked', side: 'configuration' } });
    expect([sent, health.sign]).toEqual([[], null]);
    const unused = configuration(get, { apiKey: 'a-long-value' }, [{ name: 'apiKey', allowedHosts: ['a.example'] }]);
    expect((await execute(unused, answer(200, 'an invoice')).settled).next).toEqual({ status: 'succeeded' });
  });

  it('of an interactive invocation fails at once while its integration is paused; what was taken in batch goes on', async () => {
    const paused = { ...configuration(get), status: 'paused' as const };
    const interactive = execute(paused, answer(200, 'an invoice'), {}, { row: { lane: 'interactive' } });
    expect((await interactive.settled).next).toMatchObject({ status: 'failed', error: { code: 'integration-paused' } });
    expect(interactive.sent).toEqual([]);
    expect((await execute(paused, answer(200, 'an invoice')).settled).next).toEqual({ status: 'succeeded' });
  });

  it('tells what it says of its integration; nothing, where nothing was sent', async () => {
    const health = async (...of: Parameters<typeof execute>) => (await execute(...of).settled).health;
    expect(await health(configuration(get), answer(200, 'an invoice'))).toEqual({ sign: 'well', retryAfterMs: null });
    expect(await health(configuration(get), answer(401, 'no'))).toEqual({ sign: 'credentials', retryAfterMs: null });
    const asked: Exchange = { ...answer(503, ''), headers: [{ key: 'Retry-After', value: '7' }] } as Exchange;
    expect(await health(configuration(get), asked)).toEqual({ sign: 'unwell', retryAfterMs: 7_000 });
    expect((await health(configuration(get), answer(200, ''), { InvoiceNumber: undefined })).sign).toBeNull();
  });

  it("whose only credentials are a person's own login says nothing of everybody else's", async () => {
    const headers = (value: string) => ({ request: { ...get.request, headers: [{ key: 'Authorization', value }] } });
    const row = { sealedTokens: JSON.stringify({ authToken: 'a login' }) };
    const sign = async (...[found, row]: [Configuration, Partial<Claimed>]) =>
      (await execute(found, answer(401, 'no'), {}, { row }).settled).health.sign;
    expect(await sign(configuration(headers('{{authToken}}')), row)).toBe('well');
    const both = configuration(headers('{{authToken}} {{apiKey}}'), { apiKey: 'a-secret-value' });
    expect(await sign(both, row)).toBe('credentials');
  });

  it('of an interactive invocation fails at once while Errand holds its integration', async () => {
    const failure = { code: 'tls-failed', message: 'The certificate has expired.', side: 'customer-server' } as const;
    const row = { lane: 'interactive', hold: { failure, nextProbeAt: 2_000_000 } } as const;
    const { sent, settled } = execute(configuration(get), answer(200, 'an invoice'), {}, { row });
    expect((await settled).next).toMatchObject({
      status: 'failed',
      error: { code: 'integration-paused', cause: 'tls-failed' },
    });
    expect(sent).toEqual([]);
  });

  it('that is cancelled tells what had been sent', async () => {
    const uses: CommandBody = { request: { method: 'GET', url: '{{baseUrl}}/{{errand.lastSync}}' } };
    const run = { row: { lastSyncAt: 5 }, signal: AbortSignal.abort(new CancelledByPerson()) };
    const cancelled = await execute(configuration(uses), answer(200, ''), {}, run).settled.catch((error) => error);
    expect(cancelled).toBeInstanceOf(CancelledByPerson);
    expect(cancelled.sent).toEqual({ commandVersion: 3, configurationVersion: 7, lastSyncAt: 5, validators: null });
  });

  it('carries who sends it, its idempotency key and its trace', async () => {
    const { sent, settled } = execute(configuration(get), answer(200, 'an invoice'));
    const { claimed, next } = await settled;
    expect(next).toEqual({ status: 'succeeded' });
    expect(sent[0]?.url).toBe('https://invoices.example.com/INV1');
    expect(sent[0]?.headers).toEqual([
      { key: 'User-Agent', value: 'errand/test' },
      { key: 'Idempotency-Key', value: claimed.id },
      { key: 'traceparent', value: `00-${claimed.id.replaceAll('-', '')}-0000000000000001-01` },
    ]);
  });

  it('leaves those headers to a command that sets its own', async () => {
    const headers = [{ key: 'idempotency-key', value: '{{InvoiceNumber}}' }];
    const { sent, settled } = execute(configuration({ request: { ...get.request, headers } }), answer(200, ''));
    await settled;
    expect(sent[0]?.headers.filter(({ key }) => key.toLowerCase() === 'idempotency-key')).toEqual([
      { key: 'idempotency-key', value: 'INV1' },
    ]);
  });

  it('sends nothing where a token has no value', async () => {
    const { sent, settled } = execute(configuration(get), answer(200, ''), { InvoiceNumber: undefined });
    expect((await settled).next).toMatchObject({ status: 'failed', error: { code: 'token-missing' } });
    expect((await settled).attempt).toMatchObject({ sent: false, status: null, outcome: 'permanent' });
    expect(sent).toEqual([]);
  });

  it('sends nothing where the command is gone', async () => {
    const { sent, settled } = execute(null, answer(200, ''));
    expect((await settled).next).toMatchObject({ error: { code: 'command-not-configured', side: 'configuration' } });
    expect(sent).toEqual([]);
  });

  it('sends nothing where a secret cannot be decrypted, and names it', async () => {
    const headers = [{ key: 'Authorization', value: 'Bearer {{apiKey}}' }];
    const found = configuration({ request: { ...get.request, headers } }, { apiKey: null });
    const { sent, settled } = execute(found, answer(200, ''));
    expect((await settled).next).toMatchObject({
      error: { code: 'secret-unreadable', side: 'errand', message: expect.stringContaining('"apiKey"') },
    });
    expect(sent).toEqual([]);
  });

  it('keeps the first 16 KiB of a text answer that was no success, cleared of secrets also at the cut', async () => {
    const secret = 'a-secret-of-the-customer';
    const body = `${'x'.repeat(16 * 1024 - 10)}${secret}${'y'.repeat(30_000)}`;
    const { settled } = execute(configuration(get, { apiKey: secret }), answer(400, body));
    const preview = (await settled).attempt.bodyPreview ?? '';
    expect(preview.length).toBeLessThanOrEqual(16 * 1024);
    expect(preview).not.toContain(secret.slice(0, 8));
    expect(preview.endsWith('***yyyyyyy')).toBe(true);
  });

  it('keeps nothing of a binary answer that was no success', async () => {
    const { settled } = execute(configuration(get), answer(400, '\u0000\u0001', 'application/octet-stream'));
    expect((await settled).attempt).toMatchObject({ bodyPreview: null, responseBytes: 2, result: null });
  });

  it.each([
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['text/plain; session="s3cret-value"', 'text/plain'],
    ['text/s3cret-value; charset=utf-8', 'application/octet-stream'],
    ['s3cret-value', 'application/octet-stream'],
  ])('keeps the content type %s as %s', async (sent, kept) => {
    const { settled } = execute(configuration(get, { apiKey: 's3cret-value' }), answer(200, 'x', sent));
    expect((await settled).attempt.result).toMatchObject({ contentType: kept });
  });

  it("masks a value in a header's name, and keeps no validator that has one in it", async () => {
    const using: CommandBody = { request: get.request, accept: { contentTypes: ['*/*'] } };
    const headers = [
      { key: 'X-S3cret-Value', value: 'x' },
      { key: 'ETag', value: '"s3cret-value"' },
      { key: 'Last-Modified', value: 'Mon, 23 Nov 2026 02:00:00 GMT' },
    ];
    const found = configuration(using, { apiKey: 's3cret-value' });
    const { attempt } = await execute(found, { ...answer(200, 'x'), headers } as Exchange).settled;
    expect(attempt.responseHeaders?.slice(0, 2)).toEqual([
      { key: 'X-S3cret-Value', value: 'x' },
      { key: 'ETag', value: '"***"' },
    ]);
    expect(attempt.result).toMatchObject({ etag: null, lastModified: 'Mon, 23 Nov 2026 02:00:00 GMT' });
    const named = [{ key: 's3cret-value', value: 'x' }];
    const other = await execute(found, { ...answer(200, 'x'), headers: named } as Exchange).settled;
    expect(other.attempt.responseHeaders).toEqual([{ key: '***', value: 'x' }]);
  });

  it('stores no U+0000, which PostgreSQL would refuse', async () => {
    const { settled } = execute(configuration(get), answer(400, 'a\u0000b'));
    expect((await settled).attempt.bodyPreview).toBe('a\ufffdb');
  });

  it('leaves an audit entry for a failure on the way and for the ending', async () => {
    const retry = await execute(configuration(get), answer(503, 'busy')).settled;
    expect(retry.audit).toMatchObject([{ action: 'attempt.failed', details: { status: 503, attempt: 1 } }]);
    const success = await execute(configuration(get), answer(200, 'an invoice')).settled;
    expect(success.audit).toMatchObject([{ action: 'invocation.succeeded', details: { bytes: 10 } }]);
  });
});

describe('a conditional attempt (§6)', () => {
  const known: KnownResult = {
    etag: '"v1"',
    lastModified: 'Mon, 23 Nov 2026 02:00:00 GMT',
    sha256: Buffer.from('a hash'),
    contentType: 'application/pdf',
    size: 40_000,
    commandVersion: 3,
    configurationVersion: 6,
  };
  const notModified: Exchange = { ...(answer(304, '') as Answer), headers: [{ key: 'ETag', value: '"v2"' }] };
  const conditions = (sent: readonly RenderedRequest[]) =>
    sent[0]?.headers
      .filter(({ key }) => key.toLowerCase().startsWith('if-'))
      .map(({ key, value }) => `${key}: ${value}`);

  it('names the newest result, and takes a 304 for the bytes that are stored', async () => {
    const { sent, settled } = execute(configuration(get), notModified, {}, { row: { known } });
    const { next, attempt, audit } = await settled;
    expect(conditions(sent)).toEqual(['If-None-Match: "v1"', 'If-Modified-Since: Mon, 23 Nov 2026 02:00:00 GMT']);
    expect(next).toEqual({ status: 'succeeded' });
    const { sha256, contentType, size, lastModified } = known;
    expect(attempt).toMatchObject({ status: 304, outcome: 'succeeded', error: null });
    expect(attempt.validators).toEqual({ etag: '"v1"', lastModified });
    expect(attempt.result).toEqual({ bytes: null, sha256, contentType, size, etag: '"v2"', lastModified });
    expect(audit).toMatchObject([{ action: 'invocation.succeeded', details: { status: 304, bytes: 40_000 } }]);
  });

  it('keeps the validators of a new answer, for the next time', async () => {
    const changed: Exchange = { ...(answer(200, 'new') as Answer), headers: [{ key: 'etag', value: 'W/"v2"' }] };
    const { attempt } = await execute(configuration(get), changed, {}, { row: { known } }).settled;
    expect(attempt.result).toMatchObject({ size: 3, etag: 'W/"v2"', lastModified: null });
    const redirected = { ...changed, redirected: 'within' } as Exchange;
    expect((await execute(configuration(get), redirected).settled).attempt.result).toMatchObject({ etag: null });
  });

  it.each<[string, CommandBody, Partial<KnownResult>]>([
    ['another version of the command', get, { commandVersion: 2 }],
    ['before a variable or secret that the command uses was changed', get, { configurationVersion: 4 }],
    ['by a configuration that this worker does not know yet', get, { configurationVersion: 8 }],
    ['by a command that does not want it', { ...get, conditional: false }, {}],
    ['by a POST', { request: { ...get.request, method: 'POST' } }, {}],
    [
      'by a command whose URL is another one each time',
      { request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}?since={{errand.lastSync}}' } },
      {},
    ],
  ])('is none where the result was asked for %s', async (_why, definition, overrides) => {
    const run = { row: { known: { ...known, ...overrides } } };
    const { sent, settled } = execute(configuration(definition), notModified, {}, run);
    expect((await settled).next).toMatchObject({ status: 'failed', error: { code: 'unexpected-status' } });
    expect(conditions(sent)).toEqual([]);
    expect((await settled).attempt.validators).toBeNull();
  });

  it('leaves conditions to a command that sets its own', async () => {
    const headers = [{ key: 'if-none-match', value: '"mine"' }];
    const { sent, settled } = execute(
      configuration({ request: { ...get.request, headers } }),
      notModified,
      {},
      { row: { known } },
    );
    expect((await settled).next).toMatchObject({ status: 'failed' });
    expect(conditions(sent)).toEqual(['if-none-match: "mine"']);
  });

  it('is an option for a POST', async () => {
    const post: CommandBody = { request: { ...get.request, method: 'POST' }, conditional: true };
    const { sent, settled } = execute(configuration(post), notModified, {}, { row: { known } });
    expect((await settled).next).toEqual({ status: 'succeeded' });
    expect(conditions(sent)).toHaveLength(2);
  });

  it('tells what it was conditional on when it is cancelled', async () => {
    const run = { row: { known }, signal: AbortSignal.abort(new CancelledByPerson()) };
    const cancelled = await execute(configuration(get), notModified, {}, run).settled.catch((error) => error);
    expect(cancelled.sent).toMatchObject({ validators: { etag: '"v1"', lastModified: known.lastModified } });
  });
});
