import { defaultConcurrency } from '../contract/integration.ts';
import { silentForMs } from '../invocations/sweep.ts';
import { hangsAfterMs } from '../lanes/hanging.ts';
import { createLeases, type Leases } from '../lanes/leases.ts';
import { createPermits, type Permits } from '../lanes/permits.ts';
import { createShares, type Shares } from '../lanes/shares.ts';
import { grantRates } from '../store/rate-grants.ts';
import { endLeases, leaseSlots } from '../store/slot-leases.ts';
import type { WorkerRow } from '../store/workers.ts';
import type { Core } from './core.ts';

export type FlowLimits = {
  shares: Shares;
  permits: Permits;
  /** With each heartbeat. Rejects if the database is away. */
  renew(): Promise<void>;
  /** Takes and rings no more; to be called when nothing is in flight any more. Never rejects. */
  stop(): Promise<void>;
};

/**
 * A lease ends when its worker is taken for dead: what it had in flight is tried again then, and needs the slots. So it
 * must not be longer than `silentForMs`, and not much shorter than some heartbeats.
 */
const leaseMs = silentForMs;

/** How soon to ask again for slots that others have: a person waits, or a batch does. In milliseconds. */
const againMs = { interactive: 50, batch: 250 } as const;

/** What an integration's `limits` leave to this worker: slots and permits, of all that there are for all workers. */
export function openLimits(core: Core, row: WorkerRow): FlowLimits {
  const { pool, configurations, config, ringer, log } = core;
  const { lane } = row;
  const limitOf = (integration: string) => configurations.peek(integration)?.limits.concurrency ?? defaultConcurrency;
  const shares: Shares = createShares({
    slots: config.concurrency[lane],
    limitOf: (integration) => leases.of(integration),
    askMore: (integration) => leases.ask(integration),
    onReleased: (integration) => leases.released(integration),
    ringNext: (integration, count) => ringer.dueOf(integration, lane, count),
    onError: (integration, error) => log.warn('share.not-rung', { integration, error }, 'The sweep will ring'),
    hangsAfterMs: hangsAfterMs[lane],
  });
  const leases: Leases = createLeases({
    lease: (ms, asks) => leaseSlots(pool, row, ms, asks),
    demandOf: (integration) => shares.demand(integration),
    // One of several is kept for interactive.
    mostOf: (integration) => Math.max(1, limitOf(integration) - (lane === 'batch' ? 1 : 0)),
    onGrown: (integration) => shares.grown(integration),
    onError: (error) => log.warn('slots.not-leased', { error }, 'Could not ask for slots: the next heartbeat does'),
    leaseMs,
    againMs: againMs[lane],
  });
  const permits = createPermits({
    grant: (asks) => grantRates(pool, lane, asks),
    ratesOf(integration) {
      const configuration = configurations.peek(integration);
      // While it is paused, nothing is sent: clicks fail at once.
      return configuration === undefined || configuration.status === 'paused' ? [] : (configuration.limits.rates ?? []);
    },
  });
  core.onForget((integration) => {
    permits.changed(integration);
    leases.changed(integration);
  });

  return {
    shares,
    permits,
    renew: () => leases.renew(),
    async stop() {
      await shares.stop();
      await leases.stop();
      await endLeases(pool, row.id).catch((error) => log.warn('slots.not-ended', { error }, 'The leases lapse'));
    },
  };
}
