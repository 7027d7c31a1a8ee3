import { describe, expect, it } from 'vitest';
import { createPermits } from '../../../src/lanes/permits.ts';
import type { RateAsk, RateGrant } from '../../../src/store/rate-grants.ts';

/** Permits of an integration with rates, and what was asked of the database. */
function open(answers: Omit<RateGrant, 'integration'>[], rates = [{ count: 60, perSeconds: 60 }]) {
  const asked: RateAsk[] = [];
  let now = 0;
  const permits = createPermits({
    grant: async (asks) => {
      asked.push(...asks);
      return asks.map(({ integration }) => ({ integration, ...(answers.shift() ?? { granted: 0, waitMs: 1 }) }));
    },
    ratesOf: () => rates,
    now: () => now,
  });
  return { permits, asked, pass: (ms: number) => (now += ms) };
}

describe('permits of a process (contract §7)', () => {
  it('cost no statement where there are no rates', async () => {
    const { permits, asked } = open([], []);
    expect(await permits.take('acme', 100)).toEqual({ granted: 100, waitMs: null });
    permits.giveBack('acme', 100);
    expect(asked).toEqual([]);
  });

  it('are not asked for again before there can be any', async () => {
    const { permits, asked, pass } = open([
      { granted: 2, waitMs: 500 },
      { granted: 1, waitMs: null },
    ]);
    expect(await permits.take('acme', 3)).toEqual({ granted: 2, waitMs: 500 });
    pass(100);
    expect(await permits.take('acme', 1)).toEqual({ granted: 0, waitMs: 400 });
    pass(400);
    expect(await permits.take('acme', 1)).toEqual({ granted: 1, waitMs: null });
    expect(asked).toHaveLength(2);
  });

  it('are asked for at once when the limits have changed', async () => {
    const { permits, asked } = open([
      { granted: 0, waitMs: 86_400_000 },
      { granted: 1, waitMs: null },
    ]);
    await permits.take('acme', 1);
    permits.changed('globex');
    expect((await permits.take('acme', 1)).granted).toBe(0);
    permits.changed('acme');
    expect((await permits.take('acme', 1)).granted).toBe(1);
    expect(asked).toHaveLength(2);
  });

  it('go to the next one when they were not used, once', async () => {
    const { permits, asked } = open([
      { granted: 5, waitMs: null },
      { granted: 3, waitMs: null },
    ]);
    await permits.take('acme', 5);
    permits.giveBack('acme', 2);
    expect(await permits.take('acme', 5)).toEqual({ granted: 5, waitMs: null });
    expect(asked.map(({ wanted }) => wanted)).toEqual([5, 3]);
  });

  it('are kept no longer than the slice that their window counts in addition', async () => {
    const { permits, asked, pass } = open(
      [
        { granted: 2, waitMs: null },
        { granted: 1, waitMs: null },
      ],
      [
        { count: 10, perSeconds: 6 },
        { count: 5_000, perSeconds: 86_400 },
      ],
    );
    await permits.take('acme', 2);
    permits.giveBack('acme', 1);
    pass(99);
    permits.giveBack('acme', 1);
    expect((await permits.take('acme', 1)).granted).toBe(1);
    pass(1);
    expect((await permits.take('acme', 1)).granted).toBe(1);
    expect(asked).toHaveLength(2);
  });
});
