import type { BatchRing, RangeRing, SweepRing } from './batch.ts';

export type BatchRingDependencies = {
  store: {
    takeRanges(bounds: { batch: string | null; window: number; limit: number }): Promise<RangeRing[]>;
    unringRanges(rings: readonly RangeRing[]): Promise<void>;
    takeSweeps(bounds: { batch: string | null; lostAfterMs: number; limit: number }): Promise<SweepRing[]>;
    unringSweeps(rings: readonly SweepRing[]): Promise<void>;
  };
  /** Adds jobs to the batch lane; rejects soon if the queue is away. */
  addJobs: (rings: readonly BatchRing[]) => Promise<void>;
  /** Calls `ring` once the earliest of the delays asked for is over. */
  createTimer: (ring: () => Promise<void>) => { at(delayMs: number): void; stop(): Promise<void> };
  log: { warn(event: string, fields: Record<string, unknown>, message: string): void };
};

export type BatchRinger = {
  /** Rings for the next ranges of a batch, or of all; answers for how many. Rejects if the database is away. */
  ranges(batch: string | null): Promise<number>;
  /** Rings for the leftovers of a batch that are due, or of all. */
  sweeps(batch: string | null): Promise<number>;
  /** Something of a batch falls due in so many milliseconds; beyond `lookAheadMs` the leader sees to it. */
  dueIn(delayMs: number): void;
  stop(): Promise<void>;
};

/**
 * Ranges of one batch that are in the queue or in a worker's hands at a time. Two would keep one worker busy; four do so
 * for two workers, and are few enough that batches take turns.
 */
const batchWindow = 4;
const perPass = 500;
/** A job for leftovers that was not taken for so long may be lost; if it only waits in line, the first of both counts. */
const lostAfterMs = 20_000;
export const lookAheadMs = 4_000;

/** The doorbell of batches: their ranges and leftovers get a job when their turn has come. */
export function createBatchRinger({ store, addJobs, createTimer, log }: BatchRingDependencies): BatchRinger {
  async function add<R extends BatchRing>(rings: readonly R[], unring: (rings: readonly R[]) => Promise<void>) {
    if (rings.length === 0) return 0;
    try {
      await addJobs(rings);
    } catch (error) {
      log.warn('ring.failed', { lane: 'batch', count: rings.length, error }, 'The queue is away: batches wait');
      // If the database is away, too, the leader finds that the jobs are missing.
      await unring(rings).catch(() => undefined);
    }
    return rings.length;
  }

  const ranges = async (batch: string | null) =>
    add(await store.takeRanges({ batch, window: batchWindow, limit: perPass }), store.unringRanges);
  const sweeps = async (batch: string | null) =>
    add(await store.takeSweeps({ batch, lostAfterMs, limit: perPass }), store.unringSweeps);
  const timer = createTimer(async () => {
    await ranges(null);
    await sweeps(null);
  });

  return {
    ranges,
    sweeps,
    dueIn(delayMs) {
      if (delayMs <= lookAheadMs) timer.at(delayMs);
    },
    stop: () => timer.stop(),
  };
}
