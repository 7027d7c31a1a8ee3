import type { Pool } from 'pg';
import { auditColumns } from './audit-rows.ts';

const isGone = (worker: string) => `not exists (
  select from workers w where w.id = ${worker} and w.heartbeat_at > now() - $1 * interval '1 millisecond')`;

/**
 * Takes ranges and leftovers back from workers. What such a worker had in flight is kept as an attempt of unknown outcome
 * that does not count, and is due at once, with the leftovers.
 *
 * @param which SQL: which ranges `r` and which leftovers of batches `b`; `$2` bounds each
 */
const freeing = (which: { range: string; leftovers: string }) => `
with ranges as (
  select r.batch, r.number, r.first_id, r.last_id, r.worker from batch_ranges r
  where r.status in ('rung', 'running') and r.worker is not null and ${which.range}
  order by r.batch, r.number limit $2 for update skip locked
), sweeps as (
  select b.id, b.first_id, b.last_id, b.sweep_worker from batches b
  where b.finished_at is null and b.sweep_worker is not null and ${which.leftovers}
  order by b.id limit $2 for update skip locked
), held as (
  select i.id from invocations i where i.status = 'running' and i.id in (
    select i.id from ranges r join invocations i
      on i.batch = r.batch and i.batch_range = r.number and i.id between r.first_id and r.last_id
    -- One that is due was claimed with the leftovers, perhaps by another pass of the same worker.
    where i.status = 'running' and i.worker = r.worker and i.due_at is null
    union
    select i.id from sweeps s join invocations i
      on i.batch = s.id and i.due_at is not null and i.id between s.first_id and s.last_id
    where i.status = 'running' and i.worker = s.sweep_worker
  ) order by i.id for update of i
), freed as (
  update invocations i
  set status = 'retrying', worker = null, due_at = now(), tried = greatest(0, i.tried - 1), crashes = i.crashes + 1
  from held where i.id = held.id
  returning i.id, i.account, i.attempt, i.key_number, i.configuration_version, i.claimed_at
), kept as (
  insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms, outcome, sent)
  select id, attempt, key_number, configuration_version, claimed_at,
    least(extract(epoch from now() - claimed_at) * 1000, 2147483647)::int, 'unknown', true
  from freed
), audited as (
  ${auditColumns}
  select errand_uuid_v7(), account, 'system', 'errand', null, 'attempt.failed', 'invocation', id::text,
    json_build_object('attempt', attempt, 'outcome', 'unknown', 'reason', 'its worker stopped')
  from freed
), left_ranges as (
  update batch_ranges r set worker = null, status = 'waiting' from ranges g where (r.batch, r.number) = (g.batch, g.number)
), left_sweeps as (
  update batches b set sweep_worker = null, sweep_rung_at = null from sweeps s where b.id = s.id
)
select (select count(*) from ranges)::int + (select count(*) from sweeps)::int as count`;

const freeSilentSql = freeing({ range: isGone('r.worker'), leftovers: isGone('b.sweep_worker') });

/** Takes ranges and leftovers back from workers whose heartbeat stopped `silentForMs` ago; answers how many. */
export async function freeBatchesFromSilentWorkers(pool: Pool, silentForMs: number, limit: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'free-batches-from-silent-workers',
    text: freeSilentSql,
    values: [silentForMs, limit],
  });
  return rows[0]?.count ?? 0;
}

const abandonSql = freeing({
  range: 'r.worker = $1 and r.batch = $3 and r.number = $4',
  leftovers: 'b.sweep_worker = $1 and b.id = $3 and $4::int is null',
});

/** A worker lets go of a range, or of leftovers (`number` is null), without knowing which of the rows it holds. */
export async function abandonHold(pool: Pool, worker: string, batch: string, number: number | null): Promise<void> {
  await pool.query({ name: 'abandon-hold', text: abandonSql, values: [worker, 1, batch, number] });
}
