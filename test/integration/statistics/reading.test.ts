import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatisticsQuery } from '../../../src/contract/statistics.ts';
import { spanOf } from '../../../src/statistics/read.ts';
import { sumStatistics } from '../../../src/store/statistics.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';

const now = Date.UTC(2026, 10, 23, 12, 34, 56);
const commands = 20;
const days = 90;

/** An attempt of each command in each hour of so many days, every tenth of them failed. */
const fill = `
with hours as (
  select at, n, 'Command' || c as command, case when c = 0 then 'globex' else 'acme' end as integration, (n % 10 = 0)::int as failed
  from generate_series($1::timestamptz - interval '${days} days', $1, interval '1 hour') with ordinality as h(at, n)
  cross join generate_series(0, ${commands - 1}) c
)
insert into statistics (width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations, by_code)
select w.width, date_trunc(w.width, at, 'UTC'), integration, command, 'batch', count(*) - sum(failed), sum(failed), 0, count(*), 0,
  array[0, 0, count(*)::int], case when sum(failed) > 0 then jsonb_build_object('timeout', sum(failed)) else '{}' end
from hours cross join (values ('hour'), ('day')) w(width) group by 1, 2, 3, 4`;

describe('contract §3: GET /v1/statistics over 90 days of hours', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    await database.pool.query(fill, [new Date(now)]);
    await database.pool.query('vacuum analyze statistics');
  }, 120_000);
  afterAll(() => database.drop());

  const since = new Date(now - (days - 1) * 86_400_000).toISOString();
  const sum = (pool: Pool, query: StatisticsQuery, limits?: Parameters<typeof sumStatistics>[4]) =>
    sumStatistics(pool, '*', query, spanOf({ since, ...query }, now), limits);

  /** Rows that each statement reads. */
  async function rowsReadBy(query: StatisticsQuery): Promise<number[]> {
    const read: number[] = [];
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        const { rows } = await database.pool.query(`explain (analyze, format json) ${text}`, values);
        read.push(rowsRead(rows[0]['QUERY PLAN'][0].Plan));
        return { rows: [] };
      },
    } as unknown as Pool;
    await sum(explaining, query);
    return read;
  }

  it.each([
    [{ bucket: 'day' }, 2],
    [{ bucket: 'all' }, 2],
    [{ bucket: 'all', by: 'command' }, 3],
  ] as const)('%j reads days, and hours at both ends only', async (query, statements) => {
    const read = await rowsReadBy(query);
    expect(read).toHaveLength(statements);
    const rows = (days + 1 + 2 * 23) * commands;
    for (const each of read.slice(0, -1)) expect(each).toBeLessThanOrEqual(rows);
    // Once for the sums, and once for the codes of those that have any.
    expect(read.at(-1)).toBeLessThanOrEqual(2 * rows);
  });

  it('gives the same of days and hours as of hours alone', async () => {
    const hours = await sum(database.pool, { bucket: 'hour' });
    if (typeof hours === 'string') throw new Error(hours);
    const total = (name: 'succeeded' | 'failed' | 'attempts') => hours.reduce((all, row) => all + row[name], 0);
    const sums = { succeeded: total('succeeded'), failed: total('failed'), attempts: total('attempts') };
    expect(sums.failed).toBeGreaterThan(0);
    const all = await sum(database.pool, { bucket: 'all' });
    const begin = new Date(Math.floor(Date.parse(since) / 3_600_000) * 3_600_000);
    expect(all).toMatchObject([{ at: begin, ...sums, byCode: { timeout: sums.failed } }]);
    expect((all[0] as { durations: number[] }).durations.slice(0, 3)).toEqual([0, 0, sums.attempts]);
  });

  it('is refused where there are more rows than may be added up, or items', async () => {
    const rows = days * 24 * commands;
    expect(await sum(database.pool, { bucket: 'hour' }, { items: 5_000, rows: rows - 1_000 })).toBe('rows');
    expect(await sum(database.pool, { bucket: 'hour', by: 'command' }, { items: 5_000, rows })).toBe('items');
    const one = await sum(database.pool, { bucket: 'hour', integration: 'globex' }, { items: 5_000, rows: 3_000 });
    expect(one).toHaveLength((days - 1) * 24 + 1);
  });
});

type Plan = {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
};

/** Rows that the statement looked at in `statistics`, those that it then left out, too. */
function rowsRead(plan: Plan): number {
  const own = plan['Relation Name'] === 'statistics';
  const rows = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
  return (own ? rows : 0) + (plan.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), 0);
}
