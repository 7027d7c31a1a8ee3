import { hangingPerSlot } from './hanging.ts';
import { type Holder, isIdle, newHolder, type Slot, type Waiter } from './holder.ts';
import { ringWaiting } from './ring-waiting.ts';
import { nodeTimers, type Timers } from './timers.ts';

/**
 * Who may use a worker process's slots. A slot is one exchange in flight. How many an integration may have is what this
 * process has leased of its `limits.concurrency` (`Leases`); of the process's own slots it has at most a quarter.
 *
 *                                    ┌──────────── released ─────────────┐
 *   job taken ── takeNow ──► slot held ── hangsAfterMs ──► slot hangs ───┴► free; rows left waiting? ring for the next
 *                   │
 *                   └ none left: `null`. The row is put back, then `leftWaiting`, then the job ends
 *
 * A slot that hangs is one whose exchange waits for a server: a socket, no work. It counts against its integration, but
 * no more against the process: twelve dead endpoints would otherwise fill it, and everybody else waited for their time-outs.
 */
export type Shares = {
  /** A slot for the integration; `null` if it has its share of them, as far as is leased. */
  tryTake(integration: string): Slot | null;
  /** Likewise, but leases more first, if that is all that is missing. Rejects if that cannot be asked. */
  takeNow(integration: string): Promise<Slot | null>;
  /**
   * Waits for a slot of the integration and of the process: for work that would otherwise go back to be rung for again.
   * Integrations take turns, within one its parties (batches), and within these it is first come, first served. `null` if
   * there was none within `waitMs`, or after `endWaiting`.
   */
  take(integration: string, party: string, waitMs: number): Promise<Slot | null>;
  /** Nobody waits for a slot any more, now or later: the worker stops. */
  endWaiting(): void;
  /**
   * A row of the integration was put back because it had its share. Told after that is committed: a slot that became
   * free in between would have found no row to ring for.
   */
  leftWaiting(integration: string): void;
  /** Slots that the integration has, and that it could use now. */
  demand(integration: string): { held: number; wanted: number };
  /** More of the integration's slots may be taken than before. */
  grown(integration: string): void;
  /** Slots held by the integration now. */
  held(integration: string): number;
  /** Slots held now, of all integrations, but for those that hang. */
  inUse(): number;
  /** Were rows of the integration left waiting for a slot? */
  waiting(integration: string): boolean;
  /** Stops ringing; slots can still be taken and released. Resolves when no ring is under way. */
  stop(): Promise<void>;
};

export type { Slot } from './holder.ts';

export type SharesOptions = {
  /** The worker's concurrency. */
  slots: number;
  /** The exchanges in flight that this process may have with the integration; asked each time. */
  limitOf: (integration: string) => number;
  /** Asks for what `demand` says; resolves when `limitOf` knows the answer. Default: there is no more to be had. */
  askMore?: (integration: string) => Promise<void>;
  /** A slot was released. `limitOf` may answer less from now on. */
  onReleased?: (integration: string) => void;
  /** Rings for so many waiting rows of the integration; answers for how many there were. */
  ringNext: (integration: string, count: number) => Promise<number>;
  /** Told when `ringNext` rejects. The next released slot tries again, and the sweep does anyway. */
  onError: (integration: string, error: unknown) => void;
  /** How long a slot counts against the process, in milliseconds. */
  hangsAfterMs: number;
  timers?: Pick<Timers, 'set' | 'clear'>;
};

/**
 * One integration holds at most a quarter of a process's slots: what answers slowly, but not so slowly that it hangs,
 * leaves the rest for everybody else.
 */
const largestShare = 1 / 4;

export function createShares(options: SharesOptions): Shares {
  return new ProcessShares(options);
}

class ProcessShares implements Shares {
  readonly #options: SharesOptions;
  readonly #timers: Pick<Timers, 'set' | 'clear'>;
  readonly #share: number;
  readonly #holders = new Map<string, Holder>();
  /** Integrations with waiters, whose turn comes next first. */
  readonly #turns = new Set<Holder>();
  readonly #ringing = new Set<Promise<void>>();
  #held = 0;
  #hanging = 0;
  #stopped = false;
  #waitingEnded = false;

  constructor(options: SharesOptions) {
    this.#options = options;
    this.#timers = options.timers ?? nodeTimers;
    this.#share = Math.ceil(options.slots * largestShare);
  }

  tryTake(integration: string): Slot | null {
    const holder = this.#holderOf(integration);
    if (this.#free(holder) > 0) return this.#grab(holder);
    this.#forget(holder);
    return null;
  }

  async takeNow(integration: string): Promise<Slot | null> {
    const slot = this.tryTake(integration);
    const { askMore } = this.#options;
    if (slot !== null || askMore === undefined) return slot;
    const holder = this.#holderOf(integration);
    if (this.#lacksLease(holder)) {
      holder.pending += 1;
      try {
        await askMore(integration);
      } finally {
        holder.pending -= 1;
      }
    }
    return this.tryTake(integration);
  }

  take(integration: string, party: string, waitMs: number): Promise<Slot | null> {
    if (this.#waitingEnded) return Promise.resolve(null);
    const holder = this.#holderOf(integration);
    // No AbortSignal: one for each row, with its listeners, was a tenth of all that a batch costs a worker.
    return new Promise((resolve) => {
      const giveUp = () => this.#giveUp(holder, waiter);
      const timer = Number.isFinite(waitMs) ? this.#timers.set(giveUp, waitMs) : null;
      const waiter: Waiter = {
        party,
        settle: (slot) => {
          if (timer !== null) this.#timers.clear(timer);
          resolve(slot);
        },
      };
      holder.waiters.add(party, waiter);
      this.#turns.add(holder);
      this.#goOn(holder);
    });
  }

  endWaiting(): void {
    this.#waitingEnded = true;
    for (const holder of [...this.#turns]) for (const waiter of [...holder.waiters]) this.#giveUp(holder, waiter);
  }

  leftWaiting(integration: string): void {
    const holder = this.#holderOf(integration);
    holder.waiting = true;
    holder.refusals += 1;
    this.#goOn(holder);
  }

  demand(integration: string): { held: number; wanted: number } {
    const holder = this.#holders.get(integration);
    if (holder === undefined) return { held: 0, wanted: 0 };
    // How many rows wait is not known: doubling gets there soon, and does not take what would not be used.
    const more = holder.pending + holder.waiters.size + (holder.waiting ? Math.max(1, holder.held) : 0);
    return { held: holder.held, wanted: holder.held + Math.max(0, Math.min(more, this.#room(holder))) };
  }

  grown(integration: string): void {
    const holder = this.#holders.get(integration);
    if (holder !== undefined) this.#goOn(holder);
  }

  held(integration: string): number {
    return this.#holders.get(integration)?.held ?? 0;
  }

  inUse(): number {
    return this.#held - this.#hanging;
  }

  waiting(integration: string): boolean {
    return this.#holders.get(integration)?.waiting ?? false;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#ringing);
  }

  /** What it could take of the process's share. */
  #room(holder: Holder): number {
    return this.#share - (holder.held - holder.hanging);
  }

  #free(holder: Holder): number {
    return Math.min(this.#room(holder), this.#options.limitOf(holder.integration) - holder.held);
  }

  /** Is its lease all that is missing? */
  #lacksLease(holder: Holder): boolean {
    return this.#room(holder) > 0 && this.#options.limitOf(holder.integration) <= holder.held;
  }

  #holderOf(integration: string): Holder {
    const holder = this.#holders.get(integration) ?? newHolder(integration);
    this.#holders.set(integration, holder);
    return holder;
  }

  #forget(holder: Holder): void {
    if (isIdle(holder)) this.#holders.delete(holder.integration);
  }

  #grab(holder: Holder): Slot {
    holder.held += 1;
    this.#held += 1;
    let hangs = false;
    const timer = this.#timers.set(() => {
      if (this.#hanging >= hangingPerSlot * this.#options.slots) return;
      hangs = true;
      holder.hanging += 1;
      this.#hanging += 1;
      this.#goOn(holder);
    }, this.#options.hangsAfterMs);
    return slotOf(() => {
      this.#timers.clear(timer);
      holder.held -= 1;
      this.#held -= 1;
      if (hangs) {
        holder.hanging -= 1;
        this.#hanging -= 1;
      }
      this.#options.onReleased?.(holder.integration);
      this.#goOn(holder);
      this.#forget(holder);
    });
  }

  #giveUp(holder: Holder, waiter: Waiter): void {
    holder.waiters.delete(waiter.party, waiter);
    if (holder.waiters.size === 0) this.#turns.delete(holder);
    this.#forget(holder);
    waiter.settle(null);
  }

  /** Something became free or is wanted: for this integration, or for whoever is next. */
  #goOn(holder: Holder): void {
    this.#serve();
    this.#startRinging(holder);
    this.#ask(holder);
  }

  #serve(): void {
    for (const holder of this.#turns) {
      if (this.inUse() >= this.#options.slots) return;
      if (this.#free(holder) <= 0) continue;
      const waiter = holder.waiters.next();
      if (waiter === undefined) continue;
      this.#turns.delete(holder);
      // Behind the others, so that this loop comes to it again once they have had their turn.
      if (holder.waiters.size > 0) this.#turns.add(holder);
      waiter.settle(this.#grab(holder));
    }
  }

  #startRinging(holder: Holder): void {
    const free = () => (this.#stopped ? 0 : this.#free(holder));
    if (!holder.waiting || holder.ringing || free() <= 0) return;
    const rang = ringWaiting(holder, free, this.#options).finally(() => {
      this.#ringing.delete(rang);
      this.#forget(holder);
    });
    this.#ringing.add(rang);
  }

  #ask(holder: Holder): void {
    const { askMore, onError } = this.#options;
    const isWanted = holder.waiters.size > 0 || holder.waiting;
    if (askMore === undefined || this.#stopped || !isWanted || !this.#lacksLease(holder)) return;
    // What cannot be asked now is asked again with the next heartbeat.
    askMore(holder.integration).catch((error) => onError(holder.integration, error));
  }
}

function slotOf(onRelease: () => void): Slot {
  let held = true;
  return {
    release() {
      if (held) {
        held = false;
        onRelease();
      }
    },
  };
}
