import type { Schedule } from '../../../contract/schedule.ts';
import { cronWords } from '../../parts/cron-words.ts';
import { many } from '../../parts/measures.ts';

/** "At 02:00 in America/Chicago". */
export function cronText({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): string {
  return `${cronWords(cron) ?? cron} (${timezone})`;
}

/** "5 items", or what lists them. */
export function whatItRuns({ items, source }: Pick<Schedule, 'items' | 'source'>): string {
  if (source !== null) return `what ${source.command} lists`;
  return many(items?.length ?? 0, 'item');
}
