import type { RunOutcome } from '../../contract/schedule.ts';

/** How a schedule's last run ended. */
export const runOutcomeWords: Readonly<Record<RunOutcome, string>> = {
  clean: 'all succeeded',
  partial: 'some failed',
  failed: 'failed',
  running: 'running',
  skipped: 'skipped',
  cancelled: 'cancelled',
};
