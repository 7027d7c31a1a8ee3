import { createHash } from 'node:crypto';
import type { CompiledCommand } from '../integrations/configuration.ts';
import type { Exchange } from '../judging/exchange.ts';
import type { Verdict } from '../judging/judge.ts';
import type { Validators } from '../judging/validators.ts';
import { contentTypeOf, preview, storable } from './body-preview.ts';
import { validatorsToKeep } from './conditional.ts';
import type { AttemptRecord, Claimed, KnownResult, ResultRecord } from './invocation.ts';

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
    responseHeaders: headers?.map(({ key, value }) => ({ key: redact(key), value: storable(redact(value)) })) ?? null,
    responseBytes: exchange?.status === undefined ? null : (body?.byteLength ?? 0),
    bodyPreview: succeeded || body === null ? null : preview(body, contentTypeOf(headers), redact),
    lastSyncAt: attempted.joined ? null : lastSyncOf(command, claimed),
    validators: attempted.known === null ? null : sentValidators(attempted.known),
    phases: attempted.joined ? null : (exchange?.phases ?? null),
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
  const validators = shownValidators(validatorsToKeep(command, exchange, known), redact);
  if (bytes !== null) {
    const sha256 = createHash('sha256').update(bytes).digest();
    const type = contentType === null ? null : shownType(contentType, redact);
    return { ...validators, bytes, size: bytes.byteLength, contentType: type, sha256 };
  }
  return known && { ...validators, bytes, size: known.size, contentType: known.contentType, sha256: known.sha256 };
}

/** A validator that has a value in it is none: it would have to be kept as it is, to be sent back. */
function shownValidators({ etag, lastModified }: Validators, redact: (text: string) => string): Validators {
  const unlessMasked = (text: string | null) => (text !== null && redact(text) !== text ? null : text);
  return { etag: unlessMasked(etag), lastModified: unlessMasked(lastModified) };
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
