import type { Pool } from 'pg';
import type { AuditRecord } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import type { Cancelled } from '../invocations/cancel.ts';
import type { SentBefore } from '../invocations/cancellations.ts';
import { openFailureCodes, type Retried } from '../invocations/retry.ts';
import { auditInsert, auditValues } from './audit.ts';
import { isHeld } from './held.ts';

/** Told at commit: `<invocation> <attempt>` of an exchange in flight that a person cancelled. */
export const cancelledChannel = 'errand_cancelled';

/** What the CTE `ended` says of rows that are to be opened again. */
export const endedColumns = `id, integration, batch, batch_range, status, error->>'code' as code`;

/** Will a job be added right after the commit? Rows of a batch are left to its sweep. */
const rungNow = `case when i.batch is not null or ${isHeld('i')} then null else now() end`;

/**
 * What a person's retry makes of the rows in the CTE `ended` (`endedColumns`): attempts and deadline begin anew,
 * numbering goes on. The key changes after a definite failure only; `$1` has the codes of those that are none.
 *
 * @param rungAt SQL; `n` is the integration.
 */
export const retryEnded = (rungAt: 'null' | typeof rungNow) => `
  update invocations i
  set status = 'queued', tried = 0, crashes = 0, first_attempt_at = null, error = null, finished_at = null,
    due_at = now(), rung_at = ${rungAt}, generation = i.generation + 1,
    key_number = i.key_number + case when last.definite then 1 else 0 end,
    configuration_version = greatest(i.configuration_version, n.configuration_version)
  from ended e
  left join lateral (
    select a.outcome in ('retryable', 'permanent')
      and (not a.sent or coalesce(a.error->>'code', '') <> all($1::text[])) as definite
    from attempts a where a.invocation = e.id order by a.number desc limit 1
  ) last on true
  left join integrations n on n.id = e.integration
  where i.id = e.id`;

/** The CTEs after `moved`: what counted as endings of batches does not any more, and those batches run again. */
export const reopenBatches = `
uncounts as (
  select e.batch, e.batch_range, count(*) filter (where e.status = 'succeeded') as succeeded,
    count(*) filter (where e.status = 'succeeded' and last.unchanged) as unchanged,
    count(*) filter (where e.status = 'failed' and e.code = 'absent') as absent,
    count(*) filter (where e.status = 'failed' and e.code <> 'absent') as failed,
    count(*) filter (where e.status = 'cancelled') as cancelled
  from ended e left join lateral (
    select a.unchanged from attempts a where a.invocation = e.id order by a.number desc limit 1
  ) last on true
  where e.batch is not null group by e.batch, e.batch_range
), uncounting as (
  select r.batch, r.number, u.succeeded, u.unchanged, u.absent, u.failed, u.cancelled
  from batch_ranges r join uncounts u on (u.batch, u.batch_range) = (r.batch, r.number)
  order by r.batch, r.number for update of r
), uncounted as (
  update batch_ranges r set succeeded = r.succeeded - u.succeeded, unchanged = r.unchanged - u.unchanged,
    absent = r.absent - u.absent, failed = r.failed - u.failed, cancelled = r.cancelled - u.cancelled
  from uncounting u where (r.batch, r.number) = (u.batch, u.number)
), reopened as (
  -- Each of them, whatever it is by what this statement saw: it may be finished at the same time, and then who comes second
  -- sees the other's change, or the other generation. Its deadline begins anew, too.
  update batches b set outcome = null, finished_at = null, sweep_generation = b.sweep_generation + 1,
    status = case when b.finished_at is null then b.status else 'running' end,
    finish_by = case when b.finish_by > now() then b.finish_by end
  from (select distinct batch as id from uncounts) u
  where b.id = u.id
)`;

const retrySql = `
with ended as (
  select ${endedColumns} from invocations
  where id = $2 and status in ('succeeded', 'failed', 'cancelled') for update
), moved as (${retryEnded(rungNow)}
    and i.id = $2
  returning i.id as invocation, i.integration, i.lane, i.generation, i.rung_at is not null as ring
), ${reopenBatches}, audited as (
  ${auditInsert(3)} where exists (select 1 from moved)
)
select * from moved`;

/** Opens an ended invocation again; `null` if it is not there or has not ended. */
export async function retryInvocation(pool: Pool, id: string, audit: AuditRecord): Promise<Retried | null> {
  const values = [openFailureCodes, id, ...auditValues(audit)];
  const { rows } = await pool.query<Retried>({ name: 'retry-invocation', text: retrySql, values });
  return rows[0] ?? null;
}

/**
 * Guarded by nothing but being open: whoever holds the row finds at its next statement that it is not theirs any more.
 * An exchange in flight is kept as an attempt of unknown outcome, and its worker is told to abort it.
 */
const cancelSql = `
with held as (
  select id, status as was from invocations
  where id = $1 and status in ('queued', 'retrying', 'running') for update
), moved as (
  update invocations i
  set status = 'cancelled', error = $2::jsonb, worker = null, due_at = null, rung_at = null, finished_at = now()
  from held h where i.id = h.id and i.id = $1
  returning i.id, i.attempt, i.key_number, i.configuration_version, i.claimed_at, h.was, i.batch, i.batch_range
), counted as (
  update batch_ranges r set cancelled = r.cancelled + 1 from moved m where (r.batch, r.number) = (m.batch, m.batch_range)
), kept as (
  insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms, outcome, sent, error)
  select id, attempt, key_number, configuration_version, claimed_at,
    least(extract(epoch from now() - claimed_at) * 1000, 2147483647)::int, 'unknown', true, $2::jsonb
  from moved where was = 'running'
), audited as (
  ${auditInsert(4)} where exists (select 1 from moved)
)
select was, case when was = 'running' then pg_notify($3, id || ' ' || attempt) end as told from moved`;

/** Ends an open invocation as `cancelled`; `null` if it is not there or has ended. */
export async function cancelInvocation(
  pool: Pool,
  id: string,
  error: Failure,
  audit: AuditRecord,
): Promise<Cancelled | null> {
  const values = [id, JSON.stringify(error), cancelledChannel, ...auditValues(audit)];
  const { rows } = await pool.query<Cancelled>({ name: 'cancel-invocation', text: cancelSql, values });
  return rows[0] === undefined ? null : { was: rows[0].was };
}

/** The worker tells what it had sent when its attempt was cancelled: then its request can be shown. */
export async function completeCancelled(
  pool: Pool,
  { id, attempt }: { id: string; attempt: number },
  { commandVersion, configurationVersion, lastSyncAt, validators }: SentBefore,
): Promise<void> {
  await pool.query(
    `update attempts set command_version = $3, configuration_version = $4, last_sync_at = $5, validators = $6
     where invocation = $1 and number = $2 and outcome = 'unknown' and command_version is null`,
    [
      id,
      attempt,
      commandVersion,
      configurationVersion,
      lastSyncAt === null ? null : new Date(lastSyncAt),
      validators === null ? null : JSON.stringify(validators),
    ],
  );
}
