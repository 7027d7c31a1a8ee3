import type { Pool } from 'pg';
import type { RedriveAudit, RedriveFilter, RedriveStep } from '../invocations/redrive.ts';
import { openFailureCodes } from '../invocations/retry.ts';
import { auditColumns } from './audit-rows.ts';
import { endedColumns, reopenBatches, retryEnded } from './transitions.ts';

/** Which rows are meant, and where the step begins and ends; `$1` is `retryEnded`'s. */
const fits = `
  status = any($2::text[])
    -- Whatever has failed or was cancelled has one: they are all in that index, and little else is.
    and error is not null
    and ($3::text[] is null or account = any($3))
    and ($4::text is null or integration = $4)
    and ($5::text is null or command = $5)
    and ($6::text[] is null or error->>'code' = any($6))
    and ($7::uuid[] is null or id = any($7))
    and ($8::timestamptz is null or id >= errand_uuid_floor($8))
    and id < errand_uuid_floor($9::timestamptz)
    and ($10::uuid is null or id > $10)
    -- Rows lie between their batches' first and last: without that the whole history would be walked.
    and ($11::uuid is null or batch = $11
      and id between (select first_id from batches where id = $11) and (select last_id from batches where id = $11))
    and ($12::text is null or batch in (select b.id from batches b where b.run = $12)
      and id between (select first_id from batches where run = $12 order by first_id limit 1)
        and (select last_id from batches where run = $12 and last_id is not null order by last_id desc limit 1))
    and ($13::text is null or error->>'side' = $13)
  order by id limit $14`;

const redriveSql = `
with ended as (
  select ${endedColumns} from invocations where ${fits} for update
), moved as (${retryEnded('null')}
  returning i.id, i.account
), ${reopenBatches}, audited as (
  ${auditColumns}
  select errand_uuid_v7(), account, $15, $16, $17, $18, $19, $20,
    (jsonb_build_object('redriven', count(*)) || $21::jsonb)::json
  from moved group by account
)
select id from moved order by id`;

const countSql = `
select count(*)::int as count, (array_agg(id order by id desc))[1] as last
from (select id from invocations where $1::text[] is not null and ${fits}) matching`;

function parameters(filter: RedriveFilter, after: string | null, limit: number): unknown[] {
  const { accounts, statuses, integration, command, codes, side, ids, since, until, batch, run } = filter;
  return [
    openFailureCodes,
    statuses,
    accounts === '*' ? null : accounts,
    integration,
    command,
    codes,
    ids,
    since,
    until,
    after,
    batch,
    run,
    side,
    limit,
  ];
}

/** Opens the next `limit` of them again, with an audit entry for each account. */
export async function redriveStep(
  pool: Pool,
  filter: RedriveFilter,
  page: { after: string | null; limit: number },
  { actor, action, subject, details }: RedriveAudit,
): Promise<RedriveStep> {
  const audit = [actor.type, actor.id, actor.name, action, subject.type, subject.id, JSON.stringify(details)];
  const values = [...parameters(filter, page.after, page.limit), ...audit];
  const { rows } = await pool.query<{ id: string }>(redriveSql, values);
  return { count: rows.length, last: rows.length < page.limit ? null : (rows.at(-1)?.id ?? null) };
}

/** See `RedriveDependencies.knows`. */
export async function knowsBatches(
  pool: Pool,
  { accounts, batch, run }: Pick<RedriveFilter, 'accounts' | 'batch' | 'run'>,
): Promise<{ batch: boolean; run: boolean }> {
  const there = (which: string) =>
    `exists (select 1 from batches where ${which} and ($1::text[] is null or account = any($1)))`;
  const { rows } = await pool.query<{ batch: boolean; run: boolean }>(
    `select ($2::uuid is null or ${there('id = $2')}) as batch, ($3::text is null or ${there('run = $3')}) as run`,
    [accounts === '*' ? null : accounts, batch, run],
  );
  return rows[0] ?? { batch: false, run: false };
}

/** How many of the next `limit` there are; changes nothing. */
export async function countRedrivable(
  pool: Pool,
  filter: RedriveFilter,
  { after, limit }: { after: string | null; limit: number },
): Promise<RedriveStep> {
  const { rows } = await pool.query<{ count: number; last: string | null }>(countSql, parameters(filter, after, limit));
  const { count, last } = rows[0] ?? { count: 0, last: null };
  return { count, last: count < limit ? null : last };
}
