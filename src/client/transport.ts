import { type Ask, createAsk } from './ask.ts';
import { ApiError, ApiUnreachable } from './errors.ts';
import { pause } from './pause.ts';
import { createUpload } from './upload.ts';

export type TransportOptions = {
  /** Where the API listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  /** `null`: none is sent, and a browser that is signed in sends its cookie. */
  apiKey: string | null;
  /**
   * How long one request may take, in milliseconds, besides the time that it asks the API to wait. Default 30,000.
   * Shorter finds a dead connection sooner; too short gives up on a busy API that would have answered.
   */
  timeoutMs?: number;
  /**
   * How many more times a request is sent that can be sent again safely: reads, and `enqueue`, which gets an idempotency
   * key for that. Only after a broken connection, a time-out, or 429, 502, 503 and 504. Default 3; 0 turns it off.
   */
  retries?: number;
  /** Default: the platform's own `fetch`. */
  fetch?: typeof fetch;
};

export type CallOptions = {
  /** Ends the call, tries and pauses included; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** For this call in place of the client's own, in milliseconds: it bounds each try. */
  timeoutMs?: number | undefined;
};

export type Call = CallOptions & {
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** How long the API was asked to wait before it answers. */
  waitMs?: number;
  /** May it be sent twice? Default: only GET. */
  repeatable?: boolean;
};

export type Transport = {
  readonly retries: number;
  /** @throws ApiError, ApiUnreachable, or the signal's reason */
  send(method: string, path: string, call?: Call): Promise<Response>;
  /**
   * Posts lines as NDJSON as they come; never twice, since they can be had only once. `timeoutMs` bounds how long the API
   * takes nothing of them, and how long it takes to answer after the last.
   *
   * @throws as `send`, and what the lines' source throws
   */
  upload(path: string, lines: Lines, call?: CallOptions): Promise<Response>;
  /**
   * An answer whose body is still to come; `timeoutMs` bounds how long it takes to begin. Sent once.
   *
   * @throws as `send`; reading the body rejects as `fetch` has it
   */
  open(path: string, call?: OpenOptions): Promise<Response>;
};

export type OpenOptions = CallOptions & Pick<Call, 'headers'>;

/** Lines without their ends. */
export type Lines = Iterable<string> | AsyncIterable<string>;

/** `Prefer: wait=N` (RFC 7240). */
export function waiting(seconds: number) {
  return { headers: { prefer: `wait=${seconds}` }, waitMs: seconds * 1000 } satisfies Call;
}

const defaultTimeoutMs = 30_000;
const defaultRetries = 3;

/** 250, 500, 1,000 ms, …, each with jitter between half and the whole; the API's `Retry-After` is never undercut. */
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** An API that asks for more than this is not waited for: the caller knows better what to do meanwhile. */
const longestRetryAfterMs = 60_000;

/** Requests with the key, a time limit, and further tries where those are safe. */
export function createTransport(options: TransportOptions): Transport {
  const { timeoutMs = defaultTimeoutMs, retries = defaultRetries } = options;
  const ask = createAsk(options);
  return {
    retries,
    upload: (path, lines, call = {}) => upload(ask, call.timeoutMs ?? timeoutMs, path, lines, call),
    open: (path, call = {}) => open(ask, call.timeoutMs ?? timeoutMs, path, call),
    async send(method, path, call = {}) {
      const { repeatable = method === 'GET' } = call;
      for (let tries = 0; ; tries += 1) {
        try {
          call.signal?.throwIfAborted();
          return await once(ask, call.timeoutMs ?? timeoutMs, method, path, call);
        } catch (error) {
          const pauseMs = repeatable && tries < retries ? pauseBefore(error, tries) : null;
          if (pauseMs === null) throw error;
          await pause(pauseMs, call.signal);
        }
      }
    },
  };
}

async function once(ask: Ask, timeoutMs: number, method: string, path: string, call: Call): Promise<Response> {
  const signal = either(AbortSignal.timeout(timeoutMs + (call.waitMs ?? 0)), call.signal);
  const headers = new Headers(call.headers);
  if (call.body !== undefined) headers.set('content-type', 'application/json');
  const payload = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  return ask.whole(path, { method, headers, signal, ...payload }, call.signal);
}

async function upload(ask: Ask, timeoutMs: number, path: string, lines: Lines, call: CallOptions): Promise<Response> {
  call.signal?.throwIfAborted();
  const { body, stalled, failure, close } = createUpload(lines, timeoutMs);
  const headers = { 'content-type': 'application/x-ndjson' };
  try {
    const signal = either(stalled, call.signal);
    return await ask.begun(path, { method: 'POST', headers, signal, body, duplex: 'half' }, call.signal);
  } catch (error) {
    // What fetch makes of a source that fails says less than the source did.
    throw failure()?.error ?? error;
  } finally {
    await close();
  }
}

async function open(ask: Ask, timeoutMs: number, path: string, call: OpenOptions): Promise<Response> {
  call.signal?.throwIfAborted();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DOMException('No answer came in time.', 'TimeoutError')), timeoutMs);
  try {
    return await ask.begun(
      path,
      { headers: call.headers ?? {}, signal: either(limit.signal, call.signal) },
      call.signal,
    );
  } finally {
    clearTimeout(timer);
  }
}

function either(limit: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? limit : AbortSignal.any([limit, signal]);
}

/** An invocation that failed is a 502 of its own: it has had its tries. */
function isPassing({ status, type }: ApiError): boolean {
  return [429, 502, 503, 504].includes(status) && type !== 'invocation-failed';
}

/** `null`: another try would do no better. */
function pauseBefore(error: unknown, tries: number): number | null {
  if (!(error instanceof ApiUnreachable) && !(error instanceof ApiError && isPassing(error))) return null;
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  if (asked > longestRetryAfterMs) return null;
  const backoff = Math.min(firstPauseMs * 2 ** tries, longestPauseMs) * (0.5 + Math.random() / 2);
  return Math.max(asked, backoff);
}
