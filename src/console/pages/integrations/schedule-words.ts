import type { RunOutcome, Schedule } from '../../../contract/schedule.ts';
import { cronWords } from '../../parts/cron-words.ts';

/** "At 02:00 in America/Chicago". */
export function cronText({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): string {
  return `${cronWords(cron) ?? cron} (${timezone})`;
}

export const runOutcomeWords: Readonly<Record<RunOutcome, string>> = {
  clean: 'complete',
  partial: 'some of it failed',
  failed: 'failed',
  running: 'running',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** "5 items", or what lists them. */
export function whatItRuns({ items, source }: Pick<Schedule, 'items' | 'source'>): string {
  if (source !== null) return `what ${source.command} lists`;
  const count = items?.length ?? 0;
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'item' : 'items'}`;
}
