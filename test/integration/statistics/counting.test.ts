import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { openPool } from '../../../src/platform/pg.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { type Counted, createTally } from '../../../src/statistics/tally.ts';
import { createStatisticsWriter } from '../../../src/statistics/writer.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { addStatistics, fateOf } from '../../../src/store/statistics.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { claimedRow, insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

const noon = Date.UTC(2026, 10, 23, 12);
const failed = {
  status: 'failed',
  error: { code: 'timeout', message: 'No answer.', side: 'customer-server' },
} as const satisfies Settled['next'];

const none = () => undefined;

describe('contract §3: what workers count', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool);
  });
  afterAll(() => database.drop());
  beforeEach(() => database.pool.query('truncate statistics, invocations, attempts, latest_results'));

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const kept = () =>
    rows(`select width, (extract(epoch from at) * 1000 - ${noon})::int / 60000 as minute, integration, lane, succeeded, failed, attempts,
      durations, by_code from statistics order by width, at, integration, lane`);
  const sums = () =>
    rows(
      'select width, sum(succeeded)::int as succeeded, sum(attempts)::int as attempts from statistics group by 1 order by 1',
    );

  function counted(overrides: Partial<Counted> = {}): Counted {
    return {
      at: noon,
      integration: 'acme',
      command: 'GetInvoiceImage',
      lane: 'batch',
      succeeded: 1,
      failed: 1,
      absent: 0,
      attempts: 2,
      retried: 0,
      durations: [0, 1, 1],
      byCode: { timeout: 1 },
      ...overrides,
    };
  }

  it('is added to minutes, hours and days, kind by kind', async () => {
    await addStatistics(database.pool, [counted(), counted({ at: noon + 60_000 })], none);
    await addStatistics(
      database.pool,
      [counted({ durations: [0, 0, 2, 5], byCode: { timeout: 1, 'dns-failed': 3 } }), counted({ lane: 'interactive' })],
      none,
    );
    await addStatistics(database.pool, [counted({ at: noon + 60_000, durations: [], byCode: {} })], none);
    const of = { integration: 'acme', lane: 'batch' };
    const all = await kept();
    const ofDays = all.filter(({ width }) => width === 'day');
    const ofHours = all.filter(({ width }) => width === 'hour');
    expect(ofDays).toEqual(ofHours.map((row) => ({ ...row, width: 'day', minute: -720 })));
    expect(all.filter(({ width }) => width !== 'day')).toEqual([
      {
        ...of,
        width: 'hour',
        minute: 0,
        succeeded: 4,
        failed: 4,
        attempts: 8,
        durations: [0, 2, 4, 5],
        by_code: { timeout: 3, 'dns-failed': 3 },
      },
      {
        ...of,
        lane: 'interactive',
        width: 'hour',
        minute: 0,
        succeeded: 1,
        failed: 1,
        attempts: 2,
        durations: [0, 1, 1],
        by_code: { timeout: 1 },
      },
      {
        ...of,
        width: 'minute',
        minute: 0,
        succeeded: 2,
        failed: 2,
        attempts: 4,
        durations: [0, 1, 3, 5],
        by_code: { timeout: 2, 'dns-failed': 3 },
      },
      {
        ...of,
        lane: 'interactive',
        width: 'minute',
        minute: 0,
        succeeded: 1,
        failed: 1,
        attempts: 2,
        durations: [0, 1, 1],
        by_code: { timeout: 1 },
      },
      {
        ...of,
        width: 'minute',
        minute: 1,
        succeeded: 2,
        failed: 2,
        attempts: 4,
        durations: [0, 1, 1],
        by_code: { timeout: 1 },
      },
    ]);
  });

  it('is written by many processes at once, each in an order of its own, and nothing is lost', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `integration-${index}`);
    const shuffled = (by: number) => names.map((_, index) => names[(index * by) % names.length] as string);
    const write = (by: number) =>
      addStatistics(
        database.pool,
        shuffled(by).map((integration) => counted({ integration })),
        none,
      );
    await Promise.all([1, 3, 7, 9, 11, 13, 17, 19].map(write));
    expect(await sums()).toEqual([
      { width: 'day', succeeded: 320, attempts: 640 },
      { width: 'hour', succeeded: 320, attempts: 640 },
      { width: 'minute', succeeded: 320, attempts: 640 },
    ]);
  });

  async function claimed(count: number): Promise<Claimed[]> {
    const news = Array.from({ length: count }, () => newInvocation());
    await insertInvocations(database.pool, news);
    return claimInvocations(
      database.pool,
      worker,
      news.map(({ id }) => id),
    );
  }

  it('is what was recorded, and nothing that was dropped because others have it', async () => {
    const tally = createTally();
    const { record } = createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
      count: tally.count,
    });
    const [one, two, three] = (await claimed(3)) as [Claimed, Claimed, Claimed];
    await database.pool.query('update invocations set attempt = attempt + 1 where id = $1', [two.id]);
    await Promise.all([record(settled(one)), record(settled(two)), record(settled(three, failed))]);
    expect(tally.take()).toMatchObject([{ succeeded: 1, failed: 1, attempts: 2, byCode: { timeout: 1 } }]);
  });

  describe('while the database is away', () => {
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

    it('waits with the next writing until it is known what became of the last', async () => {
      const fates = ['in progress', 'in progress', 'aborted'] as const;
      let asked = 0;
      const tally = createTally();
      const added: number[] = [];
      const writer = createStatisticsWriter({
        tally,
        store: {
          async add(minutes, onBegun) {
            onBegun('1');
            added.push(minutes.reduce((sum, { attempts }) => sum + attempts, 0));
            if (added.length === 1) throw new Error('Query read timeout');
          },
          fateOf: async () => fates[asked++] ?? 'committed',
        },
        log: silentLog,
      });
      tally.count([settled(claimedRow())]);
      for (let time = 0; time < 4; time += 1) await writer.flush();
      expect(asked).toBe(3);
      expect(added).toEqual([1, 1]);
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

  it('knows what became of a transaction', async () => {
    const client = await database.pool.connect();
    const begin = async () => {
      await client.query('begin');
      return (await client.query('select pg_current_xact_id()::text as id')).rows[0].id as string;
    };
    try {
      const committed = await begin();
      expect(await fateOf(database.pool, committed)).toBe('in progress');
      await client.query('commit');
      expect(await fateOf(database.pool, committed)).toBe('committed');
      const aborted = await begin();
      await client.query('rollback');
      expect(await fateOf(database.pool, aborted)).toBe('aborted');
      expect(await fateOf(database.pool, String(BigInt(aborted) + 1_000_000n))).toBe('aborted');
    } finally {
      client.release();
    }
  });
});
