import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running.stop());
beforeEach(() => {
  running.invocations.whenEnqueued(() => undefined);
  running.results.held.clear();
});

const stored = Buffer.from('%PDF-1.7 stored %%EOF');
const sha256 = createHash('sha256').update(stored).digest('hex');
const fresh = { bytes: Buffer.from('%PDF-1.7 fresh %%EOF'), contentType: 'application/pdf' };
const failure = { code: 'timeout', message: 'Too slow.', side: 'customer-server' } as const;
const absent = { code: 'absent', message: 'Voided.', side: 'request' } as const;

const post = (headers: Record<string, string> = {}, rest: object = {}) =>
  running.call('POST', '/v1/invocations', {
    body: {
      integration: 'north',
      command: 'GetInvoiceImage',
      tokens: { InvoiceNumber: 'INV0000001' },
      fallback: 'stored',
      ...rest,
    },
    headers,
  });
function endAtOnce(ending: Parameters<typeof running.invocations.end>[1]): void {
  running.invocations.whenEnqueued((id) => running.invocations.end(id, ending));
}
const marks = ({ headers }: { headers: Headers }) => [headers.get('errand-fallback'), headers.get('age')];

describe('GET …/latest (contract §3)', () => {
  const latest = (query: string, headers: Record<string, string> = {}) =>
    running.call('GET', `/v1/integrations/north/commands/GetInvoiceImage/latest?${query}`, { headers });

  it('is the bytes with their age, as safe as any result', async () => {
    const answer = await latest('InvoiceNumber=INV0000001');
    expect([answer.status, answer.bytes]).toEqual([200, stored]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      age: '7',
      etag: `"${sha256}"`,
      'last-modified': 'Sun, 01 Mar 2026 02:00:00 GMT',
      'content-type': 'application/pdf',
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
    });
  });

  it('is 304 to whoever has it, 404 where there is none', async () => {
    const known = await latest('InvoiceNumber=INV0000001', { 'if-none-match': `"${sha256}"` });
    expect([known.status, known.bytes.length, known.headers.get('age')]).toEqual([304, 0, '7']);
    expect((await latest('InvoiceNumber=INV2')).status).toBe(404);
  });

  it('names parameters that are no tokens', async () => {
    for (const name of ['limit', '__proto__', 'invoiceNumber']) {
      const answer = await latest(`InvoiceNumber=INV0000001&${name}=5`);
      expect([answer.status, answer.json.errors[0].path]).toEqual([422, name]);
    }
    expect((await latest('InvoiceNumber=1&InvoiceNumber=2')).status).toBe(422);
  });
});

describe('"fallback": "stored"', () => {
  const bytes = { accept: 'application/pdf' };

  it('changes nothing where the invocation succeeds', async () => {
    endAtOnce(fresh);
    const answer = await post(bytes);
    expect([answer.status, answer.bytes, marks(answer)]).toEqual([200, fresh.bytes, [null, null]]);
    const json = await post({ prefer: 'wait=5' });
    expect([json.json.status, 'fallback' in json.json, marks(json)]).toEqual(['succeeded', false, [null, null]]);
  });

  it('is the stored bytes where it fails, and says so', async () => {
    endAtOnce({ failure });
    const answer = await post(bytes);
    expect([answer.status, answer.bytes, marks(answer)]).toEqual([200, stored, ['stored', '7']]);
    expect(answer.headers.get('content-security-policy')).toBe('sandbox');
    const id = answer.headers.get('location')?.split('/').at(-1);
    expect((await running.call('GET', `/v1/invocations/${id}`)).json).toMatchObject({ status: 'failed', result: null });
  });

  it('is beside the invocation in JSON, which stays what it is', async () => {
    endAtOnce({ failure });
    const answer = await post({ prefer: 'wait=5' });
    expect([answer.status, marks(answer)]).toEqual([200, ['stored', '7']]);
    expect(answer.json).toMatchObject({ status: 'failed', error: failure, result: null });
    expect(answer.json.fallback).toEqual({
      invocation: '01890000-0000-7000-8000-0000000000aa',
      at: '2026-03-01T02:00:00.000Z',
      contentType: 'application/pdf',
      bytes: stored.byteLength,
      sha256,
    });
  });

  it('does not wait while the integration is held', async () => {
    running.results.held.add('north');
    const before = running.invocations.waits.length;
    const answer = await post({ ...bytes, prefer: 'wait=60' });
    expect([answer.status, answer.bytes, marks(answer)]).toEqual([200, stored, ['stored', '7']]);
    const json = await post();
    expect([json.status, json.json.status, json.json.fallback.sha256]).toEqual([202, 'queued', sha256]);
    expect(running.invocations.waits).toHaveLength(before);
  });

  it('is the stored bytes where it has not ended in time', async () => {
    const answer = await post({ ...bytes, prefer: 'wait=1' });
    expect([answer.status, answer.bytes, marks(answer)]).toEqual([200, stored, ['stored', '7']]);
    const json = await post({ prefer: 'wait=0' });
    expect([json.status, json.json.status, json.json.fallback.sha256]).toEqual([202, 'queued', sha256]);
  });

  it('has nothing to say of one that is not waited for', async () => {
    const answer = await post();
    expect([answer.status, 'fallback' in answer.json, marks(answer)]).toEqual([202, false, [null, null]]);
  });

  it('leaves the ordinary error where nothing is stored, held or not', async () => {
    endAtOnce({ failure });
    const tokens = { InvoiceNumber: 'INV2' };
    for (const held of [false, true]) {
      if (held) running.results.held.add('north');
      const answer = await post(bytes, { tokens });
      expect([answer.status, answer.json.type, marks(answer)]).toEqual([
        502,
        'urn:errand:problem:invocation-failed',
        [null, null],
      ]);
    }
  });

  it('does not answer for what is absent, or was cancelled by a person', async () => {
    endAtOnce({ failure: absent });
    expect((await post(bytes)).json.error.code).toBe('absent');
    endAtOnce('cancelled');
    expect((await post(bytes)).status).toBe(409);
  });

  it('has one way only', async () => {
    expect((await post({}, { fallback: 'latest' })).json.errors[0].path).toBe('fallback');
  });
});
