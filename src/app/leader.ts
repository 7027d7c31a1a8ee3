import { type LookDependencies, lookAfterBatches } from '../batches/look.ts';
import { silentForMs, sweep, sweepIntervalMs } from '../invocations/sweep.ts';
import { openLeader } from '../platform/pg.ts';
import { pause } from '../platform/pg-session.ts';
import type { Tally } from '../statistics/tally.ts';
import { cancelRows, finishBatches, unfinishedCancellations } from '../store/batch-endings.ts';
import { freeBatchesFromSilentWorkers } from '../store/batch-freeing.ts';
import { endLateRows, lateBatches, lateRows } from '../store/batch-late.ts';
import { nextRangeInMs, overdueRanges, unringRanges } from '../store/batch-ranges.ts';
import { nextLeftoverInMs } from '../store/batch-sweeps.ts';
import { abandonedBatches, discardBatch } from '../store/batches.ts';
import { nextDueInMs, overdueRung, stillRung, unring } from '../store/due.ts';
import { advisoryLocks } from '../store/locks.ts';
import { freeFromSilentWorkers } from '../store/workers.ts';
import { recheckAgainAndAgain, sealAgainAndAgain } from './audit.ts';
import type { Core } from './core.ts';
import { keepUp } from './upkeep.ts';

/** Stands by to lead: whoever holds the lock sweeps, one process of all. */
export function startLeader(core: Core, tally: Pick<Tally, 'countFailed'>): { stop(): Promise<void> } {
  const { pool, queues, ringer, log, meters } = core;
  const found = meters.of('errand_sweep_found_total');
  const dependencies = {
    ringer,
    due: {
      overdueRung: (lane, olderThanMs, limit) => overdueRung(pool, lane, olderThanMs, limit),
      stillRung: (ids) => stillRung(pool, ids),
      unring: (ids) => unring(pool, ids),
      nextDueInMs: (lane, withinMs) => nextDueInMs(pool, lane, withinMs),
    },
    lost: (lane, doorbells) => queues.lost(lane, doorbells),
    free: (silent, limit) => freeFromSilentWorkers(pool, silent, limit),
    log,
  } satisfies Parameters<typeof sweep>[0];

  const batches: LookDependencies = {
    ringer: core.batchRinger,
    store: {
      freeFromSilent: (silent, limit) => freeBatchesFromSilentWorkers(pool, silent, limit),
      overdueRanges: (olderThanMs, limit) => overdueRanges(pool, olderThanMs, limit),
      unringRanges: (rings) => unringRanges(pool, rings),
      nextRangeInMs: (withinMs) => nextRangeInMs(pool, withinMs),
      nextLeftoverInMs: (withinMs) => nextLeftoverInMs(pool, withinMs),
      finish: (batch) => finishBatches(pool, batch),
      abandoned: (silent) => abandonedBatches(pool, silent),
      discard: (batch) => discardBatch(pool, batch),
      lateBatches: (limit) => lateBatches(pool, limit),
      lateRows: (batch, limit) => lateRows(pool, batch, limit),
      endLateRows: (batch, rows) => endLateRows(pool, batch, rows),
      unfinishedCancellations: () => unfinishedCancellations(pool),
      cancelRows: (batch, error) => cancelRows(pool, batch, error),
    },
    lost: (rings) => queues.lost('batch', rings),
    onLate: ({ integration, command, seenAt }, ended) => {
      tally.countFailed({ integration, command, lane: 'batch' }, seenAt.getTime(), ended);
      meters.countLate(ended);
    },
    silentForMs,
    log,
  };

  async function sweepAgainAndAgain(signal: AbortSignal): Promise<void> {
    const since = performance.now();
    while (!signal.aborted) {
      try {
        const mayFree = performance.now() - since >= silentForMs;
        for (const [kind, count] of Object.entries(await sweep(dependencies, mayFree))) found.inc({ kind }, count);
        await lookAfterBatches(batches, mayFree);
      } catch (error) {
        log.warn('sweep.failed', { error }, 'A sweep failed; the next one goes on');
      }
      await pause(sweepIntervalMs, signal);
    }
  }

  const leader = openLeader(core.config.directUrl, advisoryLocks.leader, {
    onGained: (signal) => {
      meters.of('errand_leader').inc();
      log.info('leader.gained', {}, 'Leads: sweeps for work that was left');
      const { retention, secretKeys } = core.config;
      const upkeep = keepUp({ pool, retention, secretKeys, log }, signal);
      const sealing = sealAgainAndAgain({ pool, secretKeys, log }, signal);
      const rechecking = recheckAgainAndAgain({ pool, secretKeys, log }, signal);
      return Promise.all([sweepAgainAndAgain(signal), upkeep, sealing, rechecking]).then(() => undefined);
    },
    onLost: () => {
      meters.of('errand_leader').dec();
      log.info('leader.lost', {}, 'Leads no longer');
    },
    log,
  });
  return { stop: () => leader.close() };
}
