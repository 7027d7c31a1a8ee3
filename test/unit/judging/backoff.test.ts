import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDelayMs } from '../../../src/judging/backoff.ts';

const minute = 60_000;

describe('contract §6: nextDelayMs', () => {
  // The batch lane's defaults: with the jitter at its most, an attempt waits so many minutes after the one before.
  test.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 16],
    [6, 32],
    [7, 60],
    [100, 60],
  ])('after attempt %i at most %i minutes, at least half of it', (attempt, minutes) => {
    const delay = (random: number) => nextDelayMs({ attempt, baseMs: minute, maxMs: 60 * minute, random });
    expect(delay(0)).toBe((minutes * minute) / 2);
    expect(delay(0.999_999_999_9)).toBe(minutes * minute);
  });

  test('Retry-After is never undercut, not even by the cap', () => {
    const backoff = { attempt: 1, baseMs: 250, maxMs: 1000, random: 0.5 };
    expect(nextDelayMs({ ...backoff, retryAfterMs: 5000 })).toBe(5000);
    expect(nextDelayMs({ ...backoff, retryAfterMs: 10 })).toBe(188);
    expect(nextDelayMs({ ...backoff, retryAfterMs: undefined })).toBe(188);
  });

  test('always whole milliseconds between half and the whole', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 0, max: 86_400_000 }),
      fc.integer({ min: 0, max: 86_400_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, baseMs, maxMs, random) => {
        const whole = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
        const delay = nextDelayMs({ attempt, baseMs, maxMs, random });
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(whole / 2);
        expect(delay).toBeLessThanOrEqual(Math.ceil(whole));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});
