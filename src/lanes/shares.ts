/**
 * Who may use a worker process's slots. A slot is one exchange in flight; there are as many as the BullMQ worker's
 * concurrency, so a job that the worker took always finds one free, and only its integration's share can refuse it.
 *
 *                      share left                    released
 *   job taken ── tryTake ──────────► slot held ───────────────► free; rows left waiting? ring for the next of them
 *                   │
 *                   └ share used up: `null`. The row is put back, then `leftWaiting`, then the job ends
 *
 * The worker's concurrency need not be larger than the slots: a refused job keeps its place only for the one statement
 * that parks its row. It must not be larger either: then jobs beyond the slots would be taken only to be put back,
 * while in the queue they keep their order.
 */
export type Shares = {
  /** A slot for the integration; `null` if it has its share of them. */
  tryTake(integration: string): Slot | null;
  /**
   * A row of the integration was put back because it had its share. Told after that is committed: a slot that became
   * free in between would have found no row to ring for.
   */
  leftWaiting(integration: string): void;
  /** Slots held by the integration now. */
  held(integration: string): number;
  /** Slots held now, of all integrations. */
  inUse(): number;
  /** Were rows of the integration left waiting for a slot? */
  waiting(integration: string): boolean;
  /** Stops ringing; slots can still be taken and released. Resolves when no ring is under way. */
  stop(): Promise<void>;
};

export type Slot = { release(): void };

export type SharesOptions = {
  /** The worker's concurrency. */
  slots: number;
  /** The integration's own limit of exchanges in flight; asked each time, so a changed limit holds at once. */
  limitOf: (integration: string) => number;
  /** Rings for so many waiting rows of the integration; answers for how many there were. */
  ringNext: (integration: string, count: number) => Promise<number>;
  /** Told when `ringNext` rejects. The next released slot tries again, and the sweep does anyway. */
  onError: (integration: string, error: unknown) => void;
};

/**
 * One integration holds at most a quarter of a process's slots: three can hang at the same time, each answer taking its
 * full time-out, and a quarter is left for everybody else.
 */
const largestShare = 1 / 4;

type Holder = { held: number; waiting: boolean; refusals: number; ringing: boolean };

export function createShares(options: SharesOptions): Shares {
  const { slots, limitOf } = options;
  const holders = new Map<string, Holder>();
  const ringing = new Set<Promise<void>>();
  let inUse = 0;
  let stopped = false;

  const shareOf = (integration: string) => Math.max(1, Math.min(limitOf(integration), Math.ceil(slots * largestShare)));

  function holderOf(integration: string): Holder {
    const holder = holders.get(integration) ?? { held: 0, waiting: false, refusals: 0, ringing: false };
    holders.set(integration, holder);
    return holder;
  }

  function forget(integration: string, holder: Holder): void {
    if (holder.held === 0 && !holder.waiting && !holder.ringing) holders.delete(integration);
  }

  function startRinging(integration: string, holder: Holder): void {
    const free = () => (stopped ? 0 : shareOf(integration) - holder.held);
    if (!holder.waiting || holder.ringing || free() <= 0) return;
    const rang = ringFor(integration, holder, free, options).finally(() => {
      ringing.delete(rang);
      forget(integration, holder);
    });
    ringing.add(rang);
  }

  function release(integration: string, holder: Holder): void {
    holder.held -= 1;
    inUse -= 1;
    startRinging(integration, holder);
    forget(integration, holder);
  }

  return {
    tryTake(integration) {
      const holder = holderOf(integration);
      if (holder.held >= shareOf(integration)) return null;
      holder.held += 1;
      inUse += 1;
      return slotOf(() => release(integration, holder));
    },
    leftWaiting(integration) {
      const holder = holderOf(integration);
      holder.waiting = true;
      holder.refusals += 1;
      startRinging(integration, holder);
    },
    held: (integration) => holders.get(integration)?.held ?? 0,
    inUse: () => inUse,
    waiting: (integration) => holders.get(integration)?.waiting ?? false,
    async stop() {
      stopped = true;
      await Promise.all(ringing);
    },
  };
}

function slotOf(onRelease: () => void): Slot {
  let held = true;
  return {
    release() {
      if (held) onRelease();
      held = false;
    },
  };
}

/** Rings for as many rows as there are free slots; what is released meanwhile is seen to afterwards. */
async function ringFor(
  integration: string,
  holder: Holder,
  free: () => number,
  { ringNext, onError }: SharesOptions,
): Promise<void> {
  holder.ringing = true;
  try {
    // After the current turn, so that slots released together are rung for together.
    await null;
    let rang = 0;
    while (holder.waiting && free() > rang) {
      const wanted = free() - rang;
      const { refusals } = holder;
      const count = await ringNext(integration, wanted);
      rang += count;
      // None left, unless another one was refused while we looked.
      if (count === 0 && holder.refusals === refusals) holder.waiting = false;
      if (count < wanted) break;
    }
  } catch (error) {
    onError(integration, error);
  } finally {
    holder.ringing = false;
  }
}
