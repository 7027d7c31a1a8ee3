import type { Pool } from 'pg';
import { type LateBatch, type LateRow, rangeSize } from '../batches/batch.ts';
import type { Failure } from '../contract/errors.ts';
import { countingEndings } from './batch-endings.ts';
import { isOpenBatch } from './batches.ts';

/** What may be ended here; what a worker has in hand it ends itself. */
const openRange = `r.status in ('waiting', 'passed') and r.succeeded + r.absent + r.failed + r.cancelled < r.size`;

/** Open batches whose `finishBy` is over, longest ago first, and what their integration waited for. */
export async function lateBatches(pool: Pool, limit: number): Promise<LateBatch[]> {
  const { rows } = await pool.query<LateBatch>({
    name: 'late-batches',
    text: `
select b.id, b.integration, b.command, b.finish_by as "finishBy", now() as "seenAt", case
    when f.hold is not null then jsonb_build_object('kind', 'held', 'hold', f.hold)
    when g.status = 'paused' then '{"kind": "paused"}'
    when jsonb_array_length(coalesce(g.limits -> 'rates', '[]')) > 0 then '{"kind": "rates"}' end as waited
from batches b join integrations g on g.id = b.integration
left join integration_flow f on f.integration = b.integration
where ${isOpenBatch} and b.finish_by < now()
  and exists (select from batch_ranges r where r.batch = b.id and ${openRange})
order by b.finish_by limit $1`,
    values: [limit],
  });
  return rows;
}

/** Rows of a late batch that wait, whether for their first attempt or for another one. */
export async function lateRows(pool: Pool, batch: string, limit: number): Promise<LateRow[]> {
  const { rows } = await pool.query<LateRow>({
    name: 'late-rows',
    text: `
select i.id, i.tried, i.error as "lastError"
from batch_ranges r cross join lateral (
  select w.id, w.tried, w.error from invocations w
  where w.batch = r.batch and w.batch_range = r.number and w.id between r.first_id and r.last_id
    and w.status in ('queued', 'retrying')
  -- All of them: with a limit, the planner has to go from range to range.
  order by w.id limit ${rangeSize}
) i
where r.batch = $1 and ${openRange} order by r.number, i.id limit $2`,
    values: [batch, limit],
  });
  return rows;
}

const passedWhenAllEnded = `status = case
  when r.status = 'waiting' and r.succeeded + r.absent + r.failed + r.cancelled + l.ended = r.size then 'passed'
  else r.status end`;

/** Ends them as failed, unless somebody has taken them meanwhile; answers how many ended. */
export async function endLateRows(
  pool: Pool,
  batch: string,
  rows: readonly { id: string; error: Failure }[],
): Promise<number> {
  const ids = rows.map(({ id }) => id).sort();
  const { rows: answers } = await pool.query<{ moved: number }>({
    name: 'end-late-rows',
    text: `
with errors as (
  select * from unnest($2::uuid[], $3::jsonb[]) as t(id, error)
), held as (
  select i.id from invocations i
  where i.batch = $1 and i.id = any($2) and i.id between $4 and $5 and i.status in ('queued', 'retrying')
  order by i.id for update of i
), moved as (
  update invocations i
  set status = 'failed', error = e.error, worker = null, due_at = null, rung_at = null, finished_at = now()
  from held h join errors e using (id) where i.id = h.id
  returning i.id, i.batch, i.batch_range
), ${countingEndings('failed', passedWhenAllEnded)}
select count(*)::int as moved from moved`,
    values: [batch, rows.map(({ id }) => id), rows.map(({ error }) => JSON.stringify(error)), ids[0], ids.at(-1)],
  });
  return answers[0]?.moved ?? 0;
}
