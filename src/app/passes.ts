import type { BatchRing, RangeRing } from '../batches/batch.ts';
import { createPass, type PassDependencies, type WorkHold } from '../batches/pass.ts';
import type { BatchReturn } from '../contract/job.ts';
import { type RunDependencies, runClaimed } from '../invocations/work.ts';
import { HandBack } from '../lanes/hand-back.ts';
import { finishBatches } from '../store/batch-endings.ts';
import { abandonHold } from '../store/batch-freeing.ts';
import { claimOfRange, leaveRange, takeRange } from '../store/batch-ranges.ts';
import { claimOfSweep, leaveSweep, takeSweep, unclaim } from '../store/batch-sweeps.ts';
import type { Core } from './core.ts';

export type PassOptions = {
  worker: string;
  run: Omit<RunDependencies, 'ringer'>;
  shares: PassDependencies['shares'];
  permits: PassDependencies['permits'];
  stopping: AbortSignal;
};

/** A worker's passes over ranges and leftovers, joined to the database. */
export function openPasses({ pool, batchRinger, configurations }: Core, options: PassOptions) {
  const { worker } = options;

  /** Holds that could not even be abandoned: the database was away. */
  const doubtful: { batch: string; number: number | null }[] = [];

  async function abandon(batch: string, number: number | null): Promise<void> {
    try {
      await abandonHold(pool, worker, batch, number);
    } catch {
      doubtful.push({ batch, number });
    }
  }

  async function takeRangeOf(ring: RangeRing): Promise<WorkHold | null> {
    const taken = await takeRange(pool, worker, ring);
    if (taken === null) return null;
    const range = { batch: ring.batch, number: ring.number, firstId: taken.firstId, lastId: taken.lastId };
    return {
      deadlineAt: taken.deadlineAt,
      size: taken.size,
      done: taken.done,
      claim: (limit) => claimOfRange(pool, worker, range, limit),
      leave: async (notBeforeMs) => void (await leaveRange(pool, worker, range, notBeforeMs)),
      abandon: () => abandon(ring.batch, ring.number),
    };
  }

  async function take(ring: BatchRing): Promise<WorkHold | null> {
    if (ring.kind === 'range') return takeRangeOf(ring);
    const taken = await takeSweep(pool, worker, ring);
    if (taken === null) return null;
    return {
      deadlineAt: taken.deadlineAt,
      size: null,
      done: 0,
      claim: (limit) => claimOfSweep(pool, worker, ring.batch, limit),
      leave: () => leaveSweep(pool, worker, ring.batch),
      abandon: () => abandon(ring.batch, null),
    };
  }

  // What must be tried again is its batch's, whose doorbell is another than that of singles.
  const run = { ...options.run, ringer: { dueIn: (_lane: unknown, delayMs: number) => batchRinger.dueIn(delayMs) } };

  const pass = (ring: BatchRing, progress: (percent?: number) => void): Promise<BatchReturn> =>
    createPass({
      take,
      isHeld: async (integration) => ((await configurations.get(integration))?.hold ?? null) !== null,
      unclaim: (claimed) => unclaim(pool, worker, claimed),
      run: async (claimed, sent) => {
        const { returns } = await runClaimed(run, claimed, {}, sent);
        // It was cut off, and says that it runs: the pass must not leave it as if it had ended.
        if (returns?.status === 'running' && options.stopping.aborted) throw new HandBack('The worker stops', 0);
      },
      shares: options.shares,
      permits: options.permits,
      ringer: batchRinger,
      finish: (batch) => finishBatches(pool, batch),
      progress,
      stopping: options.stopping,
      elapsed: () => performance.now(),
    })(ring);

  return {
    pass,
    /** Lets go of what could not be let go of before; answers of how much. Rejects if the database is still away. */
    async abandonDoubtful(): Promise<number> {
      let count = 0;
      for (let hold = doubtful[0]; hold !== undefined; hold = doubtful[0]) {
        await abandonHold(pool, worker, hold.batch, hold.number);
        doubtful.shift();
        count += 1;
      }
      return count;
    },
  };
}
