import type { Problem } from '../contract/problem.ts';
import { ApiError, ApiUnreachable } from './errors.ts';
import { pause } from './pause.ts';

export type TransportOptions = {
  /** Where the API listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  apiKey: string;
  /**
   * How long one request may take, in milliseconds, besides the time that it asks the API to wait. Default 30,000.
   * Shorter finds a dead connection sooner; too short gives up on a busy API that would have answered.
   */
  timeoutMs?: number;
  /**
   * How many more times a request is sent that can be sent again safely: reads, and `enqueue`, which gets an idempotency
   * key for that. Only after a broken connection, a time-out, or 502, 503 and 504. Default 3; 0 turns it off.
   */
  retries?: number;
  /** Default: the platform's own `fetch`. */
  fetch?: typeof fetch;
};

export type CallOptions = {
  /** Ends the call, tries and pauses included; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
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
};

const defaultTimeoutMs = 30_000;
const defaultRetries = 3;

/** 250, 500, 1,000 ms, …, each with jitter between half and the whole; the API's `Retry-After` is never undercut. */
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** An API that asks for more than this is not waited for: the caller knows better what to do meanwhile. */
const longestRetryAfterMs = 60_000;

/** Requests with the key, a time limit, and further tries where those are safe. */
export function createTransport(options: TransportOptions): Transport {
  const { apiKey, timeoutMs = defaultTimeoutMs, retries = defaultRetries, fetch: fetchImpl = fetch } = options;
  const base = options.url.replace(/\/+$/, '');

  async function once(method: string, path: string, call: Call): Promise<Response> {
    const limit = AbortSignal.timeout(timeoutMs + (call.waitMs ?? 0));
    const headers = new Headers(call.headers);
    headers.set('authorization', `Bearer ${apiKey}`);
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    let response: Response;
    let bytes: ArrayBuffer;
    try {
      const payload = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
      const signal = call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]);
      response = await fetchImpl(base + path, { method, headers, signal, ...payload });
      // Read here, so that an answer that breaks off counts as none.
      bytes = await response.arrayBuffer();
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      throw new ApiUnreachable(base, error);
    }
    const { status, statusText, headers: answered } = response;
    if (!response.ok) throw new ApiError(problemOf(response, bytes), retryAfterMs(answered.get('retry-after')));
    return new Response(bytes.byteLength === 0 ? null : bytes, { status, statusText, headers: answered });
  }

  return {
    retries,
    async send(method, path, call = {}) {
      const { repeatable = method === 'GET' } = call;
      for (let tries = 0; ; tries += 1) {
        try {
          call.signal?.throwIfAborted();
          return await once(method, path, call);
        } catch (error) {
          const pauseMs = repeatable && tries < retries ? pauseBefore(error, tries) : null;
          if (pauseMs === null) throw error;
          await pause(pauseMs, call.signal);
        }
      }
    },
  };
}

/** `null`: another try would do no better. */
function pauseBefore(error: unknown, tries: number): number | null {
  const passing =
    error instanceof ApiUnreachable || (error instanceof ApiError && [502, 503, 504].includes(error.status));
  if (!passing) return null;
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  if (asked > longestRetryAfterMs) return null;
  const backoff = Math.min(firstPauseMs * 2 ** tries, longestPauseMs) * (0.5 + Math.random() / 2);
  return Math.max(asked, backoff);
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3). */
function retryAfterMs(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function problemOf({ status, statusText }: Response, bytes: ArrayBuffer): Problem {
  try {
    const problem: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isProblem(problem)) return problem;
  } catch {
    // Not JSON: some proxy's own page.
  }
  return {
    type: 'about:blank',
    title: statusText,
    status,
    detail: `The API answered ${status} ${statusText}`.trimEnd(),
  };
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { type, status, detail } = value as Partial<Problem>;
  return typeof type === 'string' && typeof status === 'number' && typeof detail === 'string';
}
