import { describe, expect, it } from 'vitest';
import { restartDelays } from '../../../src/platform/restart-delays.ts';

describe('contract §7: what died is started again', () => {
  it('after a second, doubling up to a minute while it dies soon', () => {
    const next = restartDelays();
    const delays = Array.from({ length: 8 }, () => next(100));
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  });

  it('after a second again once it ran well', () => {
    const next = restartDelays();
    next(0);
    expect(next(0)).toBe(2_000);
    expect(next(60_001)).toBe(1_000);
    expect(next(0)).toBe(2_000);
  });
});
