import type { Side } from '../contract/errors.ts';
import type { Phases } from '../contract/invocation.ts';

/** A header as received, in the order in which it came; names keep their spelling. */
export type ReceivedHeader = { readonly key: string; readonly value: string };

/** A complete HTTP answer: what `judge` decides about. */
export type Answer = {
  kind: 'answer';
  status: number;
  headers: readonly ReceivedHeader[];
  /** The body, decoded from its Content-Encoding. */
  body: Uint8Array;
  /** `false` if only the closing of the connection marked the body's end, so that it may be truncated (RFC 9112 §6.3). */
  framed: boolean;
  /** Redirects led to it: all within the origin of the request, or beyond, where only harmless headers went along. */
  redirected?: 'within' | 'beyond';
  /** Why a redirect was not followed, for a person: "its Location is not a valid URL". */
  notFollowed?: string;
  /** Where its time went, of the last hop. */
  phases?: Phases;
  /** What went along that only the sending knows, to be masked like a secret: an access token. */
  credentials?: readonly string[];
};

/** The error codes of an exchange that brought no complete answer (contract §3). */
export const exchangeFailureCodes = [
  'egress-blocked',
  'dns-failed',
  'connect-failed',
  'tls-failed',
  'timeout',
  'protocol-error',
  'response-too-large',
  // Of the token endpoint: the request itself was not sent.
  'unexpected-status',
] as const;
export type ExchangeFailureCode = (typeof exchangeFailureCodes)[number];

/** An exchange that brought no complete answer. */
export type ExchangeFailure = {
  kind: 'failure';
  code: ExchangeFailureCode;
  message: string;
  /** Could the same request succeed later? */
  retryable: boolean;
  /** Were any bytes of the request written? Then the customer's server may have acted on it. */
  requestSent: boolean;
  /** What had been seen of the answer before it broke off. */
  status?: number;
  headers?: readonly ReceivedHeader[];
  preview?: Uint8Array;
  /** Those that the last hop came to. */
  phases?: Phases;
  /** Whose move it is, where the code does not say. */
  side?: Side;
  credentials?: readonly string[];
};

/** What one HTTP exchange brought: sending/ produces it, `judge` consumes it. */
export type Exchange = Answer | ExchangeFailure;
