import type { BatchReturn } from '../contract/job.ts';
import type { Claimed } from '../invocations/invocation.ts';
import type { BatchRing } from './batch.ts';
import type { BatchRinger } from './ring.ts';

/** A worker's hold on a range, or on the leftovers of a batch. */
export type WorkHold = {
  /** Unix milliseconds; `null`: the commands' own deadlines count. */
  deadlineAt: number | null;
  /** Invocations in it, and those of them that had ended when it was taken; `null` where nobody knows. */
  size: number | null;
  done: number;
  claim(limit: number): Promise<Claimed[]>;
  /** Lets go of it, not to be rung for within `notBeforeMs`. */
  leave(notBeforeMs: number): Promise<void>;
  /** Lets go of it after an error, when nobody knows which of its rows are claimed. Never rejects. */
  abandon(): Promise<void>;
};

export type PassDependencies = {
  take: (ring: BatchRing) => Promise<WorkHold | null>;
  /** Does Errand hold the integration, as far as is known here? What was claimed before is then let go of. */
  isHeld: (integration: string) => Promise<boolean>;
  /** Lets go of claimed rows that were not begun with. */
  unclaim: (claimed: readonly Claimed[]) => Promise<void>;
  /** Runs one attempt and records it; `sent` is called when the exchange is over, before it is recorded. */
  run: (claimed: Claimed, sent: () => void) => Promise<void>;
  shares: {
    /**
     * Waits for a slot of the process and of the integration, whose batches take turns; `null` if there is none in time,
     * or the worker stops.
     */
    take(integration: string, batch: string, waitMs: number): Promise<Slot | null>;
  };
  permits: {
    /** How many requests may begin now under the integration's rates; fewer than wanted: when to ask again. */
    take(integration: string, wanted: number): Promise<{ granted: number; waitMs: number | null }>;
    giveBack(integration: string, unused: number): void;
  };
  ringer: Pick<BatchRinger, 'ranges' | 'dueIn'>;
  finish: (batch: string) => Promise<unknown>;
  /** Tells the queue that something was begun or ended and, where that is known, how far it is, in percent. */
  progress: (percent?: number) => void;
  /** Aborts when the worker stops: what has not begun is given back. */
  stopping: AbortSignal;
  elapsed: () => number;
};

/** Rows of one claim at the most: a whole range. */
const largestSlice = 100;
const firstSlice = 8;
/** Rows are claimed for about so long ahead: more would wait while they say that they run. */
const aheadMs = 500;
/** After this long a pass makes room for other batches' ranges. */
const turnMs = 10_000;
/** Who waits so long for a slot gives its place to others, and comes again after a while. */
const longestWaitMs = 5_000;
const noSlotMs = 1_000;

type Slot = { release(): void };

/**
 * One pass over a range or over leftovers: claims rows in slices as large as they can be sent soon, runs each as singles
 * are run, until none is left, or its turn is over, or nothing more may be sent now.
 */
export function createPass(dependencies: PassDependencies) {
  return async (ring: BatchRing): Promise<BatchReturn> => {
    const { batch } = ring;
    const hold = await dependencies.take(ring);
    const returns = { batch, ...(ring.kind === 'range' ? { from: ring.from, to: ring.to } : {}), attempts: 0 };
    if (hold === null) return returns;
    let notBeforeMs: number;
    try {
      const passed = await runAll(dependencies, ring, hold);
      returns.attempts = passed.ended;
      notBeforeMs = passed.notBeforeMs;
      await hold.leave(notBeforeMs);
    } catch (error) {
      await hold.abandon();
      throw error;
    }
    if (notBeforeMs > 0) dependencies.ringer.dueIn(notBeforeMs);
    // Adds the batch's next range, at the end of the queue: so batches take turns.
    if ((await dependencies.ringer.ranges(batch)) === 0) await dependencies.finish(batch);
    return returns;
  };
}

async function runAll(
  dependencies: PassDependencies,
  { integration, batch }: BatchRing,
  hold: WorkHold,
): Promise<{ ended: number; notBeforeMs: number }> {
  const { stopping, elapsed, permits, shares } = dependencies;
  const since = elapsed();
  const running = startRunning(dependencies, hold);
  let slice = firstSlice;
  let notBeforeMs = 0;
  try {
    while (running.failure() === null && !stopping.aborted && elapsed() - since < turnMs) {
      const first = await shares.take(integration, batch, longestWaitMs);
      if (first === null) {
        notBeforeMs = noSlotMs;
        break;
      }
      const sliceAt = elapsed();
      const { claimed, waitMs } = await claimSlice(dependencies, integration, { hold, slot: first, wanted: slice });
      if (claimed.length === 0) {
        notBeforeMs = waitMs;
        break;
      }
      const begun = await beginAll(dependencies, { integration, batch }, { claimed, first, begin: running.begin });
      if (begun < claimed.length) {
        permits.giveBack(integration, claimed.length - begun);
        await dependencies.unclaim(claimed.slice(begun));
      }
      if (begun === 0) {
        notBeforeMs = noSlotMs;
        break;
      }
      // As many as were begun in `aheadMs`: a fast server gets whole ranges, a slow one a few rows at a time.
      const fitting = Math.floor((claimed.length * aheadMs) / Math.max(1, elapsed() - sliceAt));
      slice = Math.min(largestSlice, Math.max(1, Math.min(fitting, slice * 2)));
    }
  } finally {
    await running.settled();
  }
  const failure = running.failure();
  if (failure !== null) throw failure;
  return { ended: running.ended(), notBeforeMs };
}

/** Rows to begin with; where there are none the slot is free again, also after an error. `waitMs`: for the rates. */
async function claimSlice(
  { permits }: PassDependencies,
  integration: string,
  { hold, slot, wanted }: { hold: WorkHold; slot: Slot; wanted: number },
): Promise<{ claimed: readonly Claimed[]; waitMs: number }> {
  let granted = 0;
  let claimed: readonly Claimed[] = [];
  try {
    const permitted = await permits.take(integration, wanted);
    granted = permitted.granted;
    if (granted === 0) return { claimed, waitMs: permitted.waitMs ?? noSlotMs };
    claimed = await hold.claim(granted);
    return { claimed, waitMs: 0 };
  } finally {
    permits.giveBack(integration, granted - claimed.length);
    if (claimed.length === 0) slot.release();
  }
}

/** What is in flight of a pass. */
function startRunning(dependencies: PassDependencies, { deadlineAt, size, done }: WorkHold) {
  const running = new Set<Promise<void>>();
  let failure: unknown = null;
  let ended = 0;
  return {
    begin(claimed: Claimed, { release }: Slot): void {
      dependencies.progress();
      const run = dependencies
        .run({ ...claimed, deadlineAt }, release)
        .then(() => {
          ended += 1;
          dependencies.progress(size === null ? undefined : Math.floor((100 * (done + ended)) / size));
        })
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => {
          release();
          running.delete(run);
        });
      running.add(run);
    },
    failure: () => failure,
    ended: () => ended,
    async settled(): Promise<void> {
      await Promise.all(running);
    },
  };
}

/**
 * Begins with one after the other as slots become free; answers with how many, fewer if there are none for a while, or
 * if the integration is held meanwhile.
 */
async function beginAll(
  dependencies: PassDependencies,
  { integration, batch }: Pick<BatchRing, 'integration' | 'batch'>,
  slice: { claimed: readonly Claimed[]; first: Slot; begin: (claimed: Claimed, slot: Slot) => void },
): Promise<number> {
  const claimedAt = dependencies.elapsed();
  for (const [index, each] of slice.claimed.entries()) {
    const slot = index === 0 ? slice.first : await dependencies.shares.take(integration, batch, longestWaitMs);
    if (slot === null) return index;
    if (!each.probe && (await askedFor(slot, () => dependencies.isHeld(integration)))) {
      slot.release();
      return index;
    }
    // Its attempt begins now, not when it was claimed.
    slice.begin({ ...each, claimedAt: each.claimedAt + dependencies.elapsed() - claimedAt }, slot);
  }
  return slice.claimed.length;
}

/** What cannot be asked must not cost the slot for good. */
async function askedFor(slot: Slot, isHeld: () => Promise<boolean>): Promise<boolean> {
  try {
    return await isHeld();
  } catch (error) {
    slot.release();
    throw error;
  }
}
