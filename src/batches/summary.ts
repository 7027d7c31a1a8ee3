import type { BatchCounts, BatchOutcome } from '../contract/batch.ts';
import type { Hold } from '../contract/integration.ts';
import type { RunOfIntegration, RunSummary } from '../contract/run.ts';
import type { BatchRow } from './batch.ts';

const counted = [
  'total',
  'queued',
  'running',
  'retrying',
  'succeeded',
  'unchanged',
  'absent',
  'failed',
  'cancelled',
] as const satisfies readonly (keyof BatchCounts)[];

function sumOf(batches: readonly BatchRow[]): BatchCounts {
  const sum = (name: keyof BatchCounts) => batches.reduce((total, batch) => total + batch[name], 0);
  return Object.fromEntries(counted.map((name) => [name, sum(name)])) as BatchCounts;
}

const endedOf = ({ succeeded, absent, failed, cancelled }: BatchCounts) => succeeded + absent + failed + cancelled;

/** Of batches that have all ended: `null` until then. */
function outcomeOf(batches: readonly BatchRow[]): BatchOutcome | null {
  if (batches.some(({ finishedAt }) => finishedAt === null)) return null;
  const { succeeded, absent, failed, cancelled } = sumOf(batches);
  if (failed + cancelled === 0) return 'clean';
  return succeeded + absent === 0 ? 'failed' : 'partial';
}

/**
 * By the pace since the first batch was begun, as if it stayed so; `null` before anything has ended, and after all has. Not
 * asked for while something of it is held: nobody knows for how long.
 */
function expectedEnd(counts: BatchCounts, startedAt: Date | null, now: number): string | null {
  const ended = endedOf(counts);
  const left = counts.total - ended;
  if (startedAt === null || ended === 0 || left === 0) return null;
  const perItemMs = Math.max(1, now - startedAt.getTime()) / ended;
  return new Date(now + left * perItemMs).toISOString();
}

const earliest = (dates: readonly Date[]) => dates.reduce<Date | null>((a, b) => (a === null || b < a ? b : a), null);
const latest = (dates: readonly Date[]) => dates.reduce<Date | null>((a, b) => (a === null || b > a ? b : a), null);
const there = (dates: readonly (Date | null)[]) => dates.filter((date) => date !== null);

/** What went wrong first, for an operator looks for that: what failed, then what has not ended, of which most is to come. */
function byTrouble(a: RunOfIntegration, b: RunOfIntegration): number {
  const open = (each: RunOfIntegration) => each.total - endedOf(each);
  return b.failed - a.failed || open(b) - open(a) || a.integration.localeCompare(b.integration);
}

/**
 * All batches of one label together: a whole night.
 *
 * @param holds of its integrations that are held, by their ids
 */
export function summaryOf(
  run: string,
  batches: readonly BatchRow[],
  { byCode, holds, now }: { byCode: Record<string, number>; holds: ReadonlyMap<string, Hold>; now: number },
): RunSummary {
  const counts = sumOf(batches);
  const startedAt = earliest(there(batches.map((batch) => batch.startedAt)));
  const finished = batches.every(({ finishedAt }) => finishedAt !== null);
  const byIntegration = [...Map.groupBy(batches, ({ integration }) => integration)].map(([integration, own]) => ({
    integration,
    batches: own.length,
    ...sumOf(own),
    outcome: outcomeOf(own),
    hold: outcomeOf(own) === null ? (holds.get(integration) ?? null) : null,
  }));
  return {
    run,
    batches: batches.length,
    ...counts,
    byIntegration: byIntegration.sort(byTrouble),
    byCode,
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finished ? (latest(there(batches.map((batch) => batch.finishedAt)))?.toISOString() ?? null) : null,
    expectedEnd: finished || byIntegration.some(({ hold }) => hold !== null) ? null : expectedEnd(counts, startedAt, now),
  };
}
