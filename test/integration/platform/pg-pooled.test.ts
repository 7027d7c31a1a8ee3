import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import { openPool, sharesSessions } from '../../../src/platform/pg.ts';
import { transaction } from '../../../src/store/database.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type OwnPgBouncer, ownPgBouncer } from '../../support/services/own-pgbouncer.ts';

describe.runIf(ownPgBouncer.available)('contract §2: a pool behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let bouncer: OwnPgBouncer;
  beforeAll(async () => {
    database = await createDatabase();
    await migrate(database.url, { pooledUser: decodeURIComponent(new URL(database.url).username) });
    bouncer = await ownPgBouncer.start(database.url);
  });
  afterAll(async () => {
    await bouncer?.stop();
    await database?.drop();
  });

  const pooled = (statementTimeoutMs?: number) =>
    openPool({
      url: bouncer.url,
      max: 10,
      applicationName: 'test-pooled',
      log: silentLog,
      pooled: true,
      ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
    });

  it('is told from PostgreSQL itself', async () => {
    expect(await sharesSessions(database.url)).toBe(false);
    expect(await sharesSessions(bouncer.url)).toBe(true);
  });

  it('may use named statements from more clients than there are sessions', async () => {
    const pools = [pooled(), pooled(), pooled()];
    const ask = (pool: (typeof pools)[number], index: number) =>
      pool.query<{ n: number; at: Date }>({
        name: `n${index % 3}`,
        text: 'select $1::int as n, pg_sleep(0.002)',
        values: [index],
      });
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        pools.flatMap((pool) => Array.from({ length: 20 }, (_, index) => ask(pool, index))),
      );
      expect(answers.map(({ rows }) => rows[0]?.n)).toEqual(
        pools.flatMap(() => Array.from({ length: 20 }, (_, n) => n)),
      );
    }
    await Promise.all(pools.map((pool) => pool.end()));
  });

  it('bounds what takes too long within a transaction, and leaves nothing of that behind', async () => {
    const pool = pooled(50);
    const slow = await transaction(pool, (connection) => connection.query('select pg_sleep(30)')).catch(
      (error) => error,
    );
    expect(slow).toMatchObject({ code: '57014' });
    const { rows } = await pool.query(`select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle`);
    expect(rows).toEqual([{ statement: '0', idle: '0' }]);
    await pool.end();
  });

  it('prunes no partitions on PostgreSQL 18 in any of its sessions', async () => {
    const pool = pooled();
    const states = await Promise.all(
      Array.from({ length: 10 }, () =>
        transaction(pool, async (connection) => {
          const { rows } = await connection.query<{ pruning: string; version: number }>(
            `select reset_val as pruning, current_setting('server_version_num')::int as version, pg_sleep(0.02)
             from pg_settings where name = 'enable_partition_pruning'`,
          );
          return rows[0];
        }),
      ),
    );
    for (const state of states) expect(state?.pruning).toBe((state?.version ?? 0) >= 180_000 ? 'off' : 'on');
    await pool.end();
  });
});
