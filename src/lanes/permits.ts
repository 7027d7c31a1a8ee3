import type { Limits } from '../contract/integration.ts';
import { createGatherer } from '../platform/gather.ts';
import type { RateAsk, RateGrant } from '../store/rate-grants.ts';

/** How many requests may begin now; if that is less than wanted, in how many milliseconds to ask again. */
export type Permit = { granted: number; waitMs: number | null };

export type Permits = {
  /**
   * Permits for so many requests of the integration, which begin soon: all that were wanted, or fewer. Costs a statement
   * only where the integration has `limits.rates`; those who ask at the same time share it. Rejects if it cannot be asked.
   */
  take(integration: string, wanted: number): Promise<Permit>;
  /** So many of them were not used: whoever asks here within moments may have them; then they are lost. */
  giveBack(integration: string, count: number): void;
  /** The integration's limits may have changed. */
  changed(integration?: string): void;
};

export type PermitsOptions = {
  /** Grants in this lane, each integration once. */
  grant: (asks: readonly RateAsk[]) => Promise<RateGrant[]>;
  ratesOf: (integration: string) => NonNullable<Limits['rates']>;
  /** Milliseconds that only ever grow. */
  now?: () => number;
};

/** Integrations and askers of one statement: each integration is locked until it ends. */
const maxAsks = 250;
/** An unused permit is kept for no longer than the slice that its window counts in addition, and a second at most. */
const slicesPerWindow = 60;
const longestKeptMs = 1_000;

type Unused = { count: number; until: number };

/** The rates of all integrations, as they hold over all worker processes: `rate_grants` in PostgreSQL decides. */
export function createPermits(options: PermitsOptions): Permits {
  const { ratesOf, now = () => performance.now() } = options;
  const unused = new Map<string, Unused>();
  /** Integrations whose rates are used up, and until when: nothing is asked before that. */
  const usedUp = new Map<string, number>();

  const gatherer = createGatherer<RateAsk, Permit>({
    async flush(asks) {
      const wanted = new Map<string, number>();
      for (const ask of asks) wanted.set(ask.integration, (wanted.get(ask.integration) ?? 0) + ask.wanted);
      const grants = await options.grant([...wanted].map(([integration, wanted]) => ({ integration, wanted })));
      for (const { integration, waitMs } of grants) if (waitMs !== null) usedUp.set(integration, now() + waitMs);
      return share(asks, grants);
    },
    maxItems: maxAsks,
  });

  function takeUnused(integration: string, wanted: number): number {
    const left = unused.get(integration);
    if (left === undefined) return 0;
    const taken = now() < left.until ? Math.min(wanted, left.count) : 0;
    left.count -= taken;
    if (left.count === 0 || taken === 0) unused.delete(integration);
    return taken;
  }

  return {
    async take(integration, wanted) {
      if (ratesOf(integration).length === 0) return { granted: wanted, waitMs: null };
      const kept = takeUnused(integration, wanted);
      if (kept === wanted) return { granted: wanted, waitMs: null };
      const waitMs = (usedUp.get(integration) ?? 0) - now();
      if (waitMs > 0) return { granted: kept, waitMs };
      usedUp.delete(integration);
      const permit = await gatherer.add({ integration, wanted: wanted - kept });
      return { ...permit, granted: kept + permit.granted };
    },
    giveBack(integration, count) {
      const rates = ratesOf(integration);
      if (rates.length === 0 || count === 0) return;
      const shortest = Math.min(...rates.map(({ perSeconds }) => perSeconds));
      const until = now() + Math.min(longestKeptMs, (shortest * 1_000) / slicesPerWindow);
      const left = unused.get(integration);
      // Older ones must not be kept for longer by newer ones.
      if (left === undefined || now() >= left.until) unused.set(integration, { count, until });
      else left.count += count;
    },
    changed(integration) {
      if (integration === undefined) usedUp.clear();
      else usedUp.delete(integration);
    },
  };
}

/** First come, first served. */
function share(asks: readonly RateAsk[], grants: readonly RateGrant[]): Permit[] {
  const left = new Map(grants.map(({ integration, granted }) => [integration, granted]));
  const waits = new Map(grants.map(({ integration, waitMs }) => [integration, waitMs]));
  return asks.map(({ integration, wanted }) => {
    const granted = Math.min(wanted, left.get(integration) ?? 0);
    left.set(integration, (left.get(integration) ?? 0) - granted);
    return { granted, waitMs: granted < wanted ? (waits.get(integration) ?? null) : null };
  });
}
