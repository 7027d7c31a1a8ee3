import { describe, expect, it } from 'vitest';
import { laneWarning } from '../../../src/console/pages/overview/lane-warning.ts';
import { barsOf, isRange, successRate, totalOf } from '../../../src/console/pages/overview/range.ts';
import type { StatisticsItem } from '../../../src/contract/statistics.ts';

const itemAt = (at: string, counts: Partial<StatisticsItem>) =>
  ({ at, succeeded: 0, failed: 0, absent: 0, ...counts }) as StatisticsItem;

describe("the overview's ranges (contract §3)", () => {
  it('are those that there are, and nothing that every object has', () => {
    expect(['1h', '24h', '7d'].map(isRange)).toEqual([true, true, true]);
    expect(['', '2h', 'toString', 'constructor'].map(isRange)).toEqual([false, false, false, false]);
  });

  it('have a bar for each stretch of time, also for those in which nothing happened', () => {
    const bars = barsOf('24h', {
      since: '2026-11-26T12:00:00.000Z',
      until: '2026-11-26T15:30:00.000Z',
      items: [
        itemAt('2026-11-26T12:00:00.000Z', { succeeded: 2 }),
        itemAt('2026-11-26T15:00:00.000Z', { failed: 1 }),
        itemAt('2026-11-26T18:00:00.000Z', { failed: 9 }),
      ],
    });
    expect(bars.map(({ succeeded, failed }) => [succeeded, failed])).toEqual([
      [2, 0],
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
  });

  it('put six hours of a week into one bar', () => {
    const bars = barsOf('7d', {
      since: '2026-11-20T00:00:00.000Z',
      until: '2026-11-20T12:00:00.000Z',
      items: [
        itemAt('2026-11-20T01:00:00.000Z', { succeeded: 1, absent: 1 }),
        itemAt('2026-11-20T05:00:00.000Z', { succeeded: 1 }),
        itemAt('2026-11-20T06:00:00.000Z', { succeeded: 5 }),
      ],
    });
    expect(bars.map(({ succeeded, absent }) => [succeeded, absent])).toEqual([
      [2, 1],
      [5, 0],
    ]);
  });

  it('count all together', () => {
    const items = [itemAt('', { succeeded: 3, failed: 1 }), itemAt('', { absent: 2 })];
    expect(totalOf(items)).toEqual({ succeeded: 3, failed: 1, absent: 2, ended: 6 });
  });
});

describe('the success rate (contract §3)', () => {
  it.each([
    { succeeded: 0, failed: 0, rate: null },
    { succeeded: 4, failed: 0, rate: '100%' },
    { succeeded: 1, failed: 2, rate: '33.3%' },
    { succeeded: 1_000_000, failed: 1, rate: '99.9%' },
  ])('of $succeeded and $failed is $rate', ({ succeeded, failed, rate }) => {
    expect(successRate({ succeeded, failed })).toBe(rate);
  });
});

describe('what is wrong with a lane (contract §3)', () => {
  it('is said in words that do not change while nothing does', () => {
    const lane = { lane: 'interactive', workers: 2 } as const;
    expect(laneWarning(lane, 9_000)).toBeNull();
    expect(laneWarning(lane, 12_000)?.words).toBe(laneWarning(lane, 60_000)?.words);
    expect(laneWarning(lane, 12_000)?.detail).toBe('The oldest waits for 12 s.');
    expect(laneWarning({ lane: 'batch', workers: 0 }, 0)?.words).toContain('errand worker --lane batch');
  });
});
