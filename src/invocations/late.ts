import type { Failure } from '../contract/errors.ts';

export type Late = {
  /** Attempts before. */
  tried: number;
  lastError: Failure | null;
  /** For a person: `900000 ms`, `its batch (2026-11-25T06:00:00.000Z)`. */
  deadline: string;
  /** Why Errand held its integration, so that it was not tried. */
  hold: Failure | null;
};

/** What is not tried any more, because its time was over before. */
export function lateFailure({ tried, lastError, deadline, hold }: Late): Failure {
  const over = `The deadline of ${deadline} was over before the ${tried > 0 ? 'next' : 'first'} attempt could begin.`;
  const cause = hold ?? lastError;
  const why = hold === null ? '' : ` Errand held its integration, because of ${hold.code}: ${hold.message}`;
  return {
    code: 'deadline-exceeded',
    message: over + why,
    side: cause?.side ?? 'errand',
    ...(cause === null ? {} : { cause: cause.code }),
  };
}

export const batchDeadline = (at: Date): string => `its batch (${at.toISOString()})`;
