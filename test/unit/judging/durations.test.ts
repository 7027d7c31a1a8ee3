import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDuration, addDurations, quantile, spanOf, spanStarts } from '../../../src/judging/durations.ts';

const duration = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 600_000 }));
const many = fc.array(duration, { minLength: 1, maxLength: 200 });

function counted(durations: readonly number[]): number[] {
  const counts: number[] = [];
  for (const each of durations) addDuration(counts, each);
  return counts;
}

/** As it is defined: the smallest that at least so much of them do not exceed. */
const exact = (durations: readonly number[], share: number) =>
  durations.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * durations.length)) - 1] as number;

describe('contract §3: durations, as statistics add them up', () => {
  it('are counted in spans that follow one another and stay as few', () => {
    expect(spanStarts.slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15]);
    expect(spanStarts.at(-1)).toBe(1_000_000);
    expect(spanStarts).toHaveLength(75);
    expect(spanStarts).toEqual([...new Set(spanStarts)].sort((a, b) => a - b));
  });

  it('lie in the span that begins at or before them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000 }), (ms) => {
        const span = spanOf(ms);
        expect(spanStarts[span]).toBeLessThanOrEqual(ms);
        expect(spanStarts[span + 1] ?? Number.POSITIVE_INFINITY).toBeGreaterThan(ms);
      }),
    );
  });

  it('are told to within a tenth', () => {
    fc.assert(
      fc.property(many, fc.double({ min: 0, max: 1, noNaN: true }), (durations, share) => {
        const told = quantile(counted(durations), share) as number;
        const right = exact(durations, share);
        expect(Math.abs(told - right)).toBeLessThanOrEqual(right / 10);
      }),
    );
  });

  it('are the same whether counted together or apart and added up', () => {
    fc.assert(
      fc.property(many, many, (some, others) => {
        const sum = counted(some);
        addDurations(sum, counted(others));
        expect(sum).toEqual(counted([...some, ...others]));
      }),
    );
  });

  it('say nothing where there are none, and are rounded to milliseconds', () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([0, 0], 0.5)).toBeNull();
    expect(quantile(counted([0.4]), 0.5)).toBe(0);
    expect(quantile(counted([1.4]), 0.99)).toBe(1);
    expect(quantile(counted([5_000_000]), 0.5)).toBe(1_000_000);
  });
});
