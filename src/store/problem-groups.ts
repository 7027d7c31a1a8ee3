import type { Pool } from 'pg';
import { maxCounted } from '../contract/statistics.ts';
import type { ProblemFilter, ProblemKey, ProblemsDependencies, StoredProblem } from '../invocations/problems.ts';
import { auditInsert, auditValues } from './audit.ts';
import { uuidFloor } from './uuid-floor.ts';

/** More than a person goes through. */
const maxProblems = 200;
/** Rows that are counted of all together. */
const maxCountedOfAll = 200_000;

const order = `i.integration, i.command, i.error->>'code', i.id`;

/** The rows of `invocations i` that make the problem `k`. One that is being tried again has the error of its last attempt. */
const isOf = `i.error is not null and (i.integration, i.command, i.error->>'code') = (k.integration, k.command, k.code)
    and ($4::uuid is null or i.id >= $4) and i.status in ('failed', 'retrying', 'running')`;

const share = `least(${maxCounted}, ${maxCountedOfAll} / (select greatest(count(*), 1) from newest))`;

/**
 * Never reads all that has failed: it leaps from one integration to the next within the index, and from one command and
 * code to the next, looks at the newest row of each, and counts so many. That limit is a sub-query because the planner, who
 * takes a kind for rarer than it is, would sort all of it where it can see that the limit is beyond that.
 */
const findSql = `
with recursive failing as (
  (select i.integration from invocations i
   where i.error is not null and ($3::text is null or i.integration = $3) order by ${order} limit 1)
  union all
  select next.integration from failing f cross join lateral (
    select i.integration from invocations i
    where i.error is not null and i.integration > f.integration and $3::text is null order by ${order} limit 1
  ) next
), kinds as (
  select n.id as integration, n.account, k.command, k.code
  from failing f join integrations n on n.id = f.integration and n.deleted_at is null
  cross join lateral (
    with recursive each as (
      (select i.command, i.error->>'code' as code from invocations i
       where i.error is not null and i.integration = f.integration order by ${order} limit 1)
      union all
      select next.command, next.code from each e cross join lateral (
        select i.command, i.error->>'code' as code from invocations i
        where i.error is not null and i.integration = f.integration
          and (i.command, i.error->>'code') > (e.command, e.code) order by ${order} limit 1
      ) next
    )
    select * from each
  ) k
  where ($1::text[] is null or n.account = any($1)) and ($2::text is null or n.account = $2)
    and ($5::text is null or (k.command, k.code) = ($5, $6)) and k.code not in ('absent', 'cancelled')
), newest as materialized (
  select k.*, i.id as newest from kinds k cross join lateral (
    select i.id from invocations i where ${isOf} order by ${order.replaceAll(',', ' desc,')} desc limit 1
  ) i
  order by i.id desc limit ${maxProblems}
)
select k.integration, k.account, k.command, k.code, counted.side, sample.error->>'message' as message,
  counted.sample, sample.created_at as "lastAt", counted.failed, counted.retrying, counted.limited,
  case when counted.limited then oldest.created_at else counted.since end as since, counted.changed_at as "changedAt",
  coalesce(f.hold is not null, false) as held,
  case when a.at is not null then json_build_object('by', a.by, 'note', a.note) end as acknowledged, a.at as "acknowledgedAt"
from newest k
cross join lateral (
  -- By side: a wrong key and a wrong number are answered with the same code, and are mended by different people.
  select w.side, (count(*) filter (where w.status = 'failed'))::int as failed,
    (count(*) filter (where w.status <> 'failed'))::int as retrying, sum(count(*)) over () >= max(w.share) as limited,
    max(coalesce(w.finished_at, w.created_at)) as changed_at, min(w.created_at) as since, max(w.id::text)::uuid as sample
  from (
    select i.id, i.status, i.finished_at, i.created_at, i.error->>'side' as side, s.share
    from (select ${share} as share) s cross join lateral (
      select * from invocations i where ${isOf} order by ${order.replaceAll(',', ' desc,')} desc limit s.share
    ) i
  ) w group by w.side
) counted
cross join lateral (select i.error, i.created_at from invocations i where i.id = counted.sample) sample
cross join lateral (select i.created_at from invocations i where ${isOf} order by ${order} limit 1) oldest
left join integration_flow f on f.integration = k.integration
left join problem_acknowledgements a on (a.integration, a.command, a.code) = (k.integration, k.command, k.code)
  and (a.up_to is null or counted.sample <= a.up_to)`;

type Row = Omit<StoredProblem, 'acknowledged'> & {
  acknowledged: Omit<NonNullable<StoredProblem['acknowledged']>, 'at'> | null;
  acknowledgedAt: Date | null;
};

const acknowledgeSql = `
with saved as (
  insert into problem_acknowledgements (integration, command, code, by, note, up_to)
  values ($1, $2, $3, $4::jsonb, $5, $6)
  on conflict (integration, command, code) do update set at = now(), by = excluded.by, note = excluded.note, up_to = excluded.up_to
)
${auditInsert(7)}`;

const unacknowledgeSql = `
with removed as (
  delete from problem_acknowledgements where (integration, command, code) = ($1, $2, $3) returning 1
)
${auditInsert(4)} where exists (select 1 from removed)`;

const keyOf = ({ integration, command, code }: ProblemKey) => [integration, command, code];

/** What is wrong now, found in the invocations; and what people have said to it. */
export function createProblemStore(pool: Pool): ProblemsDependencies['store'] {
  return {
    async find(accounts, { account, integration, kind, since }: ProblemFilter) {
      const { rows } = await pool.query<Row>(findSql, [
        accounts === '*' ? null : accounts,
        account,
        integration,
        since === null ? null : uuidFloor(since.getTime()),
        kind?.command ?? null,
        kind?.code ?? null,
      ]);
      return rows.map(({ acknowledged, acknowledgedAt: at, ...row }) => {
        return { ...row, acknowledged: acknowledged === null || at === null ? null : { ...acknowledged, at } };
      });
    },
    async acknowledge(key, { actor, note, upTo }, audit) {
      await pool.query(acknowledgeSql, [...keyOf(key), JSON.stringify(actor), note, upTo, ...auditValues(audit)]);
    },
    async unacknowledge(key, audit) {
      await pool.query(unacknowledgeSql, [...keyOf(key), ...auditValues(audit)]);
    },
  };
}
