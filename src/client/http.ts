import type { EnqueuedInvocation, Invocation, InvocationBody, InvocationFilter } from '../contract/invocation.ts';
import { hasEnded } from '../contract/invocation-status.ts';
import type { Page } from '../contract/paging.ts';
import type { Redrive, RedriveBody } from '../contract/redrive.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import { adminCalls } from './admin.ts';
import { batchCalls, scheduleCalls } from './batches.ts';
import { commandCalls } from './commands.ts';
import { WaitTimeout } from './errors.ts';
import { integrationCalls } from './integrations.ts';
import { notificationCalls } from './notifications.ts';
import { pause } from './pause.ts';
import { keyed, resultCalls } from './results.ts';
import { statisticsCalls } from './statistics.ts';
import { type CallOptions, createTransport, type Transport, type TransportOptions, waiting } from './transport.ts';

export { ApiError, ApiUnreachable } from './errors.ts';

export type HttpClientOptions = TransportOptions;

export type EnqueueOptions = CallOptions & {
  /** Waits up to so many seconds (at most 60) for the end of the invocation; the lane is then interactive by default. */
  waitSeconds?: number;
};

export type WaitOptions = Pick<CallOptions, 'signal'> & {
  /** For how long to wait at most, in milliseconds. Default: until it has ended, however long that takes. */
  timeoutMs?: number;
  /** Called with the invocation as it is, each time it was looked up and has not ended. */
  onProgress?: (invocation: Invocation) => void;
  /** How long each request lets the API wait, in seconds: how often `onProgress` is called. Default 30, at most 60. */
  roundSeconds?: number;
};

export type HttpClient = ReturnType<typeof createHttpClient>;

/**
 * Errand's HTTP API, typed. Every call takes an AbortSignal, and rejects with `ApiError` if the API answers with a problem,
 * with `ApiUnreachable` if it does not answer (in time), and with the signal's reason if that aborts.
 *
 * `enqueue` and `enqueueBatch` give what has no idempotency key one, so that it can be sent again after a broken
 * connection or a 503 without running twice.
 */
export function createHttpClient(options: HttpClientOptions) {
  const transport = createTransport(options);
  return {
    ...invocationCalls(transport),
    ...resultCalls(transport),
    ...batchCalls(transport),
    ...scheduleCalls(transport),
    ...integrationCalls(transport),
    ...commandCalls(transport),
    ...statisticsCalls(transport),
    ...notificationCalls(transport),
    ...adminCalls(transport),
  };
}

function invocationCalls(transport: Transport) {
  const { send } = transport;
  return {
    /** Accepts an invocation: when this resolves, it is kept, and will end. */
    enqueue: (body: InvocationBody, { waitSeconds, ...call }: EnqueueOptions = {}) => {
      const waits = waitSeconds === undefined ? {} : waiting(waitSeconds);
      return json<EnqueuedInvocation>(
        send('POST', at('invocations'), { ...call, ...keyed(body, transport.retries), ...waits }),
      );
    },
    /**
     * The invocation when it has ended, whichever way: look at its `status` and `error`.
     *
     * @throws WaitTimeout if it has not ended after `timeoutMs`
     */
    wait: (id: string, waitOptions: WaitOptions = {}) => waitForEnd(transport, id, waitOptions),
    getInvocation: (id: string, call?: CallOptions) => json<Invocation>(send('GET', at('invocations', id), call)),
    listInvocations: (query: ListQuery<InvocationFilter> = {}, call?: CallOptions) =>
      json<Page<Invocation>>(send('GET', withQuery(at('invocations'), query), call)),
    /** Opens an ended one again, with the command as it is now. @throws ApiError `conflict` while it has not ended */
    retryInvocation: (id: string, call?: CallOptions) =>
      json<Invocation>(send('POST', at('invocations', id, 'retry'), call)),
    /** Ends an open one; a request in flight is broken off. @throws ApiError `conflict` if it has ended */
    cancelInvocation: (id: string, call?: CallOptions) =>
      json<Invocation>(send('POST', at('invocations', id, 'cancel'), call)),
    /** Retries all that ended and fit the filters; with `dryRun` only counts them. */
    redrive: (body: RedriveBody, call?: CallOptions) =>
      json<Redrive>(send('POST', at('invocations', 'redrive'), { ...call, body })),
  };
}

const longestRoundSeconds = 60;
/** An API that shuts down answers at once, however long it was asked to wait. */
const leastRoundMs = 1_000;

async function waitForEnd({ send }: Transport, id: string, options: WaitOptions): Promise<Invocation> {
  const { timeoutMs = Number.POSITIVE_INFINITY, onProgress, roundSeconds = 30, signal } = options;
  const until = performance.now() + timeoutMs;
  for (;;) {
    const startedAt = performance.now();
    const seconds = Math.max(0, Math.min(roundSeconds, longestRoundSeconds, Math.floor((until - startedAt) / 1000)));
    const invocation = await json<Invocation>(send('GET', at('invocations', id), { ...waiting(seconds), signal }));
    if (hasEnded(invocation.status)) return invocation;
    onProgress?.(invocation);
    if (performance.now() >= until) throw new WaitTimeout(`Invocation ${id}`, timeoutMs, { invocation });
    const rest = Math.min(leastRoundMs, until - startedAt) - (performance.now() - startedAt);
    if (rest > 0) await pause(rest, signal);
  }
}
