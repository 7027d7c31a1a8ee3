import type { Pool } from 'pg';

/** `paused`, or the code of what it is held for. */
const holdingSql = `
select reason, count(*)::int as count from (
  select case when g.status = 'paused' then 'paused' else f.hold->>'code' end as reason
  from integrations g left join integration_flow f on f.integration = g.id
  where g.deleted_at is null and (g.status = 'paused' or f.hold is not null)
) h group by reason`;

const batchesSql = `select status, count(*)::int as count from batches where finished_at is null group by status`;

const overdueSql = `select count(*)::int as count from schedules where next_run_at < now() - interval '1 minute'`;

/** Of integrations, batches and schedules, what an operator is to see at a glance: a few rows of partial indexes. */
export async function meterReadings(pool: Pool) {
  const [holding, batches, overdue] = await Promise.all([
    pool.query<{ reason: string; count: number }>(holdingSql),
    pool.query<{ status: string; count: number }>(batchesSql),
    pool.query<{ count: number }>(overdueSql),
  ]);
  return { holding: holding.rows, batches: batches.rows, overdueSchedules: overdue.rows[0]?.count ?? 0 };
}
