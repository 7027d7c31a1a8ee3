import type { Side } from '../contract/error-catalogue.ts';
import type { ExchangeFailureCode } from '../judging/exchange.ts';

/** Why an exchange ends without an answer, on its way up to where it becomes an `ExchangeFailure`. */
export class Trouble extends Error {
  readonly code: ExchangeFailureCode;
  readonly retryable: boolean;
  /** Whose move it is, where the code does not say. */
  readonly side: Side | undefined;

  constructor(
    code: ExchangeFailureCode,
    message: string,
    { retryable, side }: { retryable: boolean; side?: Side | undefined },
  ) {
    super(message);
    this.name = 'Trouble';
    this.code = code;
    this.retryable = retryable;
    this.side = side;
  }
}

/** The `code` of a system, TLS, zlib or undici error; `unknown` for anything else that was thrown. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return 'unknown';
}

/** `20 s`, `1.5 s`, `250 ms`: as a person would say it. */
export function spoken(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}

const whatHappened: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'was refused',
  ECONNRESET: 'was reset by the other side',
  ECONNABORTED: 'was aborted',
  EPIPE: 'was closed by the other side',
  ETIMEDOUT: 'got no reply from the network',
  EHOSTUNREACH: 'failed: no route to the host',
  ENETUNREACH: 'failed: no route to the network',
  EADDRNOTAVAIL: 'failed: this machine has no address or port left for it',
  EMFILE: 'failed: this process has too many files and sockets open',
};

/** A connection that could not be made: retryable, whatever the reason (contract §6). */
export function connectTrouble(name: string, error: unknown): Trouble {
  const code = codeOf(error);
  return new Trouble('connect-failed', `Connecting to ${name} ${whatHappened[code] ?? `failed (${code})`}`, {
    retryable: true,
  });
}

const tlsReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an issuer that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an unknown issuer, or the chain is incomplete',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an unknown issuer, or the chain is incomplete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an unknown issuer, or the chain is incomplete',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port; is the URL http instead of https?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on this port; is the URL http instead of https?',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it offers only versions of TLS older than 1.2',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it offers only versions of TLS older than 1.2',
};

/** Errors of the connection under TLS: the handshake was not refused but cut. */
const cut = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** A TLS handshake that failed: permanent, unless the connection broke while it was going on. */
export function tlsTrouble(name: string, error: unknown): Trouble {
  const code = codeOf(error);
  if (cut.has(code)) return connectTrouble(name, error);
  return new Trouble('tls-failed', `TLS with ${name} failed: ${tlsReasons[code] ?? code}`, { retryable: false });
}

/**
 * What broke an exchange after its request began to be written. Retryable, but where the limit that was hit is ours:
 * the same request would hit it again.
 */
export function exchangeTrouble(name: string, error: unknown, answerBegun: boolean): Trouble {
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : '';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    const message = `The header section of the answer of ${name} is larger than ${maxHeaderBytes / 1024} KiB`;
    return new Trouble('response-too-large', message, { retryable: false });
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    // Its details name a header, never a value.
    return new Trouble('protocol-error', `The request to ${name} cannot be sent: ${detail}`, { retryable: false });
  }
  // undici gives these two no code of their own.
  if (code === 'UND_ERR_SOCKET' && detail === 'bad upgrade') {
    const message = `${name} answered 101 and switched protocols, which was not asked for`;
    return new Trouble('protocol-error', message, { retryable: false });
  }
  if (code === 'UND_ERR_SOCKET' && detail === 'bad response') {
    return new Trouble('protocol-error', `${name} sent 100 Continue, which was not asked for`, { retryable: true });
  }
  if (code === 'UND_ERR_SOCKET' || cut.has(code)) {
    const [kind, what] = answerBegun
      ? (['protocol-error', 'before the answer was complete'] as const)
      : (['connect-failed', 'before an answer came'] as const);
    return new Trouble(kind, `${name} closed the connection ${what}`, { retryable: true });
  }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    const message = `The body of the answer of ${name} does not have the length that its Content-Length says`;
    return new Trouble('protocol-error', message, { retryable: true });
  }
  if (code === 'HPE_INVALID_EOF_STATE') {
    const message = `${name} closed the connection before the answer was complete`;
    return new Trouble('protocol-error', message, { retryable: true });
  }
  const known = code === 'unknown' ? '' : ` (${code})`;
  return new Trouble('protocol-error', `${name} did not answer in valid HTTP${known}`, { retryable: true });
}

/** Node's own default, said here because a message names it: large enough for real servers, small enough to buffer. */
export const maxHeaderBytes = 16 * 1024;
