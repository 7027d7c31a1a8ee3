import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invocationSchema } from '../../../src/contract/invocation.ts';
import { type Asked, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running.stop());
beforeEach(() => running.invocations.whenEnqueued(() => undefined));

const pdf = Buffer.from('%PDF-1.7 …%%EOF');
const sha256 = createHash('sha256').update(pdf).digest('hex');
const failure = { code: 'unexpected-status', message: 'The server answered 404.', side: 'customer-server' } as const;
const body = { integration: 'north', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV1' } };

const post = (headers: Record<string, string> = {}, rest: object = {}) =>
  running.call('POST', '/v1/invocations', { body: { ...body, ...rest }, headers });
const get = (path: string, asked: Asked = {}) => running.call('GET', path, asked);

/** Ends every invocation as soon as it is enqueued, or a moment after. */
function endAtOnce(ending: Parameters<typeof running.invocations.end>[1]): void {
  running.invocations.whenEnqueued((id) => running.invocations.end(id, ending));
}
const succeed = { bytes: pdf, contentType: 'application/pdf' };

describe('contract §3: POST /v1/invocations', () => {
  it('answers 202 at once, and where it is', async () => {
    const answer = await post();
    expect(answer.status).toBe(202);
    expect(invocationSchema.parse(answer.json)).toMatchObject({ status: 'queued', lane: 'batch', account: 'north' });
    expect(answer.headers.get('location')).toBe(`/v1/invocations/${answer.json.id}`);
    expect(answer.headers.get('preference-applied')).toBeNull();
    expect((await get(answer.headers.get('location') ?? '')).json).toEqual(answer.json);
  });

  it('waits as long as it is preferred, in the interactive lane', async () => {
    running.invocations.whenEnqueued((id) => setImmediate(() => running.invocations.end(id, succeed)));
    const answer = await post({ prefer: 'wait=100' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ status: 'succeeded', lane: 'interactive' });
    expect(answer.headers.get('preference-applied')).toBe('wait=60');
    expect(running.invocations.waits.at(-1)).toMatchObject({ id: answer.json.id, timeoutMs: 60_000 });
  });

  it('answers 202 when it has not ended by then', async () => {
    const answer = await post({ prefer: 'wait=1' });
    expect([answer.status, answer.json.status]).toEqual([202, 'queued']);
    expect((await post({ prefer: 'wait=0' })).json).toMatchObject({ status: 'queued', lane: 'interactive' });
  });

  it('uses the lane that is asked for', async () => {
    expect((await post({}, { lane: 'interactive' })).json.lane).toBe('interactive');
    endAtOnce(succeed);
    expect((await post({ prefer: 'wait=5' }, { lane: 'batch' })).json.lane).toBe('batch');
  });

  it('answers a failure as an invocation, too', async () => {
    endAtOnce({ failure });
    const answer = await post({ prefer: 'wait=5' });
    expect([answer.status, answer.json.status, answer.json.error]).toEqual([200, 'failed', failure]);
  });

  it('gives the same invocation for the same key: 200 instead of 202', async () => {
    const first = await post({}, { idempotencyKey: 'once' });
    const again = await post({}, { idempotencyKey: 'once' });
    expect([first.status, again.status, again.json.id]).toEqual([202, 200, first.json.id]);
    const other = await post({}, { idempotencyKey: 'once', tokens: { InvoiceNumber: 'INV2' } });
    expect([other.status, other.json.type]).toEqual([409, 'urn:errand:problem:conflict']);
  });

  it('ends the wait when the client goes away', async () => {
    const enqueued = new Promise<string>((resolve) => running.invocations.whenEnqueued(resolve));
    const controller = new AbortController();
    const headers = { prefer: 'wait=60' };
    const asked = running.call('POST', '/v1/invocations', { body, headers, signal: controller.signal });
    const id = await enqueued;
    await expect.poll(() => running.invocations.waits.some((wait) => wait.id === id)).toBe(true);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => running.invocations.waits.find((wait) => wait.id === id)?.aborted).toBe(true);
  });

  it('tells where it is even when waiting fails', async () => {
    const unlucky = await startApi(() => {
      const { invocations } = running;
      const waitForEnd = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
      return { invocations: { ...invocations.port, waitForEnd } };
    });
    try {
      const answer = await unlucky.call('POST', '/v1/invocations', { body, headers: { prefer: 'wait=5' } });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(answer.headers.get('location')).toMatch(/^\/v1\/invocations\/./);
    } finally {
      await unlucky.stop();
    }
  });
});

describe('contract §3: bytes in one call', () => {
  const accept = 'application/pdf, image/*';

  it('are the result, with everything that makes them safe', async () => {
    endAtOnce(succeed);
    const answer = await post({ accept });
    expect(answer.status).toBe(200);
    expect(answer.bytes).toEqual(pdf);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      etag: `"${sha256}"`,
      'last-modified': 'Sun, 01 Mar 2026 02:00:00 GMT',
      'cache-control': 'private, no-cache',
    });
    const id = answer.headers.get('location')?.split('/').at(-1);
    expect(answer.headers.get('content-disposition')).toBe(`inline; filename="GetInvoiceImage-${id}.pdf"`);
    expect(running.invocations.waits.at(-1)?.timeoutMs).toBe(60_000);
    expect((await get(`/v1/invocations/${id}`)).json.lane).toBe('interactive');
  });

  it('are a problem with the error where there are none', async () => {
    endAtOnce({ failure });
    const failed = await post({ accept, prefer: 'wait=5' });
    const id = failed.headers.get('location')?.split('/').at(-1);
    expect(failed.status).toBe(502);
    expect(failed.headers.get('content-type')).toContain('application/problem+json');
    expect(failed.json).toMatchObject({ detail: failure.message, error: failure, invocation: id });
    endAtOnce('cancelled');
    const cancelled = await post({ accept, prefer: 'wait=5' });
    expect([cancelled.status, cancelled.json.type]).toEqual([409, 'urn:errand:problem:invocation-cancelled']);
  });

  it('are a 202 with the invocation when it has not ended', async () => {
    const answer = await post({ accept, prefer: 'wait=0' });
    expect([answer.status, answer.json.status]).toEqual([202, 'queued']);
  });

  it('are not meant by an Accept that takes JSON as well', async () => {
    endAtOnce(succeed);
    expect((await post({ accept: 'text/html, */*;q=0.8', prefer: 'wait=5' })).json.status).toBe('succeeded');
  });
});

describe('contract §3: GET /v1/invocations/{id}', () => {
  it('waits, too', async () => {
    const { id } = (await post()).json;
    const waiting = get(`/v1/invocations/${id}`, { headers: { prefer: 'wait=30' } });
    await expect.poll(() => running.invocations.waits.some((wait) => wait.id === id)).toBe(true);
    running.invocations.end(id, succeed);
    const answer = await waiting;
    expect([answer.status, answer.json.status]).toEqual([200, 'succeeded']);
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
  });
});

describe('contract §3: GET /v1/invocations/{id}/result', () => {
  async function resultOf(contentType: string | null, headers: Record<string, string> = {}) {
    endAtOnce({ bytes: pdf, contentType });
    const { id } = (await post({ prefer: 'wait=5' })).json;
    return get(`/v1/invocations/${id}/result`, { headers });
  }

  it.each([
    ['application/pdf', 'inline', 'pdf'],
    ['image/png', 'inline', 'png'],
    ['text/plain; charset=utf-8', 'inline', 'txt'],
    ['text/csv', 'inline', 'csv'],
    ['text/html', 'attachment', 'html'],
    ['TEXT/HTML; charset=x', 'attachment', 'html'],
    ['application/xhtml+xml', 'attachment', 'xhtml'],
    ['image/svg+xml', 'attachment', 'svg'],
    ['text/xml', 'attachment', 'xml'],
    ['application/atom+xml', 'attachment', 'xml'],
    ['multipart/x-mixed-replace; boundary=x', 'attachment', 'bin'],
  ])('serves %s as %s', async (contentType, disposition, extension) => {
    const answer = await resultOf(contentType);
    expect(answer.status).toBe(200);
    expect(answer.bytes).toEqual(pdf);
    expect(answer.headers.get('content-type')).toBe(contentType);
    expect(answer.headers.get('content-security-policy')).toBe('sandbox');
    expect(answer.headers.get('content-disposition')).toMatch(
      new RegExp(`^${disposition}; filename="[\\w-]+\\.${extension}"$`),
    );
  });

  it.each([
    null,
    '',
    'nonsense',
    'text/html\r\nset-cookie: a=b',
    'text/html,application/pdf',
    'text / html',
  ])('serves what calls itself %j as mere bytes', async (contentType) => {
    const answer = await resultOf(contentType);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it.each([`"${sha256}"`, `W/"${sha256}"`, `"other", "${sha256}"`, '*'])('knows %s already', async (etag) => {
    const answer = await resultOf('application/pdf', { 'if-none-match': etag });
    expect([answer.status, answer.bytes.length, answer.headers.get('etag')]).toEqual([304, 0, `"${sha256}"`]);
  });

  it('is 404 while there is none', async () => {
    const { id } = (await post()).json;
    expect((await get(`/v1/invocations/${id}/result`)).status).toBe(404);
    expect((await get(`/v1/invocations/${id}/result`, { headers: { 'if-none-match': '"other"' } })).status).toBe(404);
  });
});

it('contract §3: ends waits early when it closes, with an honest 202', async () => {
  const closing = await startApi();
  const enqueued = new Promise<string>((resolve) => closing.invocations.whenEnqueued(resolve));
  const asked = closing.call('POST', '/v1/invocations', { body, headers: { prefer: 'wait=60' } });
  const id = await enqueued;
  await expect.poll(() => closing.invocations.waits.some((wait) => wait.id === id)).toBe(true);
  await Promise.all([closing.api.close(), closing.api.close()]);
  expect((await asked).status).toBe(202);
  await closing.stop();
});

it('contract §3: takes no endless chunked body', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      authorization: 'Bearer bootstrap-admin-key-of-the-tests-0123456789',
      'content-type': 'application/json',
    };
    const sent = httpRequest(`${running.url}/v1/invocations`, { method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
      sent.destroy();
    });
    sent.on('error', reject);
    const more = () => void (!sent.destroyed && sent.write(Buffer.alloc(65_536, ' '), more));
    more();
  });
  expect(status).toBe(413);
});
