import type { Pool } from 'pg';
import type { AuditRecord } from '../audit/entry.ts';
import type { BatchRow, NewBatch, NewBatchRow } from '../batches/batch.ts';
import { rangeSize } from '../batches/batch.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { BatchFilter } from '../contract/batch.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import { auditInsert, auditValues } from './audit.ts';
import { byteaArray } from './blobs.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { type Connection, transaction } from './database.ts';
import { advisoryLocks } from './locks.ts';

/** SQL: has the batch `b` begun, or may it begin, and has it not ended? */
export const isOpenBatch = `b.finished_at is null and b.status in ('queued', 'running')`;

/** Begins to receive a batch. */
export async function insertBatch(pool: Pool, batch: NewBatch): Promise<void> {
  await pool.query(
    `insert into batches (id, account, integration, command, run, schedule, status, finish_by, idempotency_key, fingerprint,
       created_by, callback_url)
     values ($1, $2, $3, $4, $5, $6, 'receiving', $7, $8, $9, $10, $11)`,
    [
      batch.id,
      batch.account,
      batch.integration,
      batch.command,
      batch.run,
      batch.schedule,
      batch.finishBy,
      batch.idempotencyKey,
      batch.fingerprint,
      JSON.stringify(batch.createdBy),
      batch.callbackUrl,
    ],
  );
}

const appendSql = `
with head as (
  update batches set total = total + cardinality($3::uuid[]), received_at = now(),
    first_id = coalesce(first_id, ($3::uuid[])[1]), last_id = ($3::uuid[])[cardinality($3::uuid[])]
  where id = $1 and status = 'receiving' returning id, account, integration, command
), input as (
  select * from unnest($3::uuid[], $4::json[], $5::text[], $6::bytea[], $7::text[], $8::int[])
    as t(id, tokens, sealed_tokens, fingerprint, reference, batch_range)
), rows as (
  insert into invocations (id, account, integration, command, lane, status, tokens, sealed_tokens, fingerprint, reference,
    configuration_version, batch, batch_range)
  select t.id, h.account, h.integration, h.command, 'batch', 'queued', t.tokens, t.sealed_tokens, t.fingerprint, t.reference,
    $2, h.id, t.batch_range
  from input t cross join head h
), ranges as (
  insert into batch_ranges (batch, number, first_id, last_id, size)
  select h.id, r.number, r.first_id, r.last_id, r.size
  from unnest($9::int[], $10::uuid[], $11::uuid[], $12::int[]) as r(number, first_id, last_id, size) cross join head h
)
select id from head`;

/**
 * Adds items to a batch that is being received, in ranges of their own.
 *
 * @param firstRange the number of the first of these ranges
 * @throws Refusal `conflict` if the batch is not being received any more: it was given up for silent
 */
export async function appendRows(
  pool: Pool,
  batch: string,
  configurationVersion: number,
  rows: readonly NewBatchRow[],
  firstRange: number,
): Promise<void> {
  const starts = Array.from({ length: Math.ceil(rows.length / rangeSize) }, (_, index) => index * rangeSize);
  const ranges = starts.map((start) => rows.slice(start, start + rangeSize));
  const answer = await pool.query({
    name: 'append-batch-rows',
    text: appendSql,
    values: [
      batch,
      configurationVersion,
      rows.map(({ id }) => id),
      rows.map(({ tokens }) => JSON.stringify(tokens)),
      rows.map(({ sealedTokens }) => sealedTokens),
      byteaArray(rows.map(({ fingerprint }) => fingerprint)),
      rows.map(({ reference }) => reference),
      rows.map((_, index) => firstRange + Math.floor(index / rangeSize)),
      ranges.map((_, index) => firstRange + index),
      ranges.map((range) => range[0]?.id),
      ranges.map((range) => range.at(-1)?.id),
      ranges.map(({ length }) => length),
    ],
  });
  if (answer.rowCount !== 1) {
    throw new Refusal('conflict', 'The batch was given up because its items came too slowly; send it again.');
  }
}

/** Says that a batch is still being received, though nothing of it was added for a while. */
export async function touchBatch(pool: Pool, batch: string): Promise<void> {
  await pool.query(`update batches set received_at = now() where id = $1 and status = 'receiving'`, [batch]);
}

type BatchKey = { integration: string; command: string; key: string };
type Keyed = { id: string; fingerprint: Buffer | null };

/**
 * All items are kept: from here on it runs. `false` if it is not being received any more. If another one was completed
 * under its key meanwhile, that one; then this one is as it was.
 */
export async function completeBatch(
  pool: Pool,
  batch: string,
  warnings: readonly string[],
  audit: AuditRecord,
  key: BatchKey | null,
): Promise<boolean | Keyed> {
  if (key === null) return complete(pool, batch, warnings, audit);
  return transaction(pool, async (connection) => {
    const text = JSON.stringify([key.integration, key.command, key.key]);
    await connection.query('select pg_advisory_xact_lock($1, hashtext($2))', [advisoryLocks.batchKeys, text]);
    // Of a statement of its own: it sees what was committed before the lock was had.
    return (await findByKey(connection, key)) ?? complete(connection, batch, warnings, audit);
  });
}

async function complete(
  connection: Connection,
  batch: string,
  warnings: readonly string[],
  audit: AuditRecord,
): Promise<boolean> {
  const { rows } = await connection.query(
    `with completed as (
       update batches set status = 'queued', warnings = $2 where id = $1 and status = 'receiving' returning id
     ), audited as (${auditInsert(3)} where exists (select 1 from completed))
     select id from completed`,
    [batch, warnings, ...auditValues(audit)],
  );
  return rows.length === 1;
}

/** Rows deleted by one statement: short enough that nobody waits for it. */
const discardStep = 20;

/** Deletes a batch that is being received with all that came of it, in steps; the batch itself last. */
export async function discardBatch(pool: Pool, batch: string): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(
      `with doomed as (
         select r.batch, r.number, r.first_id, r.last_id from batch_ranges r join batches b on b.id = r.batch
         where r.batch = $1 and b.status = 'receiving' order by r.number limit ${discardStep}
       ), rows as (
         delete from invocations i using doomed d
         where i.batch = d.batch and i.batch_range = d.number and i.id between d.first_id and d.last_id
           and i.id between (select min(first_id::text)::uuid from doomed) and (select max(last_id::text)::uuid from doomed)
       )
       delete from batch_ranges r using doomed d where (r.batch, r.number) = (d.batch, d.number)`,
      [batch],
    );
    if ((rowCount ?? 0) < discardStep) break;
  }
  // Not before its rows, which another process may be deleting: without it nobody would find them.
  await pool.query(
    `delete from batches b where b.id = $1 and b.status = 'receiving'
       and not exists (select from batch_ranges r where r.batch = b.id)`,
    [batch],
  );
}

/** Batches whose sender fell silent `silentForMs` ago in the middle of them. */
export async function abandonedBatches(pool: Pool, silentForMs: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from batches where finished_at is null and status = 'receiving'
       and received_at < now() - $1 * interval '1 millisecond' order by id limit 10`,
    [silentForMs],
  );
  return rows.map(({ id }) => id);
}

/** The batch that was accepted under the key within 24 hours. */
export async function findByKey(
  connection: Connection,
  { integration, command, key }: BatchKey,
): Promise<Keyed | null> {
  const { rows } = await connection.query<Keyed>(
    `select id, fingerprint from batches
     where integration = $1 and command = $2 and idempotency_key = $3 and status <> 'receiving'
       and created_at > now() - interval '24 hours' order by id desc limit 1`,
    [integration, command, key],
  );
  return rows[0] ?? null;
}

/**
 * A batch with its counts. What has ended is counted in its ranges; running and retrying ones are few and counted as they
 * are: those of the ranges that workers hold, and those that wait for another attempt.
 */
export const batchColumns = `b.id, b.account, b.integration, b.command, b.run, b.schedule, b.status, b.outcome,
  b.finish_by as "finishBy", b.warnings, b.created_at as "createdAt", b.started_at as "startedAt",
  b.finished_at as "finishedAt", b.callback_url as "callbackUrl", b.total, c.succeeded, c.unchanged, c.absent, c.failed, c.cancelled,
  o.running, o.retrying,
  greatest(0, b.total - c.succeeded - c.absent - c.failed - c.cancelled - o.running - o.retrying)::int as queued
from batches b
cross join lateral (
  select coalesce(sum(succeeded), 0)::int as succeeded, coalesce(sum(unchanged), 0)::int as unchanged,
    coalesce(sum(absent), 0)::int as absent, coalesce(sum(failed), 0)::int as failed,
    coalesce(sum(cancelled), 0)::int as cancelled
  from batch_ranges r where r.batch = b.id
) c
cross join lateral (
  select (count(*) filter (where status = 'running'))::int as running,
    (count(*) filter (where status = 'retrying'))::int as retrying
  from (
    select i.status from invocations i
    where b.finished_at is null and i.batch = b.id and i.due_at is not null and i.id between b.first_id and b.last_id
    union all
    select i.status from batch_ranges r join invocations i
      on i.batch = r.batch and i.batch_range = r.number and i.id between r.first_id and r.last_id
    where b.finished_at is null and r.batch = b.id and r.status = 'running' and i.due_at is null and i.status = 'running'
  ) open
) o`;

export async function findBatch(pool: Pool, id: string): Promise<BatchRow | null> {
  const { rows } = await pool.query<BatchRow>(`select ${batchColumns} where b.id = $1`, [id]);
  return rows[0] ?? null;
}

/** One page, newest first. */
export async function pageBatches(
  pool: Pool,
  accounts: KeyAccounts,
  filter: BatchFilter,
  { limit, cursor }: PageQuery,
): Promise<Page<BatchRow>> {
  const { rows } = await pool.query<BatchRow>(
    `select ${batchColumns}
     where ($1::text[] is null or b.account = any($1))
       and ($2::text is null or b.account = $2)
       and ($3::text is null or b.integration = $3)
       and ($4::text is null or b.run = $4)
       and ($5::text is null or b.status = $5)
       and ($6::uuid is null or b.id < $6)
     order by b.id desc limit $7`,
    [
      accounts === '*' ? null : accounts,
      filter.account ?? null,
      filter.integration ?? null,
      filter.run ?? null,
      filter.status ?? null,
      cursor === undefined ? null : decodeCursor(cursor),
      limit + 1,
    ],
  );
  return pageOf(rows, limit, ({ id }) => id);
}
