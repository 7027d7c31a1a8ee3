import type { Pool } from 'pg';
import { isProbeDue } from './held.ts';
import { isDueOf } from './invocations.ts';
import { grantSql } from './probes.ts';

/** The first of the rows `i` of batch `b`, if the next probe of its integration is due. */
const firstOf = (rows: string) => `
  select b.integration, first.id from batches b cross join lateral (
    select i.id from invocations i where i.batch = b.id and ${rows} limit 1
  ) first
  where b.id = $1 and ${isProbeDue('b.integration')}`;

const ofRangeSql = grantSql(
  firstOf(`i.batch_range = $2 and i.id between $3 and $4 and i.status = 'queued' and i.due_at is null order by i.id`),
);

const ofSweepSql = grantSql(
  firstOf(`i.due_at is not null and ${isDueOf('i')} and i.status in ('queued', 'retrying') order by i.due_at`),
);

/** Grants a queued row of the range the probe of its integration, as `grantProbes` does; `null` if none is due. */
export async function grantProbeOfRange(
  pool: Pool,
  { batch, number, firstId, lastId }: { batch: string; number: number; firstId: string; lastId: string },
): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'grant-probe-of-range',
    text: ofRangeSql,
    values: [batch, number, firstId, lastId],
  });
  return rows[0]?.id ?? null;
}

/** Grants a leftover of the batch that is due the probe of its integration; `null` if none is due. */
export async function grantProbeOfSweep(pool: Pool, batch: string): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'grant-probe-of-sweep',
    text: ofSweepSql,
    values: [batch],
  });
  return rows[0]?.id ?? null;
}
