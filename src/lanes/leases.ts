import { createGatherer } from '../platform/gather.ts';
import type { SlotAsk, SlotLease } from '../store/slot-leases.ts';
import { nodeTimers, type Timers } from './timers.ts';

/**
 * This process's part of each integration's `limits.concurrency`, which holds over all processes: slots are leased in
 * PostgreSQL, kept while they are used, and renewed with the heartbeat. So an exchange costs no statement of its own.
 *
 *   none ── ask ──► leased ── renew ──► leased …          asks of one moment share a statement
 *                     │  └── unused for two renewals, or contended and released ──► given back
 *                     └───── not renewed in time ──► none: others may have it
 */
export type Leases = {
  /** Exchanges that may be in flight with the integration; 0 if nothing is leased. */
  of(integration: string): number;
  /**
   * Asks for what the integration could use now. Resolves when the answer is known; at once, if there is no more to be
   * had, or was not a moment ago: then it is asked again by itself, and `onGrown` is told. Rejects if it cannot be asked.
   */
  ask(integration: string): Promise<void>;
  /** A slot was released: if others wait for the integration's slots, its turn is over. */
  released(integration: string): void;
  /** The integration's limits may have changed. */
  changed(integration?: string): void;
  /** Renews all leases, and gives back what was not used since the last time. Rejects if the database is away. */
  renew(): Promise<void>;
  /** Asks no more. The leases lapse, or are ended with the worker's row. Resolves when no statement is under way. */
  stop(): Promise<void>;
};

export type LeasesOptions = {
  lease: (leaseMs: number, asks: readonly SlotAsk[]) => Promise<SlotLease[]>;
  /** Slots that the integration has in this process, and that it could use. */
  demandOf: (integration: string) => { held: number; wanted: number };
  /** The most that this lane can ever have of the integration: for more there is no use in asking. */
  mostOf: (integration: string) => number;
  /** More slots are leased than are in use. */
  onGrown: (integration: string) => void;
  /** Told when asking again fails. The next renewal asks, too. */
  onError: (error: unknown) => void;
  leaseMs: number;
  /** How soon to ask again for what was not to be had. */
  againMs: number;
  timers?: Timers;
};

type Lease = {
  slots: number;
  contended: boolean;
  askedAt: number;
  /** By this process's clock, counted from before the statement: others' clock is later, never earlier. */
  until: number;
  /** Not all that was wanted was to be had. */
  short: boolean;
  /** The most that was in use since the last renewal. */
  peak: number;
  renewalsUnused: number;
};

/** Integrations of one statement: each is locked until it ends. */
const maxAsks = 50;
/** So that a click every few seconds finds its slot leased. */
const keptUnused = 2;

const none = (): Lease => ({
  slots: 0,
  contended: false,
  askedAt: Number.NEGATIVE_INFINITY,
  until: Number.NEGATIVE_INFINITY,
  short: false,
  peak: 0,
  renewalsUnused: 0,
});

export function createLeases(options: LeasesOptions): Leases {
  return new ProcessLeases(options);
}

class ProcessLeases implements Leases {
  readonly #options: LeasesOptions;
  readonly #timers: Timers;
  readonly #leases = new Map<string, Lease>();
  readonly #asks = createGatherer<string, void>({
    flush: async (integrations) => {
      await this.#lease([...new Set(integrations)]);
      return integrations.map(() => undefined);
    },
    maxItems: maxAsks,
  });
  #again: unknown = null;
  #stopped = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#timers = options.timers ?? nodeTimers;
  }

  of(integration: string): number {
    const lease = this.#leases.get(integration);
    return lease === undefined || this.#timers.now() >= lease.until ? 0 : lease.slots;
  }

  async ask(integration: string): Promise<void> {
    const lease = this.#leases.get(integration) ?? none();
    // Known before it is asked for: if that fails, the next renewal asks.
    this.#leases.set(integration, lease);
    const isFresh = this.#timers.now() < lease.askedAt + this.#options.againMs;
    if ((lease.short && isFresh) || this.of(integration) >= this.#wanted(integration)) return;
    await this.#asks.add(integration);
  }

  released(integration: string): void {
    const lease = this.#leases.get(integration);
    if (lease === undefined) return;
    const { held } = this.#options.demandOf(integration);
    lease.peak = Math.max(lease.peak, held + 1);
    if (!lease.contended || this.#stopped) return;
    // Nothing new begins here before it is known whose turn it is.
    lease.slots = Math.min(lease.slots, held);
    this.#asks.add(integration).catch(this.#options.onError);
  }

  changed(integration?: string): void {
    if (this.#stopped) return;
    for (const each of integration === undefined ? this.#leases.keys() : [integration]) {
      if (this.#leases.has(each)) this.#asks.add(each).catch(this.#options.onError);
    }
  }

  async renew(): Promise<void> {
    if (this.#stopped) return;
    const leases = [...this.#leases];
    for (const [integration, lease] of leases) {
      const { wanted } = this.#options.demandOf(integration);
      lease.renewalsUnused = wanted === 0 && lease.peak === 0 ? lease.renewalsUnused + 1 : 0;
    }
    // Group by group, so that a click that asks meanwhile waits for one of them only.
    for (let start = 0; start < leases.length; start += maxAsks) {
      const group = leases.slice(start, start + maxAsks);
      await Promise.all(group.map(([integration]) => this.#asks.add(integration)));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#again !== null) this.#timers.clear(this.#again);
    await this.#asks.idle();
  }

  #wanted(integration: string): number {
    const { demandOf, mostOf } = this.#options;
    const { held, wanted } = demandOf(integration);
    return Math.max(held, Math.min(wanted, mostOf(integration)));
  }

  /** What is wanted now, or was in use a moment ago and nobody else waits for. */
  #keep(integration: string, lease: Lease): number {
    const wanted = this.#wanted(integration);
    if (lease.contended || lease.renewalsUnused >= keptUnused) return wanted;
    const most = this.#options.mostOf(integration);
    return Math.max(wanted, Math.min(most, lease.renewalsUnused === 0 ? lease.peak : lease.slots));
  }

  async #lease(integrations: readonly string[]): Promise<void> {
    const { demandOf, leaseMs, onGrown } = this.#options;
    const asks = integrations.map((integration) => {
      const lease = this.#leases.get(integration) ?? none();
      return { integration, held: demandOf(integration).held, wanted: this.#keep(integration, lease) };
    });
    const askedAt = this.#timers.now();
    const answers = await this.#options.lease(leaseMs, asks);
    const wanted = new Map(asks.map((ask) => [ask.integration, ask.wanted]));
    for (const { integration, slots, contended } of answers) {
      const asked = wanted.get(integration) ?? 0;
      const held = demandOf(integration).held;
      if (asked === 0 && held === 0) this.#leases.delete(integration);
      else {
        const { renewalsUnused } = this.#leases.get(integration) ?? none();
        const until = askedAt + leaseMs;
        const short = slots < asked;
        this.#leases.set(integration, { slots, contended, askedAt, until, short, peak: held, renewalsUnused });
      }
      if (slots > held) onGrown(integration);
    }
    this.#askAgain();
  }

  /** One timer for all that came away short. */
  #askAgain(): void {
    if (this.#again !== null || this.#stopped) return;
    if (![...this.#leases].some(([integration, lease]) => this.#isShort(integration, lease))) return;
    this.#again = this.#timers.set(() => {
      this.#again = null;
      const short = [...this.#leases].filter(([integration, lease]) => this.#isShort(integration, lease));
      Promise.all(short.map(([integration]) => this.#asks.add(integration))).catch(this.#options.onError);
    }, this.#options.againMs);
  }

  #isShort(integration: string, lease: Lease): boolean {
    return lease.short && this.#wanted(integration) > lease.slots;
  }
}
