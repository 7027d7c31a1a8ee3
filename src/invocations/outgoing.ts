import type { TokenValue } from '../contract/tokens.ts';
import { conditionalHeaders, noValidators, type Validators } from '../judging/validators.ts';
import type { RenderedRequest } from '../tokens/render.ts';
import { placeOfAttempt, traceparentOf } from './trace.ts';

/**
 * The `Idempotency-Key` that goes with every attempt: the id itself, and after a person's retry of a definite failure
 * `<id>-2`, … (contract §6), so that a server that remembers keys does not answer with the old failure.
 */
export function idempotencyKeyOf(invocation: string, keyNumber: number): string {
  return keyNumber === 1 ? invocation : `${invocation}-${keyNumber}`;
}

/** The rendered request with the headers that every request carries, unless the command sets its own (contract §6). */
export function outgoingRequest(
  rendered: RenderedRequest,
  sender: {
    userAgent: string;
    invocation: string;
    attempt: number;
    keyNumber: number;
    /** What the invocation was accepted in. */
    traceparent?: string | null;
    /** What the request is conditional on. */
    validators?: Validators | null;
  },
): RenderedRequest {
  const { invocation: id, traceparent = null } = sender;
  const own = new Set(rendered.headers.map(({ key }) => key.toLowerCase()));
  const standard = [
    { key: 'User-Agent', value: sender.userAgent },
    { key: 'Idempotency-Key', value: idempotencyKeyOf(sender.invocation, sender.keyNumber) },
    { key: 'traceparent', value: traceparentOf(placeOfAttempt({ id, traceparent }, sender.attempt)) },
    ...conditionalHeaders(sender.validators ?? noValidators),
  ];
  return { ...rendered, headers: [...rendered.headers, ...standard.filter(({ key }) => !own.has(key.toLowerCase()))] };
}

/** The texts by which a token's value is found in records: as it stands in a request, and each text or number in it. */
export function textsOf(value: TokenValue): string[] {
  if (typeof value === 'string') return [value];
  return [JSON.stringify(value), ...leavesOf(value)];
}

function leavesOf(value: TokenValue): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

/** What an `errand.` token stands for in an attempt (contract §5). */
export function errandValue(
  name: string,
  claimed: { id: string; attempt: number; claimedAt: number; lastSyncAt: number | null },
): string | undefined {
  switch (name) {
    case 'errand.invocationId':
      return claimed.id;
    case 'errand.attempt':
      return String(claimed.attempt);
    case 'errand.now':
      return new Date(claimed.claimedAt).toISOString();
    case 'errand.lastSync':
      return claimed.lastSyncAt === null ? '' : new Date(claimed.lastSyncAt).toISOString();
    default:
      return undefined;
  }
}
