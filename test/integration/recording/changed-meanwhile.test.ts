import type { Pool, PoolClient } from 'pg';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Claimed } from '../../../src/invocations/invocation.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { openPool } from '../../../src/platform/pg.ts';
import { postpone } from '../../../src/store/due.ts';
import { recordSettled } from '../../../src/store/endings.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';
import { untilAnotherWaitsFor } from '../../support/locks.ts';

/**
 * Rows that another transaction changes while a statement waits for them: PostgreSQL looks at them again then, with parts
 * of the plan. With plans that are kept and pruned while they run, PostgreSQL 18 misses rows, or crashes.
 */
describe('contract §7: rows that were changed while a statement waited for them', () => {
  let database: TestDatabase;
  let pool: Pool;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(`alter database ${name} set plan_cache_mode = force_generic_plan`);
    pool = openPool({ url: database.url, max: 4, applicationName: 'test', log: silentLog });
    await insertIntegration(pool);
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });
  beforeEach(() => pool.query('truncate invocations, attempts'));

  async function insert(count: number): Promise<string[]> {
    const news = Array.from({ length: count }, () => newInvocation());
    await insertInvocations(pool, news);
    return news.map(({ id }) => id);
  }

  /** Touches half of the rows in a transaction that ends when the statement waits for it. */
  async function meanwhile<Answer>(ids: readonly string[], statement: () => Promise<Answer>): Promise<Answer> {
    const client: PoolClient = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query('update invocations set rung_at = now() where id = any($1)', [ids.slice(0, ids.length / 2)]);
      const answer = statement();
      await untilAnotherWaitsFor(client, database.pool);
      await client.query('commit');
      return await answer;
    } finally {
      client.release();
    }
  }

  it('are recorded all the same', async () => {
    const ids = await insert(20);
    const claimed: Claimed[] = await claimInvocations(pool, worker, ids);
    const recorded = await meanwhile(ids, () =>
      recordSettled(
        pool,
        worker,
        claimed.map((each) => settled(each)),
        [],
      ),
    );
    expect([...recorded.keys()].sort()).toEqual(ids);
    const ended = await pool.query(`select id from invocations where status = 'succeeded' order by id`);
    expect(ended.rows.map(({ id }) => id)).toEqual(ids);
    expect((await pool.query('select from attempts')).rows).toHaveLength(20);
  });

  it('are claimed all the same', async () => {
    const ids = await insert(20);
    const claimed = await meanwhile(ids, () => claimInvocations(pool, worker, ids));
    expect(claimed.map(({ id }) => id).sort()).toEqual(ids);
  });

  it('are put off all the same', async () => {
    const ids = await insert(20);
    await meanwhile(ids, () =>
      postpone(
        pool,
        ids.map((id) => ({ id, delayMs: 60_000 })),
      ),
    );
    expect((await pool.query('select id from invocations where due_at > now() order by id')).rows).toHaveLength(20);
  });
});
