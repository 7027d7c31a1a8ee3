import type { Batch, BatchFilter, BatchHead, BatchItem } from '../contract/batch.ts';
import type { BatchReport } from '../contract/batch-report.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import type { RunSummary } from '../contract/run.ts';
import type { Schedule, ScheduleBody } from '../contract/schedule.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import { type WaitForBatchOptions, waitForBatch } from './batch-end.ts';
import { keyed } from './results.ts';
import type { CallOptions, Lines, Transport } from './transport.ts';

/** Items one after another, as many as there are; a string is a line of NDJSON that is passed on as it is. */
export type BatchItems = Iterable<BatchItem | string> | AsyncIterable<BatchItem | string>;

/** What `enqueueBatch` takes: an array goes as one body, at most 10,000 items; anything else is streamed. */
export type NewBatch = BatchHead &
  ({ items: readonly BatchItem[]; idempotencyKey?: string } | { items: BatchItems; idempotencyKey?: never });

/** Calls for batches and the runs that they belong to. */
export function batchCalls(transport: Transport) {
  const { send } = transport;
  const batch = (id: string, ...rest: string[]) => at('batches', id, ...rest);
  return {
    /**
     * Hands over many invocations of one command: when this resolves, all of them are kept, and will end; if it rejects
     * with `ApiError`, none is.
     *
     * An array gets an idempotency key where it has none, so that it can be sent again after a broken connection or a 503.
     * Any other iterable is read once, sent while it is read, and never sent twice: after `ApiUnreachable` look at
     * `batches` before you send it again.
     *
     * @throws TypeError for an iterable with an idempotency key; what the iterable throws
     */
    enqueueBatch: (body: NewBatch, call: CallOptions = {}) => json<Batch>(enqueue(transport, body, call)),
    batch: (id: string, call?: CallOptions) => json<Batch>(send('GET', batch(id), call)),
    batches: (query: ListQuery<BatchFilter> = {}, call?: CallOptions) =>
      json<Page<Batch>>(send('GET', withQuery(at('batches'), query), call)),
    /** What has not ended is cancelled, also what is being sent. @throws ApiError `conflict` if it has ended */
    cancelBatch: (id: string, call?: CallOptions) => json<Batch>(send('POST', batch(id, 'cancel'), call)),
    /** Counts, and a page of the items without a result. */
    batchReport: (id: string, query: Partial<PageQuery> = {}, call?: CallOptions) =>
      json<BatchReport>(send('GET', withQuery(batch(id, 'report'), query), call)),
    /** All items without a result, as CSV with a header, as bytes that come while they are read. */
    exportBatchReport: async (id: string, call?: CallOptions): Promise<ReadableStream<Uint8Array>> => {
      const { body } = await transport.open(batch(id, 'report'), { ...call, headers: { accept: 'text/csv' } });
      if (body === null) throw new Error('the answer has no body');
      return body;
    },
    /**
     * The batch when all of it has ended, whichever way: look at its `outcome` and counts.
     *
     * @throws WaitTimeout if it has not ended after `timeoutMs`
     */
    waitForBatch: (id: string, options: WaitForBatchOptions = {}) => waitForBatch(transport, id, options),
    runs: (query: ListQuery = {}, call?: CallOptions) =>
      json<Page<RunSummary>>(send('GET', withQuery(at('runs'), query), call)),
    run: (name: string, call?: CallOptions) => json<RunSummary>(send('GET', at('runs', name), call)),
  };
}

function enqueue(transport: Transport, body: NewBatch, call: CallOptions): Promise<Response> {
  const { items, idempotencyKey, ...head } = body;
  if (!Array.isArray(items)) {
    if (idempotencyKey !== undefined) throw new TypeError('idempotencyKey: only where items is an array');
    return transport.upload(withQuery(at('batches'), head), linesOf(items as BatchItems), call);
  }
  return transport.send('POST', at('batches'), { ...call, ...keyed(body, transport.retries) });
}

async function* linesOf(items: BatchItems): Lines & AsyncGenerator<string> {
  for await (const item of items) yield typeof item === 'string' ? item : JSON.stringify(item);
}

/** Calls for what starts batches by itself. */
export function scheduleCalls({ send }: Transport) {
  const schedules = (integration: string, ...rest: string[]) => at('integrations', integration, 'schedules', ...rest);
  return {
    schedules: (integration: string, query: ListQuery = {}, call?: CallOptions) =>
      json<Page<Schedule>>(send('GET', withQuery(schedules(integration), query), call)),
    schedule: (integration: string, name: string, call?: CallOptions) =>
      json<Schedule>(send('GET', schedules(integration, name), call)),
    putSchedule: (integration: string, name: string, body: ScheduleBody, call?: CallOptions) =>
      json<Schedule>(send('PUT', schedules(integration, name), { ...call, body })),
    deleteSchedule: async (integration: string, name: string, call?: CallOptions) =>
      void (await send('DELETE', schedules(integration, name), call)),
    /** Starts a run of it now, besides those of its clock. @throws ApiError `conflict` while one is open */
    runSchedule: (integration: string, name: string, call?: CallOptions) =>
      json<Schedule>(send('POST', schedules(integration, name, 'run'), call)),
  };
}
