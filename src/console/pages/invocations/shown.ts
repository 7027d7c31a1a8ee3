import type { Failure } from '../../../contract/errors.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';

/** What went wrong: of what is to be tried again, the last time. */
export function failureOf({
  status,
  error,
  attempts,
}: Pick<Invocation, 'status' | 'error' | 'attempts'>): Failure | null {
  if (hasEnded(status)) return error;
  return status === 'retrying' || status === 'running' ? (attempts.at(-1)?.error ?? null) : null;
}

/** From when it was accepted to its end; `null` while it has none. */
export function wholeMs({ createdAt, finishedAt }: Pick<Invocation, 'createdAt' | 'finishedAt'>): number | null {
  return finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(createdAt);
}

/** Of its requests alone, without waiting. */
export function exchangesMs({ attempts }: Pick<Invocation, 'attempts'>): number | null {
  return attempts.length === 0 ? null : attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
}
