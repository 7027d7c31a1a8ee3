import type { Problem } from '../contract/problem.ts';
import { ApiError, ApiUnreachable } from './errors.ts';

export type AskOptions = { url: string; apiKey: string | null; fetch?: typeof fetch };

/**
 * Asks the API once, with the key.
 *
 * @throws ApiError, ApiUnreachable, or the reason of the caller's own signal, which may be part of that of the request
 */
export type Ask = {
  /** The answer with its body: one that breaks off counts as none. */
  whole(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response>;
  /** The answer as soon as it has begun, its body unread. */
  begun(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response>;
};

export function createAsk({ url, apiKey, fetch: fetchImpl = globalThis.fetch.bind(globalThis) }: AskOptions): Ask {
  const base = url.replace(/\/+$/, '');

  async function ask(
    path: string,
    init: RequestInit,
    signal: AbortSignal | undefined,
    whole: boolean,
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    if (apiKey !== null) headers.set('authorization', `Bearer ${apiKey}`);
    let response: Response;
    let bytes: ArrayBuffer | null;
    try {
      response = await fetchImpl(base + path, { ...init, headers });
      bytes = whole || !response.ok ? await response.arrayBuffer() : null;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new ApiUnreachable(base, error);
    }
    if (bytes === null) return response;
    const { status, statusText, headers: answered } = response;
    if (!response.ok) throw new ApiError(problemOf(response, bytes), retryAfterMs(answered.get('retry-after')));
    return new Response(bytes.byteLength === 0 ? null : bytes, { status, statusText, headers: answered });
  }

  return {
    whole: (path, init, signal) => ask(path, init, signal, true),
    begun: (path, init, signal) => ask(path, init, signal, false),
  };
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
