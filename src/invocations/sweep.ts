import { type Lane, lanes } from '../contract/lane.ts';
import type { Doorbell } from './invocation.ts';
import { lookAheadMs, type Ringer } from './ring.ts';

export type SweepDependencies = {
  ringer: Pick<Ringer, 'due' | 'dueIn' | 'probe'>;
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
  log: Record<'info' | 'warn', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

/** Workers beat every 2 s; five missed beats and it is taken for dead. With the sweep's interval: well under 30 s. */
export const silentForMs = 10_000;
export const beatIntervalMs = 2_000;
export const sweepIntervalMs = 2_000;

/** A job that was not taken for this long is looked for in the queue. */
const overdueMs = 10_000;
const perPass = 500;
const pagesPerPass = 20;

export type Swept = { freed: number; lost: number; rung: number };

/**
 * One pass of the leader: rows that are due and that nobody rang for, jobs that were lost, running rows whose worker is
 * gone, held integrations that are to be probed. Idempotent and bounded; what one pass does not reach the next one does.
 *
 * @param mayFree false while this leader is younger than `silentForMs`: after an outage of the database every worker
 * seems silent, and each gets the time to say that it lives.
 */
export async function sweep(dependencies: SweepDependencies, mayFree: boolean): Promise<Swept> {
  const { log } = dependencies;
  const swept = { freed: 0, lost: 0, rung: 0 };
  // Each step on its own: what one cannot do must not keep the others from the rows that they would find.
  const step = async (name: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      log.warn('sweep.failed', { step: name, error }, 'A step of the sweep failed; the next pass tries again');
    }
  };
  if (mayFree) {
    await step('free', async () => {
      swept.freed = await everyPage(async () => (await dependencies.free(silentForMs, perPass)).length);
    });
  }
  for (const lane of lanes) {
    await step(`lost ${lane}`, async () => {
      await everyPage(() => lookForLost(dependencies, lane, swept));
    });
    await step(`ring ${lane}`, async () => {
      swept.rung += await dependencies.ringer.due(lane);
      // Timers die with their process, so the leader sets its own for what falls due before its next pass.
      const next = await dependencies.due.nextDueInMs(lane, lookAheadMs);
      if (next !== null) dependencies.ringer.dueIn(lane, next);
    });
  }
  await step('probe', async () => {
    swept.rung += await dependencies.ringer.probe();
  });
  if (swept.freed > 0 || swept.lost > 0) log.info('sweep.found', swept, 'Took up work that was left');
  return swept;
}

/** Repeats a step while it finds whole pages, within the bounds of one pass; answers for how many there were. */
async function everyPage(step: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let page = 0; page < pagesPerPass; page += 1) {
    const count = await step();
    total += count;
    if (count < perPass) break;
  }
  return total;
}

/** Answers how many rows it looked at. */
async function lookForLost({ due, lost }: SweepDependencies, lane: Lane, swept: Swept): Promise<number> {
  const overdue = await due.overdueRung(lane, overdueMs, perPass);
  if (overdue.length === 0) return 0;
  const gone = new Set((await lost(lane, overdue)).map(({ invocation }) => invocation));
  await due.unring([...gone]);
  await due.stillRung(overdue.map(({ invocation }) => invocation).filter((id) => !gone.has(id)));
  swept.lost += gone.size;
  return overdue.length;
}
