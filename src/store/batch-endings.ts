import type { Pool } from 'pg';
import type { AuditRecord } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import { auditInsert, auditValues } from './audit.ts';
import { auditColumns } from './audit-rows.ts';
import { isOpenBatch } from './batches.ts';
import { cancelledChannel } from './transitions.ts';

const finishSql = `
with seen as materialized (
  select id, sweep_generation from batches where finished_at is null and ($1::uuid is null or id = $1)
), ended as (
  -- With the generation as it was: if rows of it are opened again meanwhile, it has another one under the lock.
  select b.id, c.* from batches b join seen s on (s.id, s.sweep_generation) = (b.id, b.sweep_generation)
  cross join lateral (
    select sum(r.succeeded)::int as succeeded, sum(r.unchanged)::int as unchanged, sum(r.absent)::int as absent,
      sum(r.failed)::int as failed, sum(r.cancelled)::int as cancelled
    from batch_ranges r where r.batch = b.id
  ) c
  where ${isOpenBatch} and ($1::uuid is null or b.id = $1)
    -- Without this every look would add up the ranges of every batch that is far from its end.
    and not exists (select from batch_ranges r where r.batch = b.id and r.status = 'waiting')
    and not exists (select from batch_ranges r where r.batch = b.id and r.status in ('rung', 'running'))
    and c.succeeded + c.absent + c.failed + c.cancelled = b.total
  order by b.id for update of b
), finished as (
  update batches b set status = 'finished', finished_at = now(), started_at = coalesce(b.started_at, now()),
    outcome = case when e.failed + e.cancelled = 0 then 'clean' when e.succeeded + e.absent = 0 then 'failed' else 'partial' end
  from ended e where b.id = e.id and b.finished_at is null
  returning b.id, b.account, b.integration, b.command, b.run, b.outcome, b.total, e.succeeded, e.unchanged, e.absent, e.failed,
    e.cancelled
), audited as (
  ${auditColumns}
  select errand_uuid_v7(), account, 'system', 'errand', null, 'batch.finished', 'batch', id::text,
    json_build_object('integration', integration, 'command', command, 'run', run, 'outcome', outcome, 'total', total,
      'succeeded', succeeded, 'unchanged', unchanged, 'absent', absent, 'failed', failed, 'cancelled', cancelled)
  from finished
)
select id from finished`;

/** Ends batches of which everything has ended: of all open ones, or this one. Answers which. */
export async function finishBatches(pool: Pool, batch: string | null): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({ name: 'finish-batches', text: finishSql, values: [batch] });
  return rows.map(({ id }) => id);
}

/** From here on nothing of the batch is begun any more; `false` if it has ended. */
export async function cancelBatch(pool: Pool, batch: string, audit: AuditRecord): Promise<boolean> {
  const { rows } = await pool.query(
    `with cancelled as (
       update batches set status = 'cancelled' where id = $1 and status in ('queued', 'running') returning id
     ), audited as (${auditInsert(2)} where exists (select 1 from cancelled))
     select id from cancelled`,
    [batch, ...auditValues(audit)],
  );
  return rows.length === 1;
}

/**
 * SQL: counts the rows in the CTE `moved` in their ranges.
 *
 * @param also SQL: what else is set of the range `r`, of which `l.ended` rows ended
 */
export const countingEndings = (counted: 'failed' | 'cancelled', also: string) => `
counts as (
  select batch, batch_range, count(*)::int as ended from moved group by batch, batch_range
), locked as (
  select r.batch, r.number, c.ended from batch_ranges r join counts c on (c.batch, c.batch_range) = (r.batch, r.number)
  order by r.batch, r.number for update of r
), counted as (
  update batch_ranges r set ${counted} = r.${counted} + l.ended,
    ${also}
  from locked l where (r.batch, r.number) = (l.batch, l.number)
)`;

/** Ranges whose rows one statement cancels. */
const cancelStep = 5;

/**
 * What a cancelled batch still has open ends as `cancelled`, a piece of it per call. An exchange in flight is kept as an
 * attempt of unknown outcome, and its worker is told to abort it.
 */
const cancelSql = `
with ranges as (
  select r.batch, r.number, r.first_id, r.last_id from batch_ranges r join batches b on b.id = r.batch
  where r.batch = $1 and b.status = 'cancelled' and b.finished_at is null
    and r.succeeded + r.absent + r.failed + r.cancelled < r.size
  order by r.number limit ${cancelStep}
), held as (
  select i.id, i.status as was from invocations i join ranges r
    on i.batch = r.batch and i.batch_range = r.number and i.id between r.first_id and r.last_id
  where i.status in ('queued', 'retrying', 'running') order by i.id for update of i
), moved as (
  update invocations i
  set status = 'cancelled', error = $2::jsonb, worker = null, due_at = null, rung_at = null, finished_at = now()
  from held h where i.id = h.id
  returning i.id, i.batch, i.batch_range, i.attempt, i.key_number, i.configuration_version, i.claimed_at, h.was
), kept as (
  insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms, outcome, sent, error)
  select id, attempt, key_number, configuration_version, claimed_at,
    least(extract(epoch from now() - claimed_at) * 1000, 2147483647)::int, 'unknown', true, $2::jsonb
  from moved where was = 'running'
), ${countingEndings('cancelled', `status = 'passed', worker = null`)}
select (select count(*) from moved)::int as moved,
  (select count(pg_notify($3, id || ' ' || attempt)) from moved where was = 'running')::int as aborted`;

/** Answers whether there may be more to cancel here; what somebody else has in hand just now, the leader sees to. */
export async function cancelRows(pool: Pool, batch: string, error: Failure): Promise<boolean> {
  const values = [batch, JSON.stringify(error), cancelledChannel];
  const { rows } = await pool.query<{ moved: number }>({ name: 'cancel-batch-rows', text: cancelSql, values });
  if ((rows[0]?.moved ?? 0) > 0) return true;
  // Not while another process cancels a part of it, or a worker records one: the leader looks again.
  await pool.query(
    `update batches b set finished_at = now(), sweep_worker = null
     where b.id = $1 and b.status = 'cancelled' and b.finished_at is null and not exists (
       select from batch_ranges r where r.batch = b.id and r.succeeded + r.absent + r.failed + r.cancelled < r.size)`,
    [batch],
  );
  return false;
}

/** Batches that are cancelled and still have something open, and by whom. */
export async function unfinishedCancellations(pool: Pool): Promise<{ id: string; by: string }[]> {
  const { rows } = await pool.query<{ id: string; by: string }>(
    `select b.id, coalesce((
         select coalesce(a.actor_name, a.actor_id) from audit_log a
         where a.subject_type = 'batch' and a.subject_id = b.id::text and a.action = 'batch.cancelled' order by a.id limit 1
       ), 'somebody') as by
     from batches b where b.finished_at is null and b.status = 'cancelled' order by b.id limit 10`,
  );
  return rows;
}
