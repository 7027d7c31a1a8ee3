import type { Failure } from '../contract/errors.ts';

/** What an invocation's integration waited for: an endpoint that Errand holds, a person who paused it, or its own rates. */
export type Waited = { kind: 'held'; hold: Failure } | { kind: 'paused' } | { kind: 'rates' };

export type Late = {
  /** Attempts before. */
  tried: number;
  lastError: Failure | null;
  /** For a person: `900000 ms`, `its batch (2026-11-25T06:00:00.000Z)`. */
  deadline: string;
  /** `null`: only for its turn. */
  waited: Waited | null;
};

/** What is not tried any more, because its time was over before. */
export function lateFailure({ tried, lastError, deadline, waited }: Late): Failure {
  const over = `The deadline of ${deadline} was over before the ${tried > 0 ? 'next' : 'first'} attempt could begin.`;
  const { why, ...cause } = waited === null ? { why: '', ...causeOf(lastError) } : reasonOf(waited, lastError);
  return { code: 'deadline-exceeded', message: over + why, ...cause };
}

function reasonOf(waited: Waited, lastError: Failure | null): Pick<Failure, 'side' | 'cause'> & { why: string } {
  if (waited.kind === 'held') {
    const { code, message, side } = waited.hold;
    return { why: ` Errand held its integration, because of ${code}: ${message}`, side, cause: code };
  }
  if (waited.kind === 'paused') {
    return { why: ' Its integration was paused.', side: 'configuration', cause: 'integration-paused' };
  }
  const why = ' Its integration has limits.rates, which may not have allowed it sooner.';
  return lastError === null ? { why, side: 'configuration', cause: 'rate-limited' } : { why, ...causeOf(lastError) };
}

const causeOf = (error: Failure | null): Pick<Failure, 'side' | 'cause'> =>
  error === null ? { side: 'errand' } : { side: error.side, cause: error.code };

export const batchDeadline = (at: Date): string => `its batch (${at.toISOString()})`;
