import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../src/judging/exchange.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { actor, build, command, refused, sampleId, secretKey } from './building.ts';

describe('the test of a command (contract §3)', () => {
  let database: TestDatabase;
  let built: ReturnType<typeof build>;
  let answer: (signal: AbortSignal) => Promise<Exchange>;
  const secret = 'the/secret value';
  const who = { actor, accounts: '*' } as const;
  const goOn = new AbortController().signal;

  beforeAll(async () => {
    database = await createDatabase();
    built = build(database.pool, [secretKey('k1')], (signal) => answer(signal));
    const { integrations } = built;
    const variables = { base: 'https://a.example' };
    await integrations.put('*', actor, 'acme', { name: 'Acme', type: 'custom', variables });
    await integrations.secrets.put('*', actor, 'acme', 'apiKey', { value: secret });
    await integrations.commands.put('*', actor, 'acme', 'GetInvoiceImage', {
      request: {
        method: 'POST',
        url: '{{base}}/{{InvoiceNumber}}?k={{apiKey}}',
        headers: [{ key: 'X-Session', value: '{{authToken}}' }],
        body: '{{errand.invocationId}} {{errand.attempt}}',
      },
      accept: { contentTypes: ['application/pdf'] },
      timeoutMs: { interactive: 1234 },
    });
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    built.sent.splice(0);
    await database.pool.query('truncate audit_log');
    answer = async () => replied(200, 'text/plain', 'hello');
  });

  const replied = (status: number, type: string, body: string): Exchange => ({
    kind: 'answer',
    status,
    headers: [{ key: 'Content-Type', value: type }],
    body: Buffer.from(body),
    framed: true,
  });
  const tokens = { InvoiceNumber: 'INV 1', authToken: 'session-token' };
  const test = (body: object = { tokens }, signal = goOn) =>
    built.integrations.test(who, { integration: 'acme', command: 'GetInvoiceImage', body }, signal);
  const audit = async () => (await database.pool.query('select action, subject_id as id, details from audit_log')).rows;

  it('sends once what an invocation would send, and shows it masked', async () => {
    const tested = await test();
    expect(built.sent).toEqual([
      {
        method: 'POST',
        url: `https://a.example/INV%201?k=${encodeURIComponent(secret)}`,
        headers: [
          { key: 'X-Session', value: 'session-token' },
          { key: 'User-Agent', value: 'errand/test' },
          { key: 'Idempotency-Key', value: sampleId },
          { key: 'traceparent', value: expect.stringMatching(/^00-/) },
        ],
        body: `${sampleId} 1`,
      },
    ]);
    expect(tested.request).toMatchObject({ url: 'https://a.example/INV%201?k=***', body: `${sampleId} 1` });
    expect(tested.request.headers[0]).toEqual({ key: 'X-Session', value: '***' });
  });

  it('judges the answer, masks what the server sends back, and leaves an audit entry', async () => {
    answer = async () => replied(403, 'text/plain', `no, ${secret} is wrong for session-token`);
    expect(await test()).toMatchObject({
      response: { status: 403, bodyPreview: 'no, *** is wrong for ***' },
      verdict: {
        outcome: 'permanent',
        code: 'unexpected-status',
        side: 'credentials',
        message: expect.stringContaining('403'),
      },
    });
    expect(await audit()).toEqual([
      {
        action: 'command.tested',
        id: 'acme/GetInvoiceImage',
        details: {
          test: sampleId,
          version: 1,
          outcome: 'permanent',
          code: 'unexpected-status',
          message: expect.stringContaining('403'),
        },
      },
    ]);
  });

  it('shows no bytes of what is not text', async () => {
    answer = async () => replied(200, 'application/pdf', '%PDF-1.7\n%%EOF\n');
    expect(await test()).toMatchObject({
      response: { status: 200, bytes: 15, bodyPreview: null },
      durationMs: expect.any(Number),
      verdict: { outcome: 'succeeded', code: null, side: null, message: null },
    });
  });

  it('says what became of a request without an answer', async () => {
    const message = 'The connection was refused.';
    answer = async () => ({ kind: 'failure', code: 'connect-failed', message, retryable: true, requestSent: false });
    expect(await test()).toMatchObject({ response: null, verdict: { outcome: 'retryable', code: 'connect-failed' } });
  });

  it('takes a draft, of which the entry names no version, also while the integration is paused', async () => {
    await built.integrations.pause('*', actor, 'acme');
    const draft = command('https://b.example/{{InvoiceNumber}}', { accept: { contentTypes: ['text/plain'] } });
    await test({ tokens: { InvoiceNumber: '7' }, draft });
    expect(built.sent[0]?.url).toBe('https://b.example/7');
    expect((await audit()).at(-1)?.details).toMatchObject({ version: null, outcome: 'succeeded' });
    await built.integrations.resume('*', actor, 'acme');
  });

  it('takes only what the command type declares as its result, unless the command says what it takes', async () => {
    const outcome = async (accept?: object) => {
      const draft = command('https://b.example/{{InvoiceNumber}}', accept === undefined ? {} : { accept });
      return (await test({ tokens: { InvoiceNumber: '7' }, draft })).verdict.outcome;
    };
    expect(await outcome()).toBe('permanent');
    expect(await outcome({ statuses: [200] })).toBe('permanent');
    expect(await outcome({ contentTypes: ['text/*'] })).toBe('succeeded');
    expect(await outcome({ contentTypes: ['*/*'] })).toBe('succeeded');
  });

  it('sends nothing of what cannot be rendered or is not there', async () => {
    expect(await refused(test({ tokens: { InvoiceNumber: '..', authToken: 'session-token' } }))).toMatchObject({
      kind: 'invalid',
    });
    expect(await refused(test({ tokens: {} }))).toMatchObject({ kind: 'invalid' });
    const elsewhere = { actor, accounts: ['other'] };
    const of = { integration: 'acme', command: 'GetInvoiceImage', body: { tokens } };
    expect((await refused(built.integrations.test(elsewhere, of, goOn))).kind).toBe('not-found');
    expect([built.sent, await audit()]).toEqual([[], []]);
  });

  it('that is broken off says so, in the audit log too', async () => {
    const controller = new AbortController();
    answer = (signal) => {
      controller.abort();
      return Promise.reject(signal.reason);
    };
    expect((await refused(test({ tokens }, controller.signal))).kind).toBe('unavailable');
    expect((await audit())[0]?.details).toMatchObject({ outcome: 'unknown' });
  });
});
