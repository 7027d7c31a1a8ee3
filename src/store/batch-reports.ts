import type { Pool } from 'pg';
import { type BatchRow, rangeSize } from '../batches/batch.ts';
import type { MissingRow, RunPage } from '../batches/read.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { PageQuery } from '../contract/paging.ts';
import { batchColumns } from './batches.ts';
import { decodeCursor, pageOf } from './cursor.ts';

/** Of these batches: how many invocations ended without a result, by code. Reads no others than those. */
export async function countByCode(pool: Pool, batches: readonly string[]): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ code: string; count: number }>(
    `select error->>'code' as code, count(*)::int as count from invocations
     where batch = any($1::uuid[]) and batch is not null and error is not null and status in ('failed', 'cancelled')
     group by 1 order by 2 desc, 1`,
    [batches],
  );
  return Object.fromEntries(rows.map(({ code, count }) => [code, count]));
}

/**
 * What a batch has no result of, oldest first: what failed, was absent or was cancelled. `item` counts what was handed
 * over from 1 on.
 */
export async function missingOf(
  pool: Pool,
  batch: string,
  { limit, cursor }: PageQuery,
): Promise<{ rows: MissingRow[]; nextCursor: string | null }> {
  const { rows } = await pool.query<MissingRow>(
    `select i.id, i.reference, i.tokens, i.sealed_tokens as "sealedTokens", i.status, i.command, i.integration,
       i.error->>'code' as code, i.error->>'message' as message,
       (select r.number * ${rangeSize} + count(*) from batch_ranges r join invocations j
          on j.batch = r.batch and j.batch_range = r.number and j.id between r.first_id and i.id
        where r.batch = i.batch and r.number = i.batch_range group by r.number)::int as item
     from invocations i
     where i.batch = $1 and i.batch is not null and i.error is not null and i.status in ('failed', 'cancelled')
       and ($2::uuid is null or i.id > $2)
     order by i.id limit $3`,
    [batch, cursor === undefined ? null : decodeCursor(cursor), limit + 1],
  );
  const { items, nextCursor } = pageOf(rows, limit, ({ id }) => id);
  return { rows: items, nextCursor };
}

/** All batches of a run that are within the accounts. */
export async function batchesOfRun(pool: Pool, accounts: KeyAccounts, run: string): Promise<BatchRow[]> {
  const { rows } = await pool.query<BatchRow>(
    `select ${batchColumns} where b.run = $1 and ($2::text[] is null or b.account = any($2)) order by b.id`,
    [run, accounts === '*' ? null : accounts],
  );
  return rows;
}

/** The labels of a page of runs, the one with the newest batch first. */
export async function pageRuns(pool: Pool, accounts: KeyAccounts, { limit, cursor }: PageQuery): Promise<RunPage> {
  const { rows } = await pool.query<{ run: string; newest: string }>(
    `select run, max(id::text) as newest from batches
     where run is not null and ($1::text[] is null or account = any($1))
     group by run having $2::text is null or max(id::text) < $2 order by newest desc limit $3`,
    [accounts === '*' ? null : accounts, cursor === undefined ? null : decodeCursor(cursor), limit + 1],
  );
  const { items, nextCursor } = pageOf(rows, limit, ({ newest }) => newest);
  return { runs: items.map(({ run }) => run), nextCursor };
}
