import { describe, expect, it } from 'vitest';
import { refreshIn } from '../../../src/console/pages/invocations/refresh.ts';
import { refreshIn as pagesIn } from '../../../src/console/parts/refresh-in.ts';
import type { Callback } from '../../../src/contract/callback.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const at = (seconds: number) => new Date(now + seconds * 1_000).toISOString();

describe('how often the console looks again (contract §3)', () => {
  it('is soon while an invocation moves, and never after its end', () => {
    expect(refreshIn({ status: 'running', nextAttemptAt: null }, now)).toBe(1_500);
    expect(refreshIn({ status: 'succeeded', nextAttemptAt: null }, now)).toBe(false);
  });

  it('is when it is tried again, and seldom where that is far', () => {
    expect(refreshIn({ status: 'retrying', nextAttemptAt: at(12) }, now)).toBe(12_000);
    expect(refreshIn({ status: 'retrying', nextAttemptAt: at(3_600) }, now)).toBe(30_000);
    expect(refreshIn({ status: 'retrying', nextAttemptAt: at(-5) }, now)).toBe(1_500);
  });

  it('goes on after its end until its callback has ended, too', () => {
    const ended = { status: 'succeeded', nextAttemptAt: null } as const;
    const look = (callback: Partial<Callback>) => refreshIn({ ...ended, callback: callback as Callback }, now);
    expect(look({ status: 'pending', nextAttemptAt: at(12) })).toBe(12_000);
    expect(look({ status: 'pending', nextAttemptAt: at(3_600) })).toBe(30_000);
    expect(look({ status: 'pending', nextAttemptAt: at(0) })).toBe(5_000);
    for (const status of ['delivered', 'failed', null] as const) expect(look({ status })).toBe(false);
  });

  it('is the less often the more pages of a list are shown, or while it fails', () => {
    expect(pagesIn(2_000, false, 1)).toBe(2_000);
    expect(pagesIn(2_000, false, 4)).toBe(8_000);
    expect(pagesIn(2_000, true, 1)).toBe(10_000);
  });
});
