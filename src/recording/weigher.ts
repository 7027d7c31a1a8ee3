import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { Settled } from '../invocations/invocation.ts';
import { isFailing } from '../judging/breaker.ts';
import { ensureFlow, type Turn, weighAttempts } from '../store/flow.ts';

/** An attempt that was recorded; `ailing`: something is counted against its integration. */
export type Weighable = { settled: Settled; ailing: boolean };

export type WeigherOptions = {
  pool: Pool;
  /** Told after COMMIT what became of an integration: it was held, let go, or probed. */
  onTurn: (turn: Turn) => void;
  /** Told when attempts could not be weighed. They are recorded; only the count of failures goes without them. */
  onError: (error: unknown) => void;
};

/**
 * Weighs what recorded attempts say of their integrations: whether to hold one, or to let one go. Costs nothing for
 * integrations that are well.
 */
export function createWeigher({
  pool,
  onTurn,
  onError,
}: WeigherOptions): (recorded: readonly Weighable[]) => Promise<void> {
  /** Integrations that are known to have a row for counting failures; it never goes again. */
  const countable = new LRUCache<string, true>({ max: 20_000 });

  async function weigh(group: readonly Settled[], integrations: ReadonlySet<string>): Promise<void> {
    const fresh = [...integrations].filter((id) => !countable.has(id));
    if (fresh.length > 0) await ensureFlow(pool, fresh);
    for (const id of fresh) countable.set(id, true);
    for (const turn of await weighAttempts(pool, group)) onTurn(turn);
  }

  return async (recorded) => {
    const integrations = new Set<string>();
    for (const { settled, ailing } of recorded) {
      const { claimed, health } = settled;
      const matters = isFailing(health.sign) || health.retryAfterMs !== null || claimed.probe;
      if (matters || ailing) integrations.add(claimed.integration);
    }
    if (integrations.size === 0) return;
    const group = recorded.filter(({ settled }) => integrations.has(settled.claimed.integration));
    try {
      await weigh(
        group.map(({ settled }) => settled),
        integrations,
      );
    } catch (error) {
      onError(error);
    }
  };
}
