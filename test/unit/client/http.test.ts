import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, ApiUnreachable, createClient, WaitTimeout } from '../../../src/client/index.ts';

type Sent = { method: string; url: string; headers: Headers; body: unknown; signal: AbortSignal };
type Answer = (sent: Sent) => Response | Promise<Response>;

const invocation = (status: string) => Response.json({ id: 'i1', status, attempts: [] });
const problem = (status: number, name: string, headers: Record<string, string> = {}) =>
  Response.json(
    {
      type: `urn:errand:problem:${name}`,
      title: name,
      status,
      detail: 'So it is.',
      errors: [{ path: 'a', message: 'b' }],
    },
    { status, headers: { 'content-type': 'application/problem+json', ...headers } },
  );
const broken = () => {
  throw new TypeError('fetch failed');
};

describe('contract §4: the HTTP client', () => {
  let sent: Sent[];
  let answers: Answer[];

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    answers = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const client = (options: { retries?: number } = {}) =>
    createClient({
      url: 'http://errand.test/',
      apiKey: 'key',
      ...options,
      fetch: async (url, init) => {
        const body = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
        const request = { url: String(url), method: init?.method ?? '', headers: new Headers(init?.headers), body };
        const next = { ...request, signal: init?.signal as AbortSignal };
        sent.push(next);
        const answer = answers.shift();
        if (answer === undefined) throw new Error('no more answers');
        return answer(next);
      },
    });
  const body = { integration: 'acme', command: 'GetInvoiceImage' };
  /** Runs timers until it has settled. */
  async function settled<Value>(work: Promise<Value>): Promise<Value> {
    work.catch(() => undefined);
    await vi.runAllTimersAsync();
    return work;
  }

  it('sends an enqueue again after a broken connection and a 503, with one idempotency key', async () => {
    answers = [broken, () => problem(503, 'unavailable'), () => invocation('queued')];
    expect(await settled(client().enqueue(body))).toMatchObject({ id: 'i1' });
    const keys = sent.map((each) => (each.body as { idempotencyKey: string }).idempotencyKey);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(1);
    expect(sent[0]).toMatchObject({ url: 'http://errand.test/v1/invocations', method: 'POST' });
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer key');
  });

  it('waits as long as a 429 asks it to, and never sends a failed invocation again', async () => {
    answers = [() => problem(429, 'too-many-requests', { 'retry-after': '7' }), () => invocation('queued')];
    const startedAt = Date.now();
    await settled(client().enqueue(body));
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(7_000);
    expect(sent).toHaveLength(2);
    answers = [() => problem(502, 'invocation-failed')];
    await expect(settled(client().enqueueForBytes(body))).rejects.toMatchObject({ type: 'invocation-failed' });
    expect(sent).toHaveLength(3);
  });

  it('takes the time limit of a call in place of its own', async () => {
    answers = [() => Response.json({ id: 'acme' })];
    const limit = vi.spyOn(AbortSignal, 'timeout');
    await settled(client().getIntegration('acme', { timeoutMs: 1_234 }));
    expect(limit).toHaveBeenCalledWith(1_234);
    limit.mockRestore();
  });

  it("keeps the caller's own idempotency key", async () => {
    answers = [() => invocation('queued')];
    await settled(client().enqueue({ ...body, idempotencyKey: 'mine' }));
    expect(sent[0]?.body).toMatchObject({ idempotencyKey: 'mine' });
  });

  it('sends once and without a key where retries are off', async () => {
    answers = [broken];
    await expect(settled(client({ retries: 0 }).enqueue(body))).rejects.toThrow(ApiUnreachable);
    expect(sent.map((each) => each.body)).toEqual([body]);
  });

  it('never undercuts Retry-After', async () => {
    answers = [() => problem(503, 'unavailable', { 'retry-after': '7' }), () => invocation('queued')];
    const enqueued = client().enqueue(body);
    await vi.advanceTimersByTimeAsync(6_900);
    expect(sent).toHaveLength(1);
    await settled(enqueued);
    expect(sent).toHaveLength(2);
  });

  it('gives up at once where Retry-After is more than a minute', async () => {
    answers = [() => problem(503, 'unavailable', { 'retry-after': '3600' })];
    await expect(settled(client().enqueue(body))).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
  });

  it('gives up after its retries', async () => {
    answers = [broken, broken, broken, broken, broken];
    await expect(settled(client().getInvocation('i1'))).rejects.toThrow(ApiUnreachable);
    expect(sent).toHaveLength(4);
  });

  it.each([400, 401, 403, 404, 409, 422, 500])('does not repeat a %i', async (status) => {
    answers = [() => problem(status, 'invalid')];
    const error = await settled(client().enqueue(body)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ type: 'invalid', status, errors: [{ path: 'a', message: 'b' }] });
    expect((error as Error).message).toBe('So it is.\n  a: b');
  });

  it('does not repeat a change that is no enqueue', async () => {
    answers = [broken];
    await expect(settled(client().createKey({ role: 'producer', accounts: '*' }))).rejects.toThrow(ApiUnreachable);
    expect(sent).toHaveLength(1);
  });

  it('tells of a proxy that answers with its own page', async () => {
    answers = [() => new Response('<html>', { status: 418, statusText: 'Teapot' })];
    await expect(settled(client().getInvocation('i1'))).rejects.toMatchObject({ type: 'about:blank', status: 418 });
  });

  it('waits in rounds until it has ended', async () => {
    const seen: string[] = [];
    answers = [() => invocation('queued'), () => invocation('retrying'), () => invocation('succeeded')];
    const ended = await settled(
      client().wait('i1', { onProgress: ({ status }) => seen.push(status), roundSeconds: 5 }),
    );
    expect(ended.status).toBe('succeeded');
    expect(seen).toEqual(['queued', 'retrying']);
    expect(sent.map(({ headers }) => headers.get('prefer'))).toEqual(['wait=5', 'wait=5', 'wait=5']);
  });

  it('ends a wait after its time, with the invocation as it was', async () => {
    answers = Array.from({ length: 10 }, () => () => invocation('running'));
    const error = await settled(client().wait('i1', { timeoutMs: 2_500 })).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WaitTimeout);
    expect((error as WaitTimeout).invocation?.status).toBe('running');
    expect(sent.length).toBeLessThanOrEqual(5);
  });

  it("ends with the signal's reason, in a request and in a pause", async () => {
    const asking = new AbortController();
    answers = [
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ];
    const asked = client().enqueue(body, { signal: asking.signal });
    await vi.advanceTimersByTimeAsync(10);
    asking.abort(new Error('enough'));
    await expect(settled(asked)).rejects.toThrow('enough');

    const pausing = new AbortController();
    answers = [() => problem(503, 'unavailable', { 'retry-after': '30' })];
    const paused = client().enqueue(body, { signal: pausing.signal });
    await vi.advanceTimersByTimeAsync(10);
    pausing.abort(new Error('too long'));
    await expect(settled(paused)).rejects.toThrow('too long');
  });

  it('writes filters and cursors into the query', async () => {
    answers = [() => Response.json({ items: [], nextCursor: null })];
    await settled(client().listIntegrations({ q: 'a b', limit: 200 }));
    expect(sent[0]?.url).toBe('http://errand.test/v1/integrations?q=a+b&limit=200');
  });
});
