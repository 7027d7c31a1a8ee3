import type { Pool } from 'pg';
import type { Lane } from '../contract/lane.ts';
import type { Doorbell } from '../invocations/invocation.ts';
import { boundsOf } from './bounds.ts';
import { isHeldWork, isProbeDue, justNow } from './held.ts';
import { isDue, isDueOf } from './invocations.ts';

/** Marks the picked rows as rung, one generation on: a job id that was used before would be ignored in silence. */
const ringPicked = `
update invocations i set rung_at = now(), generation = i.generation + 1
from picked where i.id = picked.id
returning i.id as invocation, i.integration, i.generation`;

/**
 * Due rows that nobody rang for, oldest first, at most `perIntegration` of each: one integration with thousands of
 * waiting rows fills neither the queue nor this answer.
 */
export async function takeDue(
  pool: Pool,
  lane: Lane,
  bounds: { perIntegration: number; limit: number },
): Promise<Doorbell[]> {
  const { rows } = await pool.query<Doorbell>({
    name: 'take-due',
    text: `
-- The integrations with open rows, one index look-up each: waiting rows by the thousand are not read to find them.
with recursive waiting(integration) as (
  select min(integration) from invocations where due_at is not null and batch is null
  union all
  select (select min(integration) from invocations where due_at is not null and batch is null
    and integration > w.integration)
  from waiting w where w.integration is not null
), due as (
  select d.id, d.due_at, d.place
  from waiting w cross join lateral (
    select i.id, i.due_at, row_number() over (order by i.due_at, i.id) as place
    from invocations i
    where i.integration = w.integration and i.lane = $1 and i.batch is null and ${isDueOf('i')}
      and i.status in ('queued', 'retrying') and i.rung_at is null
    order by i.due_at, i.id limit $2
  ) d
  where w.integration is not null and not ${isHeldWork('$1', 'w.integration')}
), picked as (
  select i.id from invocations i
  -- Everybody's first before anybody's second: a saturated integration's rows come round again and again.
  where i.id in (select id from due order by place, due_at, id limit $3)
    and i.status in ('queued', 'retrying') and i.rung_at is null
  order by i.id for update skip locked
)${ringPicked}`,
    values: [lane, bounds.perIntegration, bounds.limit],
  });
  return rows;
}

/** The next `limit` due rows of one integration that nobody rang for. */
export async function takeDueOf(pool: Pool, integration: string, lane: Lane, limit: number): Promise<Doorbell[]> {
  const { rows } = await pool.query<Doorbell>({
    name: 'take-due-of',
    text: `
with picked as (
  select id from invocations
  where integration = $1 and lane = $2 and batch is null and ${isDue} and status in ('queued', 'retrying') and rung_at is null
    and not ${isHeldWork('$2', '$1')}
  order by due_at, id limit $3 for update skip locked
)${ringPicked}`,
    values: [integration, lane, limit],
  });
  return rows;
}

/**
 * One due row of each held integration whose next probe is due, of one or of all; the claim lets one through at a time.
 */
export async function takeProbes(pool: Pool, integration: string | null, limit: number): Promise<Doorbell[]> {
  const { rows } = await pool.query<Doorbell>({
    name: 'take-probes',
    text: `
with probes as (
  select (
    select i.id from invocations i
    where i.integration = f.integration and i.lane = 'batch' and i.batch is null and ${isDueOf('i')}
      and i.status in ('queued', 'retrying') and i.rung_at is null
    order by i.due_at, i.id limit 1
  ) as id
  from integration_flow f
  where f.hold is not null and f.next_probe_at <= ${justNow} and ($1::text is null or f.integration = $1)
    and ${isProbeDue('f.integration')}
  order by f.next_probe_at limit $2
), picked as (
  select i.id from invocations i
  where i.id in (select id from probes) and i.status in ('queued', 'retrying') and i.rung_at is null
  order by i.id for update skip locked
)${ringPicked}`,
    values: [integration, limit],
  });
  return rows;
}

/** Takes back that a job was added: it could not be, or its integration has no free slot here. */
export async function unring(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await pool.query({
    name: 'unring',
    text: `
with open as (
  select id from invocations
  where id = any($1::uuid[]) and id between $2 and $3 and status in ('queued', 'retrying')
  order by id for update
)
update invocations i set rung_at = null from open where i.id = open.id`,
    values: [ids, ...boundsOf(ids)],
  });
}

/** Lets rows wait that could not be taken now: they are due again after so many milliseconds, and not rung for before. */
export async function postpone(pool: Pool, rows: readonly { id: string; delayMs: number }[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await pool.query({
    name: 'postpone',
    text: `
with later as (
  select * from unnest($1::uuid[], $4::float8[]) as t(id, delay_ms)
), open as (
  select id from invocations
  where id = any($1::uuid[]) and id between $2 and $3 and status in ('queued', 'retrying')
  order by id for update
)
update invocations i set rung_at = null, due_at = now() + l.delay_ms * interval '1 millisecond'
from open join later l using (id) where i.id = open.id`,
    values: [ids, ...boundsOf(ids), rows.map(({ delayMs }) => delayMs)],
  });
}

/** Rows rung for more than `olderThanMs` ago and still waiting: their jobs may be lost. */
export async function overdueRung(pool: Pool, lane: Lane, olderThanMs: number, limit: number): Promise<Doorbell[]> {
  const { rows } = await pool.query<Doorbell>({
    name: 'overdue-rung',
    text: `
select id as invocation, integration, generation from invocations
where lane = $1 and batch is null and ${isDue} and status in ('queued', 'retrying')
  and rung_at < now() - $2 * interval '1 millisecond'
order by due_at limit $3`,
    values: [lane, olderThanMs, limit],
  });
  return rows;
}

/** Their jobs are still in the queue: looks at them again only after a while. */
export async function stillRung(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await pool.query({
    name: 'still-rung',
    text: `
with open as (
  select id from invocations
  where id = any($1::uuid[]) and id between $2 and $3 and status in ('queued', 'retrying') and rung_at is not null
  order by id for update
)
update invocations i set rung_at = now() from open where i.id = open.id`,
    values: [ids, ...boundsOf(ids)],
  });
}

/** Milliseconds until the next row of the lane falls due that nobody rang for; `null` if none does within `withinMs`. */
export async function nextDueInMs(pool: Pool, lane: Lane, withinMs: number): Promise<number | null> {
  const { rows } = await pool.query<{ in_ms: number }>({
    name: 'next-due',
    text: `
select greatest(0, extract(epoch from due_at - now()) * 1000)::float8 as in_ms from invocations
where lane = $1 and batch is null and due_at > now() and due_at <= now() + $2 * interval '1 millisecond' and rung_at is null
order by due_at limit 1`,
    values: [lane, withinMs],
  });
  return rows[0]?.in_ms ?? null;
}
