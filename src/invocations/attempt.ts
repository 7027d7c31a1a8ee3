import { createHash } from 'node:crypto';
import type { CompiledCommand } from '../integrations/configuration.ts';
import type { Exchange } from '../judging/exchange.ts';
import type { Verdict } from '../judging/judge.ts';
import type { Validators } from '../judging/validators.ts';
import { validatorsToKeep } from './conditional.ts';
import type { AttemptRecord, Claimed, KnownResult, ResultRecord } from './invocation.ts';

/** Of text answers that were not a success, this much is kept (contract §6). */
const previewBytes = 16 * 1024;
/** Redaction looks this much further, so that a secret across the cut is still found whole. */
const redactionMargin = 8 * 1024;

export type Attempted = {
  claimed: Claimed;
  command: CompiledCommand | null;
  configurationVersion: number;
  exchange: Exchange | null;
  /** Was the exchange another invocation's? Then this attempt has no request of its own. */
  joined: boolean;
  verdict: Verdict;
  durationMs: number;
  /** The stored result that the request was conditional on. */
  known: KnownResult | null;
  redact: (text: string) => string;
};

/** An attempt as it is stored: secrets masked, the body only as a result or, if it is text, as a preview. */
export function describeAttempt(attempted: Attempted): AttemptRecord {
  const { claimed, command, exchange, verdict, redact } = attempted;
  const headers = exchange?.headers ?? null;
  const body = exchange === null ? null : exchange.kind === 'answer' ? exchange.body : (exchange.preview ?? null);
  const succeeded = verdict.outcome === 'succeeded';
  return {
    commandVersion: command?.version ?? null,
    configurationVersion: attempted.configurationVersion,
    startedAt: claimed.claimedAt,
    durationMs: attempted.durationMs,
    outcome: verdict.outcome,
    sent: exchange !== null && !attempted.joined,
    status: exchange?.status ?? null,
    error: succeeded ? null : { ...verdict.failure, message: storable(redact(verdict.failure.message)) },
    responseHeaders: headers?.map(({ key, value }) => ({ key, value: storable(redact(value)) })) ?? null,
    responseBytes: exchange?.status === undefined ? null : (body?.byteLength ?? 0),
    bodyPreview: succeeded || body === null ? null : preview(body, contentTypeOf(headers), redact),
    lastSyncAt: attempted.joined ? null : lastSyncOf(command, claimed),
    validators: attempted.known === null ? null : sentValidators(attempted.known),
    result: succeeded ? resultOf(attempted, verdict) : null,
  };
}

export function sentValidators({ etag, lastModified }: KnownResult): Validators {
  return { etag, lastModified };
}

function resultOf(
  { command, exchange, known, redact }: Attempted,
  { bytes, contentType }: Verdict & { outcome: 'succeeded' },
): ResultRecord | null {
  const validators = validatorsToKeep(command, exchange, known);
  if (bytes !== null) {
    const sha256 = createHash('sha256').update(bytes).digest();
    const type = contentType === null ? null : shownType(contentType, redact);
    return { ...validators, bytes, size: bytes.byteLength, contentType: type, sha256 };
  }
  return known && { ...validators, bytes, size: known.size, contentType: known.contentType, sha256: known.sha256 };
}

/** A content type in which a value had to be masked: without its parameters or, if it is no type any more, any bytes. */
function shownType(contentType: string, redact: (text: string) => string): string {
  const shown = redact(contentType);
  if (shown === contentType) return storable(contentType);
  const [essence = ''] = contentType.split(';', 1);
  return shown.startsWith(`${essence};`) ? storable(essence) : 'application/octet-stream';
}

/** `errand.lastSync` as it was rendered; `null` if it was not. */
export function lastSyncOf(command: CompiledCommand | null, { lastSyncAt }: Claimed): number | null {
  return command?.request.uses.includes('errand.lastSync') ? lastSyncAt : null;
}

export function contentTypeOf(headers: readonly { key: string; value: string }[] | null): string {
  return headers?.find(({ key }) => key.toLowerCase() === 'content-type')?.value.toLowerCase() ?? '';
}

/** Media types that a person can read; an answer that names none is taken for text if it looks like it. */
const textual =
  /^(?:text\/|application\/(?:.*\+)?(?:json|xml)\b|application\/(?:x-www-form-urlencoded|problem\+json|javascript))/;

/** The beginning of a text answer, secrets masked; `null` if there is none, or it is not text. */
export function preview(body: Uint8Array, contentType: string, redact: (text: string) => string): string | null {
  if (body.byteLength === 0) return null;
  const head = body.subarray(0, previewBytes + redactionMargin);
  if (contentType === '' ? head.includes(0) : !textual.test(contentType)) return null;
  const charset = /charset\s*=\s*"?(iso-8859-1|latin1|windows-1252)/.test(contentType) ? 'windows-1252' : 'utf-8';
  const text = storable(redact(new TextDecoder(charset).decode(head)));
  return Buffer.from(text).subarray(0, previewBytes).toString();
}

/** PostgreSQL's text cannot hold U+0000. */
export function storable(text: string): string {
  return text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text;
}
