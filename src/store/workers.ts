import type { Pool } from 'pg';
import type { Lane } from '../contract/lane.ts';
import { auditColumns } from './audit-rows.ts';

export type WorkerRow = { id: string; lane: Lane; host: string; pid: number };

/** Says that this worker lives. The database's clock counts, so a worker with a wrong one is not taken for dead. */
export async function beat(pool: Pool, worker: WorkerRow): Promise<void> {
  await pool.query({
    name: 'worker-beat',
    text: `
insert into workers (id, lane, host, pid) values ($1, $2, $3, $4)
on conflict (id) do update set heartbeat_at = now()`,
    values: [worker.id, worker.lane, worker.host, worker.pid],
  });
}

export async function removeWorker(pool: Pool, id: string): Promise<void> {
  await pool.query('delete from workers where id = $1', [id]);
}

/** Whether a worker on this host has said within the last `withinMs` that it lives. */
export async function hasBeaten(pool: Pool, host: string, withinMs: number): Promise<boolean> {
  const { rows } = await pool.query<{ beaten: boolean }>(
    `select exists (
       select 1 from workers where host = $1 and heartbeat_at > now() - $2 * interval '1 millisecond') as beaten`,
    [host, withinMs],
  );
  return rows[0]?.beaten === true;
}

/** Forgets workers that have been silent for a day. */
export async function forgetSilentWorkers(pool: Pool): Promise<void> {
  await pool.query(`delete from workers where heartbeat_at < now() - interval '1 day'`);
}

export type Freed = { id: string; integration: string; lane: Lane };

/** Frees held rows; `where` says which. What was in flight is kept as an attempt of unknown outcome that does not count. */
const freeing = (where: string) => `
with held as (
  select i.id from invocations i where i.due_at is not null and i.batch is null and i.status = 'running' and ${where}
  order by i.id limit $2 for update skip locked
), freed as (
  update invocations i
  set status = 'retrying', worker = null, rung_at = null, due_at = now(), tried = greatest(0, i.tried - 1),
    crashes = i.crashes + 1
  from held where i.id = held.id
  returning i.id, i.account, i.integration, i.lane, i.attempt, i.key_number, i.configuration_version, i.claimed_at
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
)
select id, integration, lane from freed`;

const freeSilentSql = freeing(`not exists (
  select 1 from workers w where w.id = i.worker and w.heartbeat_at > now() - $1 * interval '1 millisecond')`);

/** Takes running rows back from workers whose heartbeat stopped `silentForMs` ago; they are due at once. */
export async function freeFromSilentWorkers(pool: Pool, silentForMs: number, limit: number): Promise<Freed[]> {
  const { rows } = await pool.query<Freed>({
    name: 'free-from-silent-workers',
    text: freeSilentSql,
    values: [silentForMs, limit],
  });
  return rows;
}

const freeOrphansSql = freeing('i.worker = $1 and i.id <> all($3::uuid[])');

/** Frees the rows that a worker holds but for those that it knows of. */
export async function freeOrphans(
  pool: Pool,
  worker: string,
  known: readonly string[],
  limit: number,
): Promise<number> {
  const { rows } = await pool.query(freeOrphansSql, [worker, limit, known]);
  return rows.length;
}
