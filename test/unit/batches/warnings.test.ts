import { describe, expect, it } from 'vitest';
import { timeWarnings } from '../../../src/batches/warnings.ts';

const now = Date.parse('2026-11-23T02:00:00Z');
const perMinute = { rates: [{ count: 60, perSeconds: 60 }] };

describe('a warning when a batch is accepted (contract §1)', () => {
  it('says how long it takes at least where the limits leave too little time', () => {
    const [warning, ...others] = timeWarnings(perMinute, '2026-11-23T07:00:00Z', 50_000, now);
    expect(others).toEqual([]);
    expect(warning).toContain('50000 items take at least 17.4 hours');
    expect(warning).toContain('60 per 60 s');
  });

  it.each([
    ['the time is enough', perMinute, '2026-11-23T07:00:00Z', 10_000],
    ['there are no rates', {}, '2026-11-23T02:01:00Z', 1_000_000],
    ['without a finishBy, what is done within a day', perMinute, undefined, 50_000],
  ])('is not given where %s', (_, limits, finishBy, total) => {
    expect(timeWarnings(limits, finishBy, total, now)).toEqual([]);
  });

  it('says nothing of a share that is not kept, and counts a single minute', () => {
    const limits = { rates: [{ count: 1, perSeconds: 60 }] };
    expect(timeWarnings(limits, '2026-11-23T02:00:30Z', 2, now)).toEqual([
      "2 items take at least 1 minute at this integration's limit of 1 per 60 s: more than its finishBy (1 minute).",
    ]);
  });

  it('looks at every rate', () => {
    const limits = { rates: [...perMinute.rates, { count: 5_000, perSeconds: 86_400 }] };
    expect(timeWarnings(limits, undefined, 50_000, now)).toHaveLength(1);
  });
});
