import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorCatalogue, type Failure, type Side } from '../contract/errors.ts';
import type { CompiledAccept } from './accept.ts';
import { judgeContent } from './content.ts';
import type { Answer, Exchange, ExchangeFailure, ReceivedHeader } from './exchange.ts';
import { askedToWait } from './retry-after.ts';

/** What is to be made of an exchange. */
export type Verdict =
  /** `bytes` is null where the stored ones still hold: a 304 to a conditional request. */
  | { outcome: 'succeeded'; status: number; contentType: string | null; bytes: Uint8Array | null }
  | {
      outcome: 'retryable' | 'permanent';
      failure: Failure;
      /** What the server asked to wait (`Retry-After`), in milliseconds. */
      retryAfterMs?: number;
    };

/** The statuses that may pass (contract §6). All others would only say the same again. */
const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Decides about an exchange: pure, and the only place that does (contract §6).
 *
 * @param now Unix milliseconds, for a `Retry-After` that is a date.
 * @param conditional did Errand make the request conditional on a result that is stored? Only then is a 304 a success.
 */
export function judge(exchange: Exchange, accept: CompiledAccept, now: number, conditional = false): Verdict {
  switch (exchange.kind) {
    case 'failure':
      return judgeFailure(exchange, accept, now);
    case 'answer':
      // Another origin was not asked conditionally: the validators did not go along.
      if (conditional && exchange.status === 304 && exchange.redirected !== 'beyond') {
        return { outcome: 'succeeded', status: 304, contentType: null, bytes: null };
      }
      return judgeAnswer(exchange, accept, now);
    default:
      return exchange satisfies never;
  }
}

function judgeFailure(exchange: ExchangeFailure, accept: CompiledAccept, now: number): Verdict {
  const { code, message, status, headers = [] } = exchange;
  // An error page that is too large is still the error that its status says: a 503 passes.
  if (
    code === 'response-too-large' &&
    status !== undefined &&
    !(accept.accepts(status) && !accept.absent.has(status))
  ) {
    return judgeStatus({ status, headers }, accept, now);
  }
  const failed = verdict(exchange.retryable ? 'retryable' : 'permanent', code, message, exchange.side);
  const asked = status !== undefined && retryableStatuses.has(status);
  return exchange.retryable && asked ? withRetryAfter(failed, headers, now) : failed;
}

function judgeAnswer(answer: Answer, accept: CompiledAccept, now: number): Verdict {
  const { status, body } = answer;
  if (accept.absent.has(status) || !accept.accepts(status)) return judgeStatus(answer, accept, now);
  if (body.byteLength > accept.maxBytes) {
    const sizes = `${count(body.byteLength)} bytes; accept.maxBytes allows ${count(accept.maxBytes)}`;
    return verdict('permanent', 'response-too-large', `The server answered with ${sizes}.`);
  }
  const content = judgeContent(answer, accept);
  if (content.ok) return { outcome: 'succeeded', status, contentType: content.contentType, bytes: content.bytes };
  return verdict(content.cutOff ? 'retryable' : 'permanent', content.code, content.message, content.side);
}

/** A status that is no success. */
function judgeStatus(
  { status, headers, notFollowed }: Pick<Answer, 'status' | 'headers' | 'notFollowed'>,
  accept: CompiledAccept,
  now: number,
): Verdict {
  const named = STATUS_CODES[status] === undefined ? `${status}` : `${status} ${STATUS_CODES[status]}`;
  if (accept.absent.has(status)) {
    const message = `The server answered ${named}: there is no such thing there (accept.absentStatuses has ${status}).`;
    return verdict('permanent', 'absent', message);
  }
  // RFC 9110 §15: statuses outside of 100 to 599 are invalid, to be taken for a server's error. A broken answer.
  if (status < 100 || status > 599) {
    const message = `The server answered with the status ${status}, which HTTP does not have (100 to 599).`;
    return verdict('retryable', 'protocol-error', message);
  }
  if (retryableStatuses.has(status)) {
    const failed = verdict('retryable', 'unexpected-status', `The server answered ${named}; it may pass.`);
    return withRetryAfter(failed, headers, now);
  }
  const advice = adviceFor(status, notFollowed) ?? `accept.statuses takes ${accept.statuses}.`;
  return verdict('permanent', 'unexpected-status', `The server answered ${named}; ${advice}`, sideOf(status));
}

function adviceFor(status: number, notFollowed?: string): string | null {
  if (status === 401) return 'are the credentials that the command sends right, and not expired?';
  if (status === 403) return 'may these credentials do that, and may they be used from this address?';
  if (status === 407) return 'a proxy wants credentials.';
  if (status === 405) return "is the command's method the one that the server wants?";
  if (status === 415) return "is the command's Content-Type the one that the server wants?";
  if (status === 304)
    return 'nothing was sent back: remove the conditional headers (If-None-Match, If-Modified-Since).';
  if (status >= 300 && status < 400) {
    const advice = 'put the final address into the URL.';
    if (notFollowed === undefined) return `that is no redirect to follow: ${advice}`;
    return notFollowed.endsWith('?') ? `${notFollowed} If not, ${advice}` : `${notFollowed}: ${advice}`;
  }
  return null;
}

function sideOf(status: number): Side | undefined {
  if (status === 401 || status === 403 || status === 407) return 'credentials';
  if ((status >= 300 && status < 400) || status === 405 || status === 406 || status === 415) return 'configuration';
  return undefined;
}

function verdict(
  outcome: 'retryable' | 'permanent',
  code: ErrorCode,
  message: string,
  side: Side = errorCatalogue[code].side,
): Extract<Verdict, { failure: Failure }> {
  return { outcome, failure: { code, message, side } };
}

function withRetryAfter(
  failed: Extract<Verdict, { failure: Failure }>,
  headers: readonly ReceivedHeader[],
  now: number,
): Verdict {
  const retryAfterMs = askedToWait(headers, now);
  if (retryAfterMs === undefined) return failed;
  const message = `${failed.failure.message} It asked to wait ${count(Math.ceil(retryAfterMs / 1000))} s (Retry-After).`;
  return { ...failed, failure: { ...failed.failure, message }, retryAfterMs };
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
