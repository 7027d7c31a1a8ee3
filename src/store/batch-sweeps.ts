import type { Pool } from 'pg';
import type { SweepRing } from '../batches/batch.ts';
import type { Claimed } from '../invocations/invocation.ts';
import { grantProbeOfSweep } from './batch-probes.ts';
import { isOpenBatch } from './batches.ts';
import { isHeldWork, isProbeDue } from './held.ts';
import { type ClaimedRow, claimedColumns, claimedOf, isDueOf } from './invocations.ts';

/** Rows of batch `b` that are due for another attempt and that nobody has. */
const hasDue = `exists (
  select from invocations i
  where i.batch = b.id and i.due_at is not null and ${isDueOf('i')} and i.status in ('queued', 'retrying')
)`;

/**
 * Marks open batches with leftovers that are due as rung, each for one job. One that was rung for `lostAfterMs` ago and
 * that no worker took is rung for again: its job may be lost.
 */
export async function takeSweeps(
  pool: Pool,
  { batch, lostAfterMs, limit }: { batch: string | null; lostAfterMs: number; limit: number },
): Promise<SweepRing[]> {
  const { rows } = await pool.query<SweepRing>({
    name: 'take-sweeps',
    text: `
with picked as (
  select b.id from batches b
  where ${isOpenBatch} and ($1::uuid is null or b.id = $1) and b.sweep_worker is null
    and (b.sweep_rung_at is null or b.sweep_rung_at < now() - $2 * interval '1 millisecond')
    and (not ${isHeldWork("'batch'", 'b.integration')} or ${isProbeDue('b.integration')}) and ${hasDue}
  order by b.id limit $3 for update skip locked
)
update batches b set sweep_rung_at = now(), sweep_generation = b.sweep_generation + 1
from picked where b.id = picked.id
returning 'sweep' as kind, b.id as batch, b.integration, b.command, b.sweep_generation as generation`,
    values: [batch, lostAfterMs, limit],
  });
  return rows;
}

/** Takes back that jobs were added for these leftovers. */
export async function unringSweeps(pool: Pool, rings: readonly SweepRing[]): Promise<void> {
  if (rings.length === 0) return;
  await pool.query({
    name: 'unring-sweeps',
    text: `
with rung as (
  select b.id from batches b
  join unnest($1::uuid[], $2::int[]) as t(batch, generation) on (t.batch, t.generation) = (b.id, b.sweep_generation)
  where b.sweep_worker is null order by b.id for update of b
)
update batches b set sweep_rung_at = null from rung where b.id = rung.id`,
    values: [rings.map(({ batch }) => batch), rings.map(({ generation }) => generation)],
  });
}

/** A worker takes the leftovers of a batch, by whichever job; `null` if somebody has them, or nothing is to be done. */
export async function takeSweep(
  pool: Pool,
  worker: string,
  { batch }: Pick<SweepRing, 'batch'>,
): Promise<{ deadlineAt: number | null } | null> {
  const { rows } = await pool.query<{ finishBy: Date | null }>({
    name: 'take-sweep',
    text: `
update batches b set sweep_worker = $1
where b.id = $2 and b.sweep_worker is null and ${isOpenBatch}
returning b.finish_by as "finishBy"`,
    values: [worker, batch],
  });
  const [row] = rows;
  return row === undefined ? null : { deadlineAt: row.finishBy?.getTime() ?? null };
}

/**
 * Moves up to `limit` due rows of the leftovers that this worker holds to `running`. None if the work is held, but for
 * one if a probe is due.
 */
export async function claimOfSweep(pool: Pool, worker: string, batch: string, limit: number): Promise<Claimed[]> {
  const claimed = await claimFree(pool, worker, batch, limit, null);
  if (claimed.length > 0) return claimed;
  const probe = await grantProbeOfSweep(pool, batch);
  return probe === null ? [] : claimFree(pool, worker, batch, 1, probe);
}

/** @param probe the row that may be claimed although the work is held */
async function claimFree(
  pool: Pool,
  worker: string,
  batch: string,
  limit: number,
  probe: string | null,
): Promise<Claimed[]> {
  const askedAt = performance.now();
  const { rows } = await pool.query<ClaimedRow>({
    name: 'claim-of-sweep',
    text: `
with bounds as (
  select first_id, last_id from batches where id = $2 and sweep_worker = $1
), due as (
  select i.id from invocations i, bounds
  where i.batch = $2 and i.due_at is not null and ${isDueOf('i')} and i.status in ('queued', 'retrying')
    and i.id between bounds.first_id and bounds.last_id
    -- Of the batch, so asked once: of each row, all that is due would be read while it is held.
    and ((select not ${isHeldWork("'batch'", 'b.integration')} from batches b where b.id = $2) or i.id = $4::uuid)
  order by i.due_at limit $3
), open as (
  select i.id from invocations i join due on due.id = i.id
  where i.status in ('queued', 'retrying') and ${isDueOf('i')} order by i.id for update of i
), claimed as (
  update invocations i
  set status = 'running', worker = $1, claimed_at = now(), attempt = i.attempt + 1, tried = i.tried + 1,
    first_attempt_at = coalesce(i.first_attempt_at, now())
  from open where i.id = open.id
  returning i.*
)
${claimedColumns} order by c.id`,
    values: [worker, batch, limit, probe],
  });
  return rows.map((row) => claimedOf(row, { probe: row.id === probe, askedAt }));
}

/** A worker lets go of the leftovers: what falls due later is rung for then. */
export async function leaveSweep(pool: Pool, worker: string, batch: string): Promise<void> {
  await pool.query({
    name: 'leave-sweep',
    text: 'update batches set sweep_worker = null, sweep_rung_at = null where id = $2 and sweep_worker = $1',
    values: [worker, batch],
  });
}

/** Lets go of rows that were claimed and not begun with, as if they had not been claimed; their number is used up. */
export async function unclaim(pool: Pool, worker: string, claimed: readonly Claimed[]): Promise<void> {
  if (claimed.length === 0) return;
  await pool.query({
    name: 'unclaim',
    text: `
with held as (
  select i.id from invocations i join unnest($2::uuid[], $3::int[]) as t(id, attempt) on (t.id, t.attempt) = (i.id, i.attempt)
  where i.status = 'running' and i.worker = $1 and i.id = any($2) order by i.id for update of i
)
update invocations i set worker = null, tried = greatest(0, i.tried - 1),
  first_attempt_at = case when i.tried <= 1 then null else i.first_attempt_at end,
  status = case when i.due_at is null then 'queued' else 'retrying' end
from held where i.id = held.id`,
    values: [worker, claimed.map(({ id }) => id), claimed.map(({ attempt }) => attempt)],
  });
}

/** Milliseconds until the next leftover of any open batch falls due; `null` if none does within `withinMs`. */
export async function nextLeftoverInMs(pool: Pool, withinMs: number): Promise<number | null> {
  const { rows } = await pool.query<{ in_ms: number | null }>({
    name: 'next-leftover',
    text: `
select greatest(0, extract(epoch from min(n.due_at) - now()) * 1000)::float8 as in_ms
from batches b cross join lateral (
  select i.due_at from invocations i where i.batch = b.id and i.due_at is not null and i.due_at > now()
  order by i.due_at limit 1
) n
where ${isOpenBatch} and n.due_at <= now() + $1 * interval '1 millisecond'`,
    values: [withinMs],
  });
  return rows[0]?.in_ms ?? null;
}
