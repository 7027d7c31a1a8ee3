import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import { openPool } from '../../../src/platform/pg.ts';
import { createTally } from '../../../src/statistics/tally.ts';
import { createStatisticsWriter } from '../../../src/statistics/writer.ts';
import { addStatistics, fateOf } from '../../../src/store/statistics.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { claimedRow, insertIntegration, settled } from '../../support/invocations.ts';

const noon = Date.UTC(2026, 10, 23, 12);

describe('contract §3: what workers count, while the database is away', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool);
  });
  afterAll(() => database.drop());
  beforeEach(() => database.pool.query('truncate statistics'));

  const sums = async () => {
    const { rows } = await database.pool.query(
      'select width, sum(succeeded)::int as succeeded, sum(attempts)::int as attempts from statistics group by 1 order by 1',
    );
    return rows;
  };

  function writerOn(pool: Pool, { fails = () => false as boolean } = {}) {
    const tally = createTally();
    const writer = createStatisticsWriter({
      tally,
      store: {
        async add(minutes, onBegun) {
          if (fails()) throw new Error('Connection terminated unexpectedly');
          await addStatistics(pool, minutes, onBegun);
        },
        fateOf: (transaction) => fateOf(pool, transaction),
      },
      log: silentLog,
    });
    const count = (times: number) =>
      tally.count(Array.from({ length: times }, () => settled(claimedRow({ claimedAt: noon }))));
    return { writer, count, tally };
  }

  it('is kept, and written when it is back, once', async () => {
    let away = true;
    const { writer, count } = writerOn(database.pool, { fails: () => away });
    count(3);
    await writer.flush();
    count(4);
    await writer.flush();
    expect(await sums()).toEqual([]);
    away = false;
    await writer.flush();
    await writer.flush();
    expect(await sums()).toMatchObject([{ succeeded: 7 }, { succeeded: 7 }, { succeeded: 7 }]);
  });

  /** Cuts the connection of who writes when it comes to this statement: before it, or when it has been answered. */
  function cutting(statement: string, when: 'before' | 'after') {
    const pool = openPool({ url: database.url, max: 2, applicationName: 'cut', log: silentLog });
    let cuts = 0;
    const end = () =>
      database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut' and datname = current_database()`,
      );
    async function connect() {
      const client = await pool.connect();
      const query = client.query.bind(client) as (...of: unknown[]) => Promise<unknown>;
      client.query = (async (given: string | { text: string }) => {
        const text = typeof given === 'string' ? given : given.text;
        if (cuts > 0 || !text.includes(statement)) return query(given);
        cuts += 1;
        if (when === 'after') await query(given);
        await end();
        if (when === 'before') return query(given);
        throw new Error('Connection terminated unexpectedly');
      }) as typeof client.query;
      return client;
    }
    return { connect, query: pool.query.bind(pool), end: () => pool.end(), cuts: () => cuts };
  }

  it.each([
    ['before it begins', 'begin', 'before'],
    ['before it is written', 'insert into statistics', 'before'],
    ['when it is written and not committed', 'insert into statistics', 'after'],
    ['before the commit', 'commit', 'before'],
    ['when it is committed and nobody was told', 'commit', 'after'],
  ] as const)('is neither lost nor doubled if the connection breaks %s', async (_, statement, when) => {
    const cut = cutting(statement, when);
    try {
      const { writer, count } = writerOn(cut as unknown as Pool);
      count(5);
      await writer.flush();
      expect(cut.cuts()).toBe(1);
      count(2);
      await writer.flush();
      await writer.stop();
      expect(await sums()).toMatchObject([
        { succeeded: 7, attempts: 7 },
        { succeeded: 7, attempts: 7 },
        { succeeded: 7, attempts: 7 },
      ]);
    } finally {
      await cut.end();
    }
  });

  /** Of which the first transaction breaks, and is found rolled back when it is asked after for the third time. */
  function doubting(message: string) {
    const fates = ['in progress', 'in progress', 'aborted'] as const;
    const asked: string[] = [];
    const added: number[] = [];
    const told: string[] = [];
    const tell = (event: string) => void told.push(event);
    const tally = createTally();
    const writer = createStatisticsWriter({
      tally,
      store: {
        async add(minutes, onBegun) {
          onBegun('1');
          added.push(minutes.reduce((sum, { attempts }) => sum + attempts, 0));
          if (added.length === 1) throw new Error(message);
        },
        async fateOf(transaction) {
          asked.push(transaction);
          return fates[asked.length - 1] ?? 'committed';
        },
      },
      log: { info: tell, warn: tell },
      lastWriteMs: 20_000,
    });
    tally.count([settled(claimedRow())]);
    return { writer, asked, added, told };
  }

  it('waits with the next writing until it is known what became of the last, and says so then', async () => {
    const { writer, asked, added, told } = doubting('Query read timeout');
    for (let time = 0; time < 3; time += 1) await writer.flush();
    expect({ added, told }).toEqual({ added: [1], told: ['statistics.not-written'] });
    await writer.flush();
    expect({ added, told }).toEqual({ added: [1, 1], told: ['statistics.not-written', 'statistics.written'] });
    expect(asked).toEqual(['1', '1', '1']);
  });

  it('is written before a stop once it is known what became of the last writing', async () => {
    const { writer, asked, added } = doubting('Connection terminated unexpectedly');
    await writer.stop();
    expect(added).toEqual([1, 1]);
    expect(asked).toHaveLength(3);
  });

  it('does not hold up a stop', async () => {
    const tally = createTally();
    const writer = createStatisticsWriter({
      tally,
      store: { add: () => new Promise(() => undefined), fateOf: async () => 'aborted' },
      log: silentLog,
      lastWriteMs: 20,
    });
    writer.start();
    tally.count([settled(claimedRow())]);
    await writer.stop();
  });
});
