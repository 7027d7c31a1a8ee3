import type { Pool } from 'pg';
import type { RangeRing } from '../batches/batch.ts';
import { rangeSize } from '../batches/batch.ts';
import type { Claimed } from '../invocations/invocation.ts';
import { grantProbeOfRange } from './batch-probes.ts';
import { isOpenBatch } from './batches.ts';
import { isHeldWork, isProbeDue } from './held.ts';
import { type ClaimedRow, claimedColumns, claimedOf } from './invocations.ts';

/** What a job for the range `r` of batch `b` says. */
const ringColumns = `'range' as kind, r.batch, b.integration, b.command, r.number,
  r.number * ${rangeSize} + 1 as "from", r.number * ${rangeSize} + r.size as "to"`;

/**
 * Marks the next ranges of open batches as rung, so that each batch has at most `window` of them in the queue or in a
 * worker's hands. Of all batches, or of one.
 */
export async function takeRanges(
  pool: Pool,
  { batch, window, limit }: { batch: string | null; window: number; limit: number },
): Promise<RangeRing[]> {
  const { rows } = await pool.query<RangeRing>({
    name: 'take-ranges',
    text: `
with picked as (
  select b.integration, b.command, n.batch, n.number
  from batches b cross join lateral (
    select r.batch, r.number from batch_ranges r
    where r.batch = b.id and r.status = 'waiting' and (r.not_before is null or r.not_before <= now())
    order by r.number
    -- While it is held, one: for the probe.
    limit greatest(0, case when ${isHeldWork("'batch'", 'b.integration')} then 1 else $2::int end - (select count(*) from batch_ranges t where t.batch = b.id and t.status in ('rung', 'running')))
  ) n
  where ${isOpenBatch} and ($1::uuid is null or b.id = $1)
    and (not ${isHeldWork("'batch'", 'b.integration')} or ${isProbeDue('b.integration')})
  order by n.number, n.batch limit $3
), locked as (
  select r.batch, r.number from batch_ranges r join picked p on (p.batch, p.number) = (r.batch, r.number)
  where r.status = 'waiting' order by r.batch, r.number for update of r skip locked
), rung as (
  update batch_ranges r set status = 'rung', rung_at = now(), generation = r.generation + 1, not_before = null
  from locked l where (r.batch, r.number) = (l.batch, l.number)
  returning r.*
)
select ${ringColumns}, r.generation from rung r join batches b on b.id = r.batch`,
    values: [batch, window, limit],
  });
  return rows;
}

/** Takes back that jobs were added for these ranges. */
export async function unringRanges(pool: Pool, rings: readonly RangeRing[]): Promise<void> {
  if (rings.length === 0) return;
  await pool.query({
    name: 'unring-ranges',
    text: `
with rung as (
  select r.batch, r.number from batch_ranges r
  join unnest($1::uuid[], $2::int[], $3::int[]) as t(batch, number, generation)
    on (t.batch, t.number, t.generation) = (r.batch, r.number, r.generation)
  where r.status = 'rung' order by r.batch, r.number for update of r
)
update batch_ranges r set status = 'waiting' from rung where (r.batch, r.number) = (rung.batch, rung.number)`,
    values: [
      rings.map(({ batch }) => batch),
      rings.map(({ number }) => number),
      rings.map(({ generation }) => generation),
    ],
  });
}

/** Ranges rung for more than `olderThanMs` ago that no worker took: their jobs may be lost. Marks them as looked at. */
export async function overdueRanges(pool: Pool, olderThanMs: number, limit: number): Promise<RangeRing[]> {
  const { rows } = await pool.query<RangeRing>({
    name: 'overdue-ranges',
    text: `
with overdue as (
  select r.batch, r.number from batches b join batch_ranges r on r.batch = b.id
  where ${isOpenBatch} and r.status in ('rung', 'running') and r.status = 'rung' and r.rung_at < now() - $1 * interval '1 millisecond'
  order by r.batch, r.number limit $2 for update of r skip locked
), seen as (
  update batch_ranges r set rung_at = now() from overdue o where (r.batch, r.number) = (o.batch, o.number) returning r.*
)
select ${ringColumns}, r.generation from seen r join batches b on b.id = r.batch`,
    values: [olderThanMs, limit],
  });
  return rows;
}

export type TakenRange = { firstId: string; lastId: string; size: number; done: number; deadlineAt: number | null };

/**
 * A worker takes the range that its job is about; `null` if the job is an old one, somebody has the range, or its batch
 * does not run any more. The first one taken starts the batch.
 */
export async function takeRange(
  pool: Pool,
  worker: string,
  { batch, number, generation }: Pick<RangeRing, 'batch' | 'number' | 'generation'>,
): Promise<TakenRange | null> {
  const { rows } = await pool.query<Omit<TakenRange, 'deadlineAt'> & { finishBy: Date | null }>({
    name: 'take-range',
    text: `
with started as (
  update batches b set status = 'running', started_at = coalesce(b.started_at, now())
  where b.id = $2 and b.status = 'queued' returning b.id
), taken as (
  update batch_ranges r set status = 'running', worker = $1
  from batches b
  where r.batch = $2 and r.number = $3 and r.generation = $4 and r.status in ('rung', 'waiting') and b.id = r.batch
    and ${isOpenBatch}
  returning r.first_id, r.last_id, r.size, b.finish_by, r.succeeded + r.absent + r.failed + r.cancelled as done
)
select first_id as "firstId", last_id as "lastId", size, done, finish_by as "finishBy" from taken`,
    values: [worker, batch, number, generation],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { finishBy, ...taken } = row;
  return { ...taken, deadlineAt: finishBy?.getTime() ?? null };
}

type RangeRows = { batch: string; number: number; firstId: string; lastId: string };

/**
 * Moves up to `limit` queued rows of a range that this worker holds to `running`. None if the work is held, but for one
 * if a probe is due.
 */
export async function claimOfRange(pool: Pool, worker: string, range: RangeRows, limit: number): Promise<Claimed[]> {
  const claimed = await claimFree(pool, worker, range, limit, null);
  if (claimed.length > 0) return claimed;
  // Once per pass, at its end: whether nothing is left or all of it is held, the claim does not say.
  const probe = await grantProbeOfRange(pool, range);
  return probe === null ? [] : claimFree(pool, worker, range, 1, probe);
}

/** @param probe the row that may be claimed although the work is held */
async function claimFree(
  pool: Pool,
  worker: string,
  { batch, number, firstId, lastId }: RangeRows,
  limit: number,
  probe: string | null,
): Promise<Claimed[]> {
  const askedAt = performance.now();
  const { rows } = await pool.query<ClaimedRow>({
    name: 'claim-of-range',
    text: `
with open as (
  select i.id from invocations i
  where i.batch = $2 and i.batch_range = $3 and i.id between $4 and $5 and i.status = 'queued' and i.due_at is null
    -- Of the batch, so asked once: of each row, it would be planned for each partition.
    and ((select not ${isHeldWork("'batch'", 'b.integration')} from batches b where b.id = $2) or i.id = $7::uuid)
    and (select r.worker from batch_ranges r where r.batch = $2 and r.number = $3 and r.status = 'running') = $1
  order by i.id limit $6 for update
), claimed as (
  update invocations i
  set status = 'running', worker = $1, claimed_at = now(), attempt = i.attempt + 1, tried = i.tried + 1,
    first_attempt_at = coalesce(i.first_attempt_at, now())
  where i.id = any(array(select id from open)) and i.id between $4 and $5
  returning i.*
)
${claimedColumns} order by c.id`,
    values: [worker, batch, number, firstId, lastId, limit, probe],
  });
  return rows.map((row) => claimedOf(row, { probe: row.id === probe, askedAt }));
}

/**
 * A worker lets go of a range: it has `passed` when none of it is queued any more, otherwise it waits, at least
 * `notBeforeMs`. `lost`: it was not this worker's any more.
 */
export async function leaveRange(
  pool: Pool,
  worker: string,
  { batch, number, firstId, lastId }: RangeRows,
  notBeforeMs: number,
): Promise<'passed' | 'waiting' | 'lost'> {
  const { rows } = await pool.query<{ status: 'passed' | 'waiting' }>({
    name: 'leave-range',
    text: `
update batch_ranges r set worker = null,
  not_before = case when $6::float8 > 0 then now() + $6::float8 * interval '1 millisecond' end,
  status = case when exists (
    select from invocations i where i.batch = $2 and i.batch_range = $3 and i.id between $4 and $5
      and i.status = 'queued' and i.due_at is null
  ) then 'waiting' else 'passed' end
where r.batch = $2 and r.number = $3 and r.status = 'running' and r.worker = $1
returning r.status`,
    values: [worker, batch, number, firstId, lastId, notBeforeMs],
  });
  return rows[0]?.status ?? 'lost';
}

/** Milliseconds until the next range that waits for its time may be rung for; `null` if none does within `withinMs`. */
export async function nextRangeInMs(pool: Pool, withinMs: number): Promise<number | null> {
  const { rows } = await pool.query<{ in_ms: number | null }>({
    name: 'next-range',
    text: `
select greatest(0, extract(epoch from min(r.not_before) - now()) * 1000)::float8 as in_ms
from batches b join batch_ranges r on r.batch = b.id
where ${isOpenBatch} and r.status = 'waiting' and r.not_before > now()
  and r.not_before <= now() + $1 * interval '1 millisecond'`,
    values: [withinMs],
  });
  return rows[0]?.in_ms ?? null;
}
