import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, ApiUnreachable, createClient, WaitTimeout } from '../../../src/client/index.ts';

type Sent = { method: string; url: string; headers: Headers; body: string | null; signal: AbortSignal };
type Answer = (sent: Sent) => Response | Promise<Response>;

const batch = (status: string, succeeded = 0) => {
  const finishedAt = status === 'finished' || status === 'cancelled' ? '2026-11-23T02:00:00.000Z' : null;
  return { id: 'b1', status, total: 3, succeeded, finishedAt };
};
const answer = (status: string, succeeded = 0) => Response.json(batch(status, succeeded));
const problem = (status: number) =>
  Response.json({ type: 'urn:errand:problem:x', title: 'x', status, detail: 'So it is.' }, { status });
const broken = () => {
  throw new TypeError('fetch failed');
};
const event = (name: string, id: number, data: unknown) =>
  `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/** A stream of server-sent events in these pieces, which then ends, breaks or says nothing more. */
function stream(pieces: readonly string[], then: 'ends' | 'breaks' | 'is silent' = 'ends'): Answer {
  return ({ signal }) => {
    const encoder = new TextEncoder();
    const left = [...pieces];
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
      async pull(controller) {
        const piece = left.shift();
        if (piece !== undefined) controller.enqueue(encoder.encode(piece));
        else if (then === 'ends') controller.close();
        else if (then === 'breaks') controller.error(new TypeError('terminated'));
        else await new Promise(() => undefined);
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
}

describe("the client's batches", () => {
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

  const client = (options: { retries?: number; timeoutMs?: number } = {}) =>
    createClient({
      url: 'http://errand.test/',
      apiKey: 'key',
      ...options,
      fetch: async (url, init) => {
        const { method = 'GET', body } = init ?? {};
        const request = { method, url: String(url), headers: new Headers(init?.headers), body: null };
        const next: Sent = { ...request, signal: init?.signal as AbortSignal };
        sent.push(next);
        if (body !== null && body !== undefined) next.body = await new Response(body).text();
        const given = answers.shift();
        if (given === undefined) throw new Error('no more answers');
        return given(next);
      },
    });
  async function settled<Value>(work: Promise<Value>): Promise<Value> {
    work.catch(() => undefined);
    await vi.runAllTimersAsync();
    return work;
  }
  const paths = () => sent.map(({ url }) => url.replace('http://errand.test/v1', ''));
  const head = { integration: 'acme', command: 'GetInvoiceImage' };
  const items = [{ tokens: { InvoiceNumber: 'I1' } }, { tokens: { InvoiceNumber: 'I2' }, reference: 'two' }];

  describe('enqueueing (contract §3)', () => {
    it('sends an array as one body, again after a broken connection, with one idempotency key', async () => {
      answers = [broken, () => problem(503), () => answer('queued')];
      expect(await settled(client().enqueueBatch({ ...head, run: 'night', items }))).toMatchObject({ id: 'b1' });
      const bodies = sent.map(({ body }) => JSON.parse(body ?? ''));
      expect(bodies[0]).toEqual({
        ...head,
        run: 'night',
        items,
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      expect(bodies[1]).toEqual(bodies[0]);
      expect(bodies[2]).toEqual(bodies[0]);
      expect(sent[0]?.headers.get('content-type')).toBe('application/json');
    });

    it("keeps the caller's own key", async () => {
      answers = [() => answer('queued')];
      await settled(client().enqueueBatch({ ...head, items, idempotencyKey: 'mine' }));
      expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ idempotencyKey: 'mine' });
    });

    it('streams any other iterable as NDJSON, strings as they are', async () => {
      async function* some() {
        yield* items;
        yield '{"tokens":{"Amount":12.50}}';
      }
      answers = [() => answer('queued')];
      await settled(client().enqueueBatch({ ...head, run: 'a b', finishBy: '2027-01-01T06:00:00Z', items: some() }));
      expect(paths()).toEqual([
        '/batches?integration=acme&command=GetInvoiceImage&run=a+b&finishBy=2027-01-01T06%3A00%3A00Z',
      ]);
      expect(sent[0]?.headers.get('content-type')).toBe('application/x-ndjson');
      expect(sent[0]?.body).toBe(
        `${JSON.stringify(items[0])}\n${JSON.stringify(items[1])}\n{"tokens":{"Amount":12.50}}\n`,
      );
    });

    it('never sends a stream twice', async () => {
      answers = [broken, () => answer('queued')];
      await expect(settled(client().enqueueBatch({ ...head, items: items.values() }))).rejects.toThrow(ApiUnreachable);
      expect(sent).toHaveLength(1);
    });

    it('rejects with what the iterable throws', async () => {
      async function* failing() {
        yield* items;
        throw new Error('the cursor is gone');
      }
      await expect(settled(client().enqueueBatch({ ...head, items: failing() }))).rejects.toThrow('the cursor is gone');
    });

    it('refuses an idempotency key for a stream, which it could not keep', () => {
      const wrong = { ...head, items: items.values(), idempotencyKey: 'k' } as never;
      expect(() => client().enqueueBatch(wrong)).toThrow(/only where items is an array/);
    });
  });

  describe('waiting', () => {
    const waitFor = (options: Parameters<ReturnType<typeof client>['waitForBatch']>[1] = {}) => {
      const seen: number[] = [];
      const onProgress = ({ succeeded }: { succeeded: number }) => seen.push(succeeded);
      return { ended: settled(client({ retries: 0 }).waitForBatch('b1', { onProgress, ...options })), seen };
    };

    it('follows the events to the end, however they are cut', async () => {
      const text = event('progress', 1, batch('running', 1)) + event('progress', 2, batch('running', 2));
      answers = [stream([text.slice(0, 31), text.slice(31), event('end', 3, batch('finished', 3))], 'is silent')];
      const { ended, seen } = waitFor();
      expect(await ended).toEqual(batch('finished', 3));
      expect(seen).toEqual([1, 2]);
      expect(paths()).toEqual(['/batches/b1/events']);
      expect(sent[0]?.headers.get('accept')).toBe('text/event-stream');
      expect(sent[0]?.headers.has('last-event-id')).toBe(false);
      expect(sent[0]?.signal.aborted).toBe(true);
    });

    it('looks and resumes after the last event where the stream breaks', async () => {
      answers = [
        stream([event('progress', 7, batch('running', 1))], 'breaks'),
        () => answer('running', 2),
        stream([': still here\n\n', event('end', 8, batch('finished', 3))]),
      ];
      const { ended, seen } = waitFor();
      expect(await ended).toEqual(batch('finished', 3));
      expect(seen).toEqual([1, 2]);
      expect(paths()).toEqual(['/batches/b1/events', '/batches/b1', '/batches/b1/events']);
      expect(sent[2]?.headers.get('last-event-id')).toBe('7');
    });

    it('waits for what is still running of a cancelled batch', async () => {
      const cancelling = { ...batch('cancelled', 1), finishedAt: null };
      answers = [stream([event('progress', 1, cancelling), event('end', 2, batch('cancelled', 1))])];
      expect(await waitFor().ended).toEqual(batch('cancelled', 1));
    });

    it('sees the end by looking, where the stream ended too early', async () => {
      answers = [stream([event('progress', 1, batch('running', 1))]), () => answer('cancelled', 1)];
      expect(await waitFor().ended).toEqual(batch('cancelled', 1));
    });

    it('takes a silent stream for a dead one', async () => {
      answers = [stream([event('progress', 1, batch('running', 1))], 'is silent'), () => answer('finished', 3)];
      expect(await waitFor().ended).toEqual(batch('finished', 3));
    });

    it('only looks where streams bring nothing', async () => {
      const none = () => problem(502);
      answers = [none, () => answer('running', 1), none, () => answer('running', 2), () => answer('finished', 3)];
      const { ended, seen } = waitFor();
      expect(await ended).toEqual(batch('finished', 3));
      expect(seen).toEqual([1, 2]);
      expect(paths().filter((path) => path.endsWith('/events'))).toHaveLength(2);
    });

    it('rejects where there is no such batch', async () => {
      answers = [() => problem(404), () => problem(404)];
      await expect(waitFor().ended).rejects.toThrow(ApiError);
    });

    it('ends after its time, with the batch as it was', async () => {
      answers = [stream([event('progress', 1, batch('running', 2))], 'is silent')];
      const error = await waitFor({ timeoutMs: 5_000 }).ended.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(WaitTimeout);
      expect((error as WaitTimeout).batch).toEqual(batch('running', 2));
      expect(sent[0]?.signal.aborted).toBe(true);
    });

    it("ends with the signal's reason, or with what onProgress throws", async () => {
      const stopping = new AbortController();
      answers = [stream([event('progress', 1, batch('running', 2))], 'is silent')];
      const onProgress = () => stopping.abort(new Error('enough'));
      await expect(waitFor({ signal: stopping.signal, onProgress }).ended).rejects.toThrow('enough');
      answers = [stream([event('progress', 1, batch('running', 2))])];
      const throwing = () => {
        throw new Error('no room on the screen');
      };
      await expect(waitFor({ onProgress: throwing }).ended).rejects.toThrow('no room on the screen');
    });
  });

  it('asks for batches, reports, runs and schedules where they are', async () => {
    const errand = client();
    answers = Array.from({ length: 12 }, () => () => Response.json({}));
    await errand.batch('b1');
    await errand.batches({ run: 'night 1', limit: 10 });
    await errand.cancelBatch('b1');
    await errand.batchReport('b1', { limit: 200, cursor: 'c' });
    await errand.runs({ limit: 1 });
    await errand.run('night 1/2');
    await errand.schedules('acme');
    await errand.schedule('acme', 'nightly sync');
    await errand.putSchedule('acme', 'nightly', { command: 'GetInvoiceImage', cron: '0 2 * * *', items });
    await errand.deleteSchedule('acme', 'nightly');
    await errand.runSchedule('acme', 'nightly');
    await errand.previewCommand('acme', 'GetInvoiceImage', { tokens: { InvoiceNumber: 'I1' } });
    expect(sent.map(({ method }, index) => `${method} ${paths()[index]}`)).toEqual([
      'GET /batches/b1',
      'GET /batches?run=night+1&limit=10',
      'POST /batches/b1/cancel',
      'GET /batches/b1/report?limit=200&cursor=c',
      'GET /runs?limit=1',
      'GET /runs/night%201%2F2',
      'GET /integrations/acme/schedules',
      'GET /integrations/acme/schedules/nightly%20sync',
      'PUT /integrations/acme/schedules/nightly',
      'DELETE /integrations/acme/schedules/nightly',
      'POST /integrations/acme/schedules/nightly/run',
      'POST /integrations/acme/commands/GetInvoiceImage/preview',
    ]);
  });
});
