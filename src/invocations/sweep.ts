import { type Lane, lanes } from '../contract/lane.ts';
import type { Doorbell } from './invocation.ts';
import type { Ringer } from './ring.ts';

export type SweepDependencies = {
  ringer: Pick<Ringer, 'due' | 'dueIn'>;
  due: {
    overdueRung(lane: Lane, olderThanMs: number, limit: number): Promise<Doorbell[]>;
    stillRung(ids: readonly string[]): Promise<void>;
    unring(ids: readonly string[]): Promise<void>;
    nextDueInMs(lane: Lane, withinMs: number): Promise<number | null>;
  };
  /** Those of the doorbells whose job is not in the queue any more. */
  lost: (lane: Lane, doorbells: readonly Doorbell[]) => Promise<Doorbell[]>;
  /** Takes running rows back from workers that fell silent. */
  free: (silentForMs: number, limit: number) => Promise<{ id: string; lane: Lane }[]>;
  log: { info(event: string, fields: Record<string, unknown>, message: string): void };
};

/** Workers beat every 2 s; five missed beats and it is taken for dead. With the sweep's interval: well under 30 s. */
export const silentForMs = 10_000;
export const beatIntervalMs = 2_000;
export const sweepIntervalMs = 2_000;

/** A job that was not taken for this long is looked for in the queue. */
const overdueMs = 10_000;
const perPass = 500;

export type Swept = { freed: number; lost: number; rung: number };

/**
 * One pass of the leader: rows that are due and that nobody rang for, jobs that were lost, running rows whose worker is
 * gone. Idempotent and bounded; what one pass does not reach the next one does.
 *
 * @param mayFree false while this leader is younger than `silentForMs`: after an outage of the database every worker
 * seems silent, and each gets the time to say that it lives.
 */
export async function sweep(dependencies: SweepDependencies, mayFree: boolean): Promise<Swept> {
  const { ringer, due, log } = dependencies;
  const freed = mayFree ? await dependencies.free(silentForMs, perPass) : [];
  let lostCount = 0;
  let rung = 0;
  for (const lane of lanes) {
    const overdue = await due.overdueRung(lane, overdueMs, perPass);
    const lost = overdue.length === 0 ? [] : await dependencies.lost(lane, overdue);
    const missing = new Set(lost.map(({ invocation }) => invocation));
    await due.unring([...missing]);
    await due.stillRung(overdue.map(({ invocation }) => invocation).filter((id) => !missing.has(id)));
    lostCount += missing.size;
    rung += await ringer.due(lane);
    // Timers die with their process, so the leader sets its own for what falls due before its next pass.
    const next = await due.nextDueInMs(lane, 2 * sweepIntervalMs);
    if (next !== null) ringer.dueIn(lane, next);
  }
  const swept = { freed: freed.length, lost: lostCount, rung };
  if (swept.freed > 0 || swept.lost > 0) log.info('sweep.found', swept, 'Took up work that was left');
  return swept;
}
