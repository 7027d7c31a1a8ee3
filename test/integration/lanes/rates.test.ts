import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/contract/integration.ts';
import type { Lane } from '../../../src/contract/lane.ts';
import { createPermits } from '../../../src/lanes/permits.ts';
import { forgetOldGrants, grantRates } from '../../../src/store/rate-grants.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';

describe('rates over all processes (contract §7)', () => {
  let database: TestDatabase;
  let integration: string;
  let count = 0;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database?.drop());
  beforeEach(async () => {
    count += 1;
    integration = `acme-${count}`;
    await insertIntegration(database.pool, integration);
  });

  async function limit(rates: NonNullable<Limits['rates']>): Promise<void> {
    const limits = JSON.stringify({ rates });
    await database.pool.query('update integrations set limits = $2 where id = $1', [integration, limits]);
  }
  const take = async (wanted: number, lane: Lane = 'interactive') => {
    const [grant] = await grantRates(database.pool, lane, [{ integration, wanted }]);
    return grant;
  };
  /** So many were granted that many seconds ago. */
  const grantedBefore = (perSeconds: number, granted: number, secondsAgo: number) =>
    database.pool.query(
      `insert into rate_grants (integration, per_seconds, slice, granted)
       values ($1, $2::int, floor((extract(epoch from now()) - $4) * 60 / $2::int), $3)`,
      [integration, perSeconds, granted, secondsAgo],
    );

  it('grant what there is, and say when the next will be free', async () => {
    await limit([{ count: 60, perSeconds: 60 }]);
    expect(await take(50)).toEqual({ integration, granted: 50, waitMs: null });
    const { granted, waitMs } = (await take(50)) ?? {};
    expect(granted).toBe(10);
    // The oldest lies in a slice of a second that is counted whole, and one more is counted besides.
    expect(waitMs).toBeGreaterThan(60_000);
    expect(waitMs).toBeLessThanOrEqual(62_000);
    expect((await take(1))?.granted).toBe(0);
  });

  it('hold together: the smallest of all windows decides, and the longest wait', async () => {
    await limit([
      { count: 60, perSeconds: 60 },
      { count: 5_000, perSeconds: 86_400 },
    ]);
    await grantedBefore(86_400, 4_990, 23 * 3_600);
    const { granted, waitMs } = (await take(100)) ?? {};
    expect(granted).toBe(10);
    expect(waitMs).toBeGreaterThan(3_600_000);
    expect(waitMs).toBeLessThanOrEqual(3_600_000 + (2 * 86_400_000) / 60);
    const { rows } = await database.pool.query(
      'select sum(granted)::int as granted from rate_grants where integration = $1 and per_seconds = 60',
      [integration],
    );
    expect(rows).toEqual([{ granted: 10 }]);
  });

  it('forget what has left its window', async () => {
    await limit([{ count: 10, perSeconds: 60 }]);
    await grantedBefore(60, 10, 63);
    expect((await take(10))?.granted).toBe(10);
    await grantedBefore(3_600, 10, 2 * 3_600 + 120);
    await forgetOldGrants(database.pool);
    const { rows } = await database.pool.query(
      'select per_seconds from rate_grants where integration = $1 order by per_seconds',
      [integration],
    );
    expect(rows).toEqual([{ per_seconds: 60 }]);
  });

  it('wait for as many to leave as there are too many, where the limit was lowered', async () => {
    await limit([{ count: 5, perSeconds: 60 }]);
    await grantedBefore(60, 20, 50);
    await grantedBefore(60, 4, 30);
    const first = await take(1);
    expect(first?.granted).toBe(0);
    expect(first?.waitMs).toBeLessThan(12_500);
    await grantedBefore(60, 1, 20);
    const second = await take(1);
    expect(second?.waitMs).toBeGreaterThan(29_000);
    expect(second?.waitMs).toBeLessThan(32_500);
  });

  it.each([
    [1, 1],
    [2, 1],
    [5, 4],
    [60, 48],
    [61, 48],
  ])('keep a fifth for interactive: of %i, batch gets %i', async (count, forBatch) => {
    await limit([{ count, perSeconds: 60 }]);
    expect((await take(100, 'batch'))?.granted).toBe(forBatch);
    expect((await take(100, 'batch'))?.granted).toBe(0);
    expect((await take(100, 'interactive'))?.granted).toBe(count - forBatch);
  });

  it('are no limit where there are none, even if somebody asks', async () => {
    expect(await take(1_000)).toEqual({ integration, granted: 1_000, waitMs: null });
  });

  it('bear a limit larger than anybody needs', async () => {
    await limit([{ count: Number.MAX_SAFE_INTEGER, perSeconds: 1 }]);
    expect((await take(1_000))?.granted).toBe(1_000);
  });

  it('are never exceeded in any window, however many processes ask at the same time', async () => {
    const most = 20;
    await limit([
      { count: most, perSeconds: 1 },
      { count: 50, perSeconds: 3 },
    ]);
    const grants: { from: number; to: number; granted: number }[] = [];
    const total = () => grants.reduce((sum, { granted }) => sum + granted, 0);
    const worker = async (lane: Lane) => {
      while (total() < 60) {
        const from = performance.now();
        const { granted = 0, waitMs } = (await take(1 + Math.floor(Math.random() * 4), lane)) ?? {};
        grants.push({ from, to: performance.now(), granted });
        if (granted === 0) await delay(waitMs ?? 0);
      }
    };
    await Promise.all([worker('interactive'), worker('interactive'), worker('batch'), worker('batch')]);
    for (const [windowMs, count] of [
      [1_000, most],
      [3_000, 50],
    ] as const) {
      for (const { from } of grants) {
        // Those that were certainly granted within the window, whenever exactly their statements were carried out.
        const within = grants.filter((grant) => grant.from >= from && grant.to < from + windowMs);
        expect(within.reduce((sum, { granted }) => sum + granted, 0)).toBeLessThanOrEqual(count);
      }
    }
  });

  it('share a statement among those who ask at the same time, first come, first served', async () => {
    await limit([{ count: 3, perSeconds: 60 }]);
    const statements: unknown[] = [];
    const permits = createPermits({
      grant: (asks) => {
        statements.push(asks);
        return grantRates(database.pool, 'interactive', asks);
      },
      ratesOf: () => [{ count: 3, perSeconds: 60 }],
    });
    const taken = await Promise.all([2, 2, 2].map((wanted) => permits.take(integration, wanted)));
    expect(taken.map(({ granted }) => granted)).toEqual([2, 1, 0]);
    expect(taken.map(({ waitMs }) => waitMs !== null)).toEqual([false, true, true]);
    expect(statements).toEqual([[{ integration, wanted: 6 }]]);
  });
});
