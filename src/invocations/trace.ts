import { createHash } from 'node:crypto';

/** A span's place by W3C Trace Context: 32, 16 and 2 hexadecimal digits. */
export type SpanPlace = { traceId: string; spanId: string; flags: string };

const format = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent`; `null` if it is none. Of versions to come what this one knows is read, as the standard asks. */
export function parseTraceparent(text: string | null | undefined): SpanPlace | null {
  const [, version, traceId = '', spanId = '', flags = '', more] = format.exec(text ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  // Of the flags "sampled" is all that is passed on.
  return { traceId, spanId, flags: (Number.parseInt(flags, 16) & 1) === 1 ? '01' : '00' };
}

export function traceparentOf({ traceId, spanId, flags }: SpanPlace): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/**
 * Where an attempt stands: in the trace that its invocation was accepted in or, without one, in one of the invocation's
 * own. Made from what is known anyway: the same for a request when it is rendered again.
 */
export function placeOfAttempt(invocation: { id: string; traceparent: string | null }, attempt: number): SpanPlace {
  const accepted = parseTraceparent(invocation.traceparent);
  if (accepted === null) {
    const spanId = attempt.toString(16).padStart(16, '0');
    return { traceId: invocation.id.replaceAll('-', ''), spanId, flags: '01' };
  }
  // A producer's trace may hold many invocations, and each has a first attempt.
  const spanId = createHash('sha256').update(`${invocation.id}.${attempt}`).digest('hex').slice(0, 16);
  return { ...accepted, spanId };
}
