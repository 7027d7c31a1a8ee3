import { type Cadence, countRuns } from './spread.ts';

/** An enabled schedule, as far as it matters for whether it is overdue. */
export type Watched = {
  cadence: Cadence;
  /** When its last complete run started, or since when it has been enabled if that is later. */
  since: Date;
  now: Date;
};

/** Times that may pass without a complete run: one failed night is `partial`; the second in a row is overdue. */
const toleratedTimes = 1;

/** Is its last complete run older than its last two due times? */
export function isOverdue({ cadence, since, now }: Watched): boolean {
  return countRuns(cadence, since, now, toleratedTimes + 1) > toleratedTimes;
}
