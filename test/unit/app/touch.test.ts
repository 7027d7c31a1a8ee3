import { describe, expect, it } from 'vitest';
import { createTouch } from '../../../src/app/heart.ts';
import { silentForMs } from '../../../src/invocations/sweep.ts';

describe('contract §7: what a worker claimed is its own', () => {
  it('for as long as its heartbeats follow one another, and a second less than others wait for the next', () => {
    let now = 0;
    const { beaten, holds } = createTouch(() => now);
    expect(holds(0)).toBe(false);
    beaten(0);
    for (now = 2_000; now <= 60_000; now += 2_000) {
      beaten(now);
      expect([holds(1), holds(now)]).toEqual([true, true]);
    }
    now = 60_000 + silentForMs - 1_000;
    expect(holds(59_000)).toBe(true);
    now += 1;
    expect(holds(59_000)).toBe(false);
  });

  it('not after it was frozen for too long, even when its heart beats again; what it claims then is', () => {
    let now = 0;
    const { beaten, holds } = createTouch(() => now);
    beaten(0);
    beaten(2_000);
    now = 16_000;
    expect(holds(2_500)).toBe(false);
    beaten(16_000);
    expect([holds(2_500), holds(15_999), holds(16_000)]).toEqual([false, false, true]);
  });
});
