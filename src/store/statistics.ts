import type { Pool } from 'pg';
import type { KeyAccounts } from '../contract/api-key.ts';
import { maxStatisticsItems, maxStatisticsRows, type StatisticsQuery } from '../contract/statistics.ts';
import { spanStarts } from '../judging/durations.ts';
import type { Span, SummedRow, TooMuch, Width } from '../statistics/read.ts';
import { type Counted, dayMs, hourMs, widened } from '../statistics/tally.ts';
import type { Fate } from '../statistics/writer.ts';
import { transaction } from './database.ts';

/**
 * Adds to minutes, hours and days alike. Rows are written in the order of their key, so that two processes never wait for each
 * other in a circle.
 */
const addSql = `
insert into statistics as s (width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations, by_code)
select width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations::int[], by_code
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[], $9::int[],
  $10::int[], $11::text[], $12::jsonb[])
  as t(width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations, by_code)
order by width, at, integration, command, lane
on conflict (width, at, integration, command, lane) do update
  set succeeded = s.succeeded + excluded.succeeded, failed = s.failed + excluded.failed, absent = s.absent + excluded.absent,
    attempts = s.attempts + excluded.attempts, retried = s.retried + excluded.retried,
    durations = coalesce((
      select array_agg(coalesce(kept, 0) + coalesce(added, 0) order by place)
      from unnest(s.durations, excluded.durations) with ordinality as u(kept, added, place)), '{}'),
    by_code = case when excluded.by_code = '{}' then s.by_code else (
      select jsonb_object_agg(code, count) from (
        select code, sum(count::int)::int as count
        from (select * from jsonb_each_text(s.by_code) union all select * from jsonb_each_text(excluded.by_code)) as u(code, count)
        group by code) summed) end`;

/** Adds what a process counted, all or nothing. `onBegun` is told the transaction before anything is written. */
export async function addStatistics(
  pool: Pool,
  minutes: readonly Counted[],
  onBegun: (transaction: string) => void,
): Promise<void> {
  const hours = widened(minutes, hourMs);
  const widths: Record<Width, readonly Counted[]> = { minute: minutes, hour: hours, day: widened(hours, dayMs) };
  const all = Object.entries(widths).flatMap(([width, counted]) => counted.map((each) => ({ width, ...each })));
  await transaction(pool, async (connection) => {
    const { rows } = await connection.query<{ id: string }>('select pg_current_xact_id()::text as id');
    onBegun((rows[0] as { id: string }).id);
    await connection.query({
      name: 'add-statistics',
      text: addSql,
      values: [
        all.map(({ width }) => width),
        all.map(({ at }) => new Date(at)),
        all.map(({ integration }) => integration),
        all.map(({ command }) => command),
        all.map(({ lane }) => lane),
        all.map(({ succeeded }) => succeeded),
        all.map(({ failed }) => failed),
        all.map(({ absent }) => absent),
        all.map(({ attempts }) => attempts),
        all.map(({ retried }) => retried),
        all.map(({ durations }) => `{${durations.join(',')}}`),
        all.map(({ byCode }) => JSON.stringify(byCode)),
      ],
    });
  });
}

const inTheFuture = '22023';

/**
 * What became of a transaction. One that a crashed server knows nothing of was not written; of one from so long ago that
 * it is forgotten, nobody asks. After a crash an id that never got into the WAL is given out once more: if that transaction
 * was committed, this one's seconds are taken for written and are lost. They are never added twice, for an id in the WAL is
 * given out once.
 */
export async function fateOf(pool: Pool, transaction: string): Promise<Fate> {
  try {
    const { rows } = await pool.query<{ fate: Fate | null }>('select pg_xact_status($1::xid8) as fate', [transaction]);
    return rows[0]?.fate ?? 'committed';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === inTheFuture) return 'aborted';
    throw error;
  }
}

/** Rows of one part of what is asked for, by bucket and group; what it is not grouped by is empty. */
const partSql = (width: number) => `
  select case $2 when 'day' then date_trunc('day', s.at, 'UTC') when 'all' then $1 else s.at end as at,
    case when $3 in ('integration', 'command') then s.integration else '' end as integration,
    case when $3 = 'command' then s.command else '' end as command,
    case when $3 = 'lane' then s.lane else '' end as lane,
    s.succeeded, s.failed, s.absent, s.attempts, s.retried, s.durations, s.by_code
  from statistics s
  where s.width = $${width} and s.at >= $${width + 1}::timestamptz and s.at < $${width + 2}::timestamptz
    and ($4::text[] is null or s.integration in (select id from integrations where account = any($4)))
    and ($5::text is null or s.integration in (select id from integrations where account = $5))
    and ($6::text is null or s.integration = $6)
    and ($7::text is null or s.command = $7)
    and ($8::text is null or s.lane = $8)`;
const firstPart = 9;
const group = 'at, integration, command, lane';

/** One sum for each span: to unnest them all took twice as long. */
const durationSums = spanStarts.map((_, span) => `coalesce(sum(durations[${span + 1}]), 0)`).join(', ');

const sumSql = (picked: (also?: string) => string) => `
with summed as (
  select ${group}, sum(succeeded)::float8 as succeeded, sum(failed)::float8 as failed, sum(absent)::float8 as absent,
    sum(attempts)::float8 as attempts, sum(retried)::float8 as retried, array[${durationSums}]::float8[] as durations
  from (${picked()}) p group by ${group}
), codes as (
  select ${group}, jsonb_object_agg(code, count) as by_code from (
    select ${group}, code, sum(count::int)::float8 as count
    from (${picked("and s.by_code <> '{}'")}) p cross join lateral jsonb_each_text(by_code) as u(code, count)
    group by ${group}, code
  ) c group by ${group}
)
select s.*, coalesce(c.by_code, '{}') as "byCode"
from summed s left join codes c using (${group}) order by ${group}`;

export type StatisticsLimits = { items: number; rows: number };
const defaultLimits: StatisticsLimits = { items: maxStatisticsItems, rows: maxStatisticsRows };

/**
 * What was counted within the accounts, added up by bucket and group, oldest first. That it would be too much is found out
 * at a fraction of the cost.
 */
export async function sumStatistics(
  pool: Pool,
  accounts: KeyAccounts,
  query: StatisticsQuery,
  { since, until, bucketMs, parts }: Span,
  limits = defaultLimits,
): Promise<SummedRow[] | TooMuch> {
  const values = [
    new Date(since),
    query.bucket,
    query.by ?? null,
    accounts === '*' ? null : accounts,
    query.account ?? null,
    query.integration ?? null,
    query.command ?? null,
    query.lane ?? null,
    ...parts.flatMap((part) => [part.width, new Date(part.since), new Date(part.until)]),
  ];
  const picked = (also = '') =>
    parts.map((_, index) => `${partSql(firstPart + 3 * index)} ${also}`).join(' union all ');
  const countUpTo = async (limit: number, grouped: string) => {
    const text = `select count(*)::int as count from (select from (${picked()}) p ${grouped} limit ${limit + 1}) c`;
    return (await pool.query<{ count: number }>(text, values)).rows[0]?.count ?? 0;
  };
  if ((await countUpTo(limits.rows, '')) > limits.rows) return 'rows';
  // Without groups, time alone may say that there are few enough.
  const few = query.by === undefined && (until - since) / bucketMs <= limits.items;
  if (!few && (await countUpTo(limits.items, `group by ${group}`)) > limits.items) return 'items';
  const { rows } = await pool.query<SummedRow>(sumSql(picked), values);
  return rows.map(({ integration, command, lane, ...row }) => ({
    ...row,
    integration: integration || null,
    command: command || null,
    lane: lane || null,
  }));
}
