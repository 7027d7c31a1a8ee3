import type { Failure } from '../contract/errors.ts';
import { batchDeadline, lateFailure } from '../invocations/late.ts';
import type { LateBatch, LateRow, RangeRing } from './batch.ts';
import { type BatchRinger, lookAheadMs } from './ring.ts';

export type LookDependencies = {
  ringer: Pick<BatchRinger, 'ranges' | 'sweeps' | 'dueIn'>;
  store: {
    freeFromSilent(silentForMs: number, limit: number): Promise<number>;
    overdueRanges(olderThanMs: number, limit: number): Promise<RangeRing[]>;
    unringRanges(rings: readonly RangeRing[]): Promise<void>;
    nextRangeInMs(withinMs: number): Promise<number | null>;
    nextLeftoverInMs(withinMs: number): Promise<number | null>;
    finish(batch: string | null): Promise<string[]>;
    abandoned(silentForMs: number): Promise<string[]>;
    discard(batch: string): Promise<void>;
    lateBatches(limit: number): Promise<LateBatch[]>;
    lateRows(batch: string, limit: number): Promise<LateRow[]>;
    endLateRows(batch: string, rows: readonly { id: string; error: Failure }[]): Promise<number>;
    unfinishedCancellations(): Promise<{ id: string; by: string }[]>;
    cancelRows(batch: string, error: Failure): Promise<boolean>;
  };
  /** Those of the rings whose job is not in the queue any more. */
  lost: (rings: readonly RangeRing[]) => Promise<RangeRing[]>;
  /** Told how many invocations of a batch ended late. */
  onLate?: (batch: LateBatch, ended: number) => void;
  /** How long a worker may be silent before it is taken for dead, in milliseconds. */
  silentForMs: number;
  log: Record<'info' | 'warn', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

/** Nobody needs a minute between two thousand items; a sender that fell silent has gone. */
const abandonedAfterMs = 60_000;
const overdueMs = 10_000;
const perPass = 500;
const latePerPass = 20_000;
/** A statement each, some hundred items. */
const cancelStepsPerPass = 40;

export const cancelledFailure = (by: string): Failure => ({
  code: 'cancelled',
  message: `Its batch was cancelled by ${by}.`,
  side: 'request',
});

/**
 * The leader's look at all batches: what dead workers held, windows that are not full, jobs that were lost, leftovers that
 * are due, batches that have ended, or were given up half-received or half-cancelled. Idempotent and bounded.
 *
 * @param mayFree false while everybody may only seem silent: see `invocations/sweep`
 */
export async function lookAfterBatches(dependencies: LookDependencies, mayFree: boolean): Promise<void> {
  const { ringer, store, log } = dependencies;
  const step = async (name: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      log.warn('sweep.failed', { step: name, error }, 'A step of the sweep failed; the next pass tries again');
    }
  };
  if (mayFree) {
    await step('free batches', async () => {
      const freed = await store.freeFromSilent(dependencies.silentForMs, perPass);
      if (freed > 0) log.info('sweep.found', { ranges: freed }, 'Took up ranges of a worker that stopped');
    });
  }
  await step('lost ranges', async () => {
    const overdue = await store.overdueRanges(overdueMs, perPass);
    if (overdue.length > 0) await store.unringRanges(await dependencies.lost(overdue));
  });
  await step('ring ranges', () => ringer.ranges(null));
  await step('ring leftovers', () => ringer.sweeps(null));
  await step('timers', async () => {
    for (const next of [await store.nextRangeInMs(lookAheadMs), await store.nextLeftoverInMs(lookAheadMs)]) {
      if (next !== null) ringer.dueIn(next);
    }
  });
  await step('late', () => endLate(dependencies));
  await step('finish', () => store.finish(null));
  await step('abandoned', async () => {
    for (const batch of await store.abandoned(abandonedAfterMs)) await store.discard(batch);
  });
  await step('cancel', async () => {
    for (const { id, by } of await store.unfinishedCancellations()) {
      for (let step = 0; step < cancelStepsPerPass && (await store.cancelRows(id, cancelledFailure(by))); step += 1);
    }
  });
}

/**
 * What waits in a batch whose `finishBy` is over, for its integration or for its turn, can only be late. While Errand holds
 * the integration nobody would find out: the batch would stay open, and its schedule could not run again.
 */
async function endLate({ store, onLate }: Pick<LookDependencies, 'store' | 'onLate'>): Promise<void> {
  let left = latePerPass;
  for (const batch of await store.lateBatches(10)) {
    const { id, finishBy, waited } = batch;
    const deadline = batchDeadline(finishBy);
    while (left > 0) {
      const rows = await store.lateRows(id, perPass);
      if (rows.length === 0) break;
      const failed = rows.map((row) => ({ id: row.id, error: lateFailure({ ...row, deadline, waited }) }));
      const ended = await store.endLateRows(id, failed);
      if (ended === 0) break;
      onLate?.(batch, ended);
      left -= ended;
    }
  }
}
