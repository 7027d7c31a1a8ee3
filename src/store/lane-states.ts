import type { Pool } from 'pg';
import { rangeSize } from '../batches/batch.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import { defaultConcurrency } from '../contract/integration.ts';
import { type Lane, lanes } from '../contract/lane.ts';
import { maxCounted } from '../contract/statistics.ts';
import { silentForMs } from '../invocations/sweep.ts';
import type { LaneRow } from '../statistics/read.ts';
import { isOpenBatch } from './batches.ts';
import { isHeldWork } from './held.ts';

/** Of an integration's rows that are due, the oldest, twice as many as may run: what runs came before what waits. */
const oldestOfEach = `2 * coalesce((g.limits->>'concurrency')::int, ${defaultConcurrency})`;

/** Open rows of an integration `w` in its lane, from a moment on or up to it, as they are in the index of such. */
const openSingles = (due: string) => `
  select i.status from invocations i
  where i.integration = w.integration and i.lane = w.lane and i.batch is null and i.due_at is not null and ${due}
  order by i.due_at limit ${maxCounted}`;

/**
 * Rows that are not of a batch, by the partial index that holds open ones only, integration by integration; where ten
 * thousand are read, no more are. What is held is not waiting for a worker.
 */
const singlesSql = `
with recursive open(integration) as (
  select min(integration) from invocations where due_at is not null and batch is null
  union all
  select (select min(integration) from invocations where due_at is not null and batch is null
    and integration > o.integration)
  from open o where o.integration is not null
), ours as materialized (
  select g.id as integration, l.lane, ${isHeldWork('l.lane', 'g.id')} as held, ${oldestOfEach} as oldest
  from open o join integrations g on g.id = o.integration cross join unnest($1::text[]) as l(lane)
  where $2::text[] is null or g.account = any($2)
), oldest as (
  select w.lane, (count(*) filter (where i.status = 'running'))::int as running,
    min(i.due_at) filter (where i.status <> 'running' and not w.held) as "oldestAt"
  from ours w cross join lateral (
    select i.status, i.due_at from invocations i
    where i.integration = w.integration and i.lane = w.lane and i.batch is null and i.due_at is not null and i.due_at <= now()
    order by i.due_at limit w.oldest
  ) i group by w.lane
)
select l.lane, coalesce(o.running, 0) as running, o."oldestAt", (
    select count(*)::int from (
      select from ours w cross join lateral (${openSingles("i.due_at <= now() and i.status <> 'running'")}) i
      where w.lane = l.lane and not w.held limit ${maxCounted}
    ) c
  ) as waiting, (
    select (count(*) filter (where status = 'retrying' or held and status = 'queued'))::int from (
      select i.status, w.held from ours w
      cross join lateral (${openSingles(`i.due_at > case when w.held then '-infinity' else now() end`)}) i
      where w.lane = l.lane limit ${maxCounted}
    ) c
  ) as retrying
from unnest($1::text[]) as l(lane) left join oldest o using (lane)`;

/**
 * Rows of open batches, from the counters of their ranges. Only those that run, in ranges that workers hold, and those that
 * were tried before are looked at themselves.
 */
const batchesSql = `
with ours as (
  select b.id, b.first_id, b.last_id, b.received_at, ${isHeldWork("'batch'", 'b.integration')} as held
  from batches b where ${isOpenBatch} and ($1::text[] is null or b.account = any($1))
), counted as (
  select o.held, o.received_at, r.open, r.untaken,
    (select count(*) from batch_ranges r cross join lateral (
      select from invocations i where i.batch = r.batch and i.batch_range = r.number and i.id between r.first_id and r.last_id
        and i.due_at is null and i.status = 'running'
      limit ${rangeSize}
    ) i where r.batch = o.id and r.status = 'running') as running,
    t.running as running_again, t.later, t."dueSince"
  from ours o
  cross join lateral (
    select coalesce(sum(r.size - r.succeeded - r.absent - r.failed - r.cancelled), 0) as open,
      bool_or(r.status in ('waiting', 'rung')) as untaken
    from batch_ranges r where r.batch = o.id
  ) r
  cross join lateral (
    select count(*) filter (where i.status = 'running') as running,
      count(*) filter (where i.status = 'retrying' and i.due_at > now()) as later,
      min(i.due_at) filter (where i.status <> 'running' and i.due_at <= now()) as "dueSince"
    from (
      select i.status, i.due_at from invocations i
      where i.batch = o.id and i.due_at is not null and i.id between o.first_id and o.last_id
      order by i.due_at limit ${maxCounted}
    ) i
  ) t
), split as (
  select *, running + running_again as in_hand, greatest(0, open - running - running_again - later) as rest from counted
)
select coalesce(sum(rest) filter (where not held), 0)::int as waiting, coalesce(sum(in_hand), 0)::int as running,
  coalesce(sum(later + case when held then rest else 0 end), 0)::int as retrying,
  min(case when untaken then received_at else "dueSince" end) filter (where not held and rest > 0) as "oldestAt"
from split`;

type Counts = Pick<LaneRow, 'waiting' | 'running' | 'retrying' | 'oldestAt'>;

/** How much there is to do in each lane, within the accounts. */
export async function laneStates(pool: Pool, accounts: KeyAccounts): Promise<LaneRow[]> {
  const scope = accounts === '*' ? null : accounts;
  const [singles, batches, workers] = await Promise.all([
    pool.query<Counts & { lane: Lane }>(singlesSql, [lanes, scope]),
    pool.query<Counts>(batchesSql, [scope]),
    pool.query<{ lane: Lane; count: number }>(
      `select lane, count(*)::int as count from workers where heartbeat_at > now() - $1 * interval '1 millisecond' group by lane`,
      [silentForMs],
    ),
  ]);
  return lanes.map((lane) => {
    const parts: Counts[] = singles.rows.filter((row) => row.lane === lane);
    if (lane === 'batch') parts.push(...batches.rows);
    const sum = (name: 'waiting' | 'running' | 'retrying') => parts.reduce((total, part) => total + part[name], 0);
    return {
      lane,
      waiting: sum('waiting'),
      running: sum('running'),
      retrying: sum('retrying'),
      oldestAt: earliest(parts.map(({ oldestAt }) => oldestAt)),
      workers: workers.rows.find((row) => row.lane === lane)?.count ?? 0,
    };
  });
}

function earliest(moments: readonly (Date | null)[]): Date | null {
  return moments.reduce((first, next) => (first === null || (next !== null && next < first) ? next : first), null);
}
