import type { Pool } from 'pg';
import { transaction } from './database.ts';

/** A month, as partitions are named by it: `2026_11`. */
export type Month = string;

/**
 * Months of a table's partitions that lie back by more than `days`, oldest first. Never the last one and this one, whose
 * partitions are made anew whenever they are missing.
 */
export async function pastMonths(pool: Pool, table: 'invocations' | 'audit_log', days: number): Promise<Month[]> {
  const { rows } = await pool.query<{ month: string; before: Date }>(
    `select substring(c.relname from '\\d{4}_\\d{2}$') as month,
       least(now() - $2 * interval '1 day', date_trunc('month', now() at time zone 'UTC' - interval '1 month') at time zone 'UTC')
         as before
     from pg_inherits h join pg_class c on c.oid = h.inhrelid
     where h.inhparent = $1::regclass and c.relname ~ '_\\d{4}_\\d{2}$' order by c.relname`,
    [table, days],
  );
  return rows.flatMap(({ month, before }) => {
    const [year, number] = month.split('_').map(Number) as [number, number];
    return new Date(Date.UTC(year, number, 1)) <= before ? [month] : [];
  });
}

/** More than this is not moved in one go, for nothing else can be done with the tables meanwhile. */
const mostKept = 50_000;
/** Moving that many takes seconds; the pool's limit is for statements that somebody waits for. */
const droppingMs = 60_000;

/**
 * Drops a month of `invocations` and `attempts`. Invocations that are open, or ended less than `days` ago, move to the default
 * partition first, with their attempts. Waits for the tables at most a moment, for everything waits behind it.
 *
 * @returns how many moved; `null` if they are too many, and nothing was done
 * @throws the driver's 55P03 if the tables were busy
 */
export async function dropMonth(pool: Pool, month: Month, days: number): Promise<number | null> {
  return transaction(pool, async (connection) => {
    await connection.query(`set local statement_timeout = ${droppingMs}`);
    const text = 'select errand_drop_month($1, $2, $3) as moved';
    const drop = { text, values: [month, days, mostKept], query_timeout: droppingMs };
    const { rows } = await connection.query<{ moved: number | null }>(drop);
    return rows[0]?.moved ?? null;
  });
}

/** Deletes a step of something that nobody needs any more; answers how many. */
export type Cleaning = (pool: Pool, days: number) => Promise<number>;

const step = 1_000;
const olderThan = (column: string) => `${column} < now() - $1 * interval '1 day'`;

const cleaning =
  (sql: string): Cleaning =>
  async (pool, days) =>
    (await pool.query(sql, [days])).rowCount ?? 0;

/** What was moved out of dropped months, or had an id from no month, and has ended long ago. */
export const cleanDefaults = cleaning(`
with gone as (
  select id from invocations_default where ${olderThan('finished_at')} order by id limit ${step} for update
), emptied as (
  delete from attempts_default where invocation in (select id from gone)
)
delete from invocations_default where id in (select id from gone)`);

/** Batches that ended, and whose invocations are all dropped. */
export const cleanBatches = cleaning(`
with gone as (
  select id from batches b where ${olderThan('finished_at')}
    and not exists (select from invocations i where i.batch = b.id and i.id between b.first_id and b.last_id)
  order by id limit 100 for update
), emptied as (
  delete from batch_ranges where batch in (select id from gone)
)
delete from batches where id in (select id from gone)`);

/** What a producer's job became: known for as long as the invocation. */
export const cleanAdoptions = cleaning(
  `delete from adopted_jobs where ctid = any(array(select ctid from adopted_jobs where ${olderThan('adopted_at')} limit ${step}))`,
);

/** Contract §7: a key holds for 24 hours. `days`: at least one. */
export const cleanIdempotencyKeys = cleaning(
  `delete from idempotency_keys where ctid = any(array(
     select ctid from idempotency_keys where ${olderThan('created_at')} limit ${step}))`,
);

/** Portal sessions that are over, opened or not. */
export const cleanPortalSessions = cleaning(
  `delete from portal_sessions where id = any(array(
     select id from portal_sessions where ${olderThan('expires_at')} limit ${step}))`,
);

/** Notifications that have ended, delivered or not. */
export const cleanNotifications = cleaning(
  `delete from notifications where id = any(array(
     select id from notifications where due_at is null and ${olderThan('ended_at')}
       -- By id as well: in the order of the primary key, the old ones come first.
       and id < errand_uuid_floor(now() - $1 * interval '1 day') order by id limit ${step}))`,
);

const countsOf = (width: 'minute' | 'hour' | 'day') =>
  cleaning(
    `delete from statistics where ctid = any(array(
       select ctid from statistics where width = '${width}' and ${olderThan('at')} order by at limit ${step}))`,
  );
/** What happened within minutes, hours and days. */
export const cleanMinutes = countsOf('minute');
export const cleanHours = countsOf('hour');
export const cleanDays = countsOf('day');

/**
 * Bytes that no result referred to anew for so many days; the newest good ones for their tokens stay. What a result refers
 * to just now is seen just now, and looked at again under the lock.
 */
export const cleanBlobs = cleaning(`
with gone as (
  select sha256 from blobs b where seen_on < current_date - $1::int
    and not exists (select from latest_results l where l.sha256 = b.sha256)
  order by seen_on limit 200 for update skip locked
)
delete from blobs where sha256 in (select sha256 from gone)`);
