import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { type Counted, createTally } from '../../../src/statistics/tally.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { addStatistics, fateOf } from '../../../src/store/statistics.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

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
