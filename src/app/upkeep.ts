import type { Pool } from 'pg';
import { minutesKeptDays } from '../contract/statistics.ts';
import type { Log } from '../platform/log.ts';
import { isTransient } from '../platform/pg.ts';
import { pause } from '../platform/pg-session.ts';
import { dropEmptyAuditMonths } from '../store/audit-checkpoints.ts';
import { forgetOldGrants } from '../store/rate-grants.ts';
import {
  type Cleaning,
  cleanAdoptions,
  cleanBatches,
  cleanBlobs,
  cleanDays,
  cleanDefaults,
  cleanHours,
  cleanIdempotencyKeys,
  cleanMinutes,
  cleanNotifications,
  cleanPortalSessions,
  dropMonth,
  pastMonths,
} from '../store/retention.ts';
import { forgetLapsedLeases } from '../store/slot-leases.ts';
import { forgetSilentWorkers } from '../store/workers.ts';
import { removeAudit } from './audit.ts';
import type { ReadyConfig } from './core.ts';

const intervalMs = 3_600_000;
/** Between two steps of deleting: the work of the day goes first. */
const breathMs = 50;
/** Keys hold for 24 hours; nothing is lost by a second day. */
const idempotencyDays = 2;
/** After its end, for a person who asks what became of it. */
const portalDays = 1;
/** Long enough to see on Monday what went wrong on Friday; callbacks may be as many as invocations. */
const notificationDays = 7;

export type UpkeepDependencies = { pool: Pool; log: Log } & Pick<ReadyConfig, 'retention' | 'secretKeys'>;

/**
 * Partitions of the coming months, months past their retention, bytes that nobody asked for, what no limit counts any
 * more: once at the election of a leader, then every hour. Idempotent; in small steps.
 */
export async function keepUp(dependencies: UpkeepDependencies, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await upkeepOnce(dependencies, signal);
    await pause(intervalMs, signal);
  }
}

export async function upkeepOnce(dependencies: UpkeepDependencies, signal: AbortSignal): Promise<void> {
  const { pool, retention, log } = dependencies;
  const parts: Record<string, () => Promise<unknown>> = {
    partitions: () => pool.query('select errand_ensure_partitions()'),
    workers: () => forgetSilentWorkers(pool),
    leases: () => forgetLapsedLeases(pool),
    grants: () => forgetOldGrants(pool),
    months: () => dropMonths(dependencies, signal),
    'moved invocations': () => clean(dependencies, cleanDefaults, retention.days, signal),
    batches: () => clean(dependencies, cleanBatches, retention.days, signal),
    jobs: () => clean(dependencies, cleanAdoptions, retention.days, signal),
    'idempotency keys': () => clean(dependencies, cleanIdempotencyKeys, idempotencyDays, signal),
    'portal sessions': () => clean(dependencies, cleanPortalSessions, portalDays, signal),
    notifications: () => clean(dependencies, cleanNotifications, Math.min(notificationDays, retention.days), signal),
    'statistics of minutes': () => clean(dependencies, cleanMinutes, minutesKeptDays, signal),
    'statistics of hours': () => clean(dependencies, cleanHours, retention.days, signal),
    'statistics of days': () => clean(dependencies, cleanDays, retention.days, signal),
    'audit entries of executions': () =>
      removeAudit(dependencies, { kind: 'executions', days: retention.days }, signal),
    'audit entries': () => removeAudit(dependencies, { kind: 'all', days: retention.auditDays }, signal),
    'audit months': async () => dropEmptyAuditMonths(pool, await pastMonths(pool, 'audit_log', retention.auditDays)),
    bytes: () => clean(dependencies, cleanBlobs, retention.bytesDays, signal),
  };
  const removed: Record<string, number> = {};
  for (const [part, work] of Object.entries(parts)) {
    if (signal.aborted) return;
    try {
      const count = await work();
      if (typeof count === 'number' && count > 0) removed[part] = count;
    } catch (error) {
      const busy = isTransient(error) ? 'It was busy' : 'It failed';
      log.warn('upkeep.failed', { part, error }, `${busy}; tries again in an hour`);
    }
  }
  if (Object.keys(removed).length > 0) log.info('upkeep.done', { removed }, 'Removed what is past its retention');
}

async function dropMonths({ pool, retention, log }: UpkeepDependencies, signal: AbortSignal): Promise<number> {
  let dropped = 0;
  for (const month of await pastMonths(pool, 'invocations', retention.days)) {
    if (signal.aborted) break;
    const moved = await dropMonth(pool, month, retention.days);
    if (moved === null) {
      log.warn('upkeep.kept', { month }, 'Too much of it has not ended: it is kept for now');
      continue;
    }
    dropped += 1;
    log.info('upkeep.dropped', { month, moved }, 'Dropped a month past its retention');
  }
  return dropped;
}

/** Steps until nothing is left of it. */
async function clean({ pool }: UpkeepDependencies, step: Cleaning, days: number, signal: AbortSignal): Promise<number> {
  let all = 0;
  for (let count = -1; count !== 0 && !signal.aborted; all += count) {
    count = await step(pool, days);
    if (count > 0) await pause(breathMs, signal);
  }
  return all;
}
