import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/contract/errors.ts';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { addDuration } from '../../../src/judging/durations.ts';
import { createTally, dayMs, hourMs, widened } from '../../../src/statistics/tally.ts';
import { claimedRow, settled } from '../../support/invocations.ts';

const noon = Date.UTC(2026, 10, 23, 12);
const row = (overrides: Partial<Claimed> = {}) => claimedRow({ claimedAt: noon, ...overrides });
const failure = (code: Failure['code']): Failure => ({ code, message: 'No.', side: 'customer-server' });

function taking(durationMs: number, settled: Settled): Settled {
  return { ...settled, attempt: { ...settled.attempt, durationMs } };
}

function durations(...all: number[]): number[] {
  const counts: number[] = [];
  for (const each of all) addDuration(counts, each);
  return counts;
}

describe('contract §3: what a worker counts for the statistics', () => {
  it('is how invocations ended, and which attempts were tried again', () => {
    const tally = createTally();
    const exhausted = settled(row(), { status: 'failed', error: failure('attempts-exhausted') });
    exhausted.attempt.error = failure('timeout');
    tally.count([
      settled(row()),
      settled(row(), { status: 'retrying', error: failure('timeout'), delayMs: 5 }),
      exhausted,
      settled(row(), { status: 'failed', error: failure('absent') }),
    ]);
    expect(tally.take()).toEqual([
      {
        at: noon,
        integration: 'acme',
        command: 'GetInvoiceImage',
        lane: 'batch',
        succeeded: 1,
        failed: 1,
        absent: 1,
        attempts: 4,
        retried: 1,
        durations: durations(12, 12, 12, 12),
        byCode: { timeout: 2, absent: 1 },
      },
    ]);
    expect(tally.take()).toEqual([]);
  });

  it('is kept by the minute in which the attempt ended, by command and by lane', () => {
    const tally = createTally();
    tally.count([
      taking(59_999, settled(row())),
      taking(60_000, settled(row())),
      settled(row({ lane: 'interactive' })),
      settled(row({ command: 'LoginWithToken' })),
      settled(row({ integration: 'globex' })),
      taking(60_001, settled(row())),
    ]);
    const counted = tally.take().map(({ at, integration, command, lane, succeeded }) => ({
      of: `${integration} ${command} ${lane} ${(at - noon) / 60_000}`,
      succeeded,
    }));
    expect(counted).toEqual([
      { of: 'acme GetInvoiceImage batch 0', succeeded: 1 },
      { of: 'acme GetInvoiceImage batch 1', succeeded: 2 },
      { of: 'acme GetInvoiceImage interactive 0', succeeded: 1 },
      { of: 'acme LoginWithToken batch 0', succeeded: 1 },
      { of: 'globex GetInvoiceImage batch 0', succeeded: 1 },
    ]);
  });

  it('has the durations of what was sent only: not of clicks that joined another, nor of what could not be rendered', () => {
    const tally = createTally();
    const joined = settled(row());
    joined.attempt.sent = false;
    tally.count([joined]);
    expect(tally.take()).toMatchObject([{ attempts: 1, succeeded: 1, durations: [] }]);
  });

  it('has what ended without an attempt', () => {
    const tally = createTally();
    tally.countFailed({ integration: 'acme', command: 'GetInvoiceImage', lane: 'batch' }, noon + 30_000, 500);
    expect(tally.take()).toMatchObject([{ at: noon, failed: 500, attempts: 0, byCode: {} }]);
  });

  it('is counted with what came since when it is put back', () => {
    const tally = createTally();
    const error = failure('timeout');
    const group = [settled(row()), settled(row(), { status: 'failed', error })];
    tally.count(group);
    const taken = tally.take();
    tally.count(group);
    tally.putBack(taken);
    expect(tally.take()).toMatchObject([
      { succeeded: 2, failed: 2, attempts: 4, byCode: { timeout: 2 }, durations: durations(12, 12, 12, 12) },
    ]);
  });

  it('takes no more room than it may, and says how much it did not count', () => {
    const tally = createTally(2);
    for (const integration of ['a', 'b', 'c', 'd']) tally.count([settled(row({ integration }))]);
    tally.count([settled(row({ integration: 'a' }))]);
    expect(tally.takeUncounted()).toBe(2);
    expect(tally.takeUncounted()).toBe(0);
    expect(tally.take().map(({ integration, attempts }) => [integration, attempts])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('adds up to hours and days of UTC, and stays as it was', () => {
    const tally = createTally();
    for (const minute of [0, 1, 59, 60, 720]) tally.count([settled(row({ claimedAt: noon + minute * 60_000 }))]);
    const minutes = tally.take();
    const before = structuredClone(minutes);
    const hours = widened(minutes, hourMs);
    expect(hours.map(({ at, succeeded, durations: [...all] }) => [(at - noon) / 3_600_000, succeeded, all])).toEqual([
      [0, 3, durations(12, 12, 12)],
      [1, 1, durations(12)],
      [12, 1, durations(12)],
    ]);
    const days = widened(hours, dayMs);
    expect(days.map(({ at, succeeded, durations: [...all] }) => [(at - noon) / 3_600_000, succeeded, all])).toEqual([
      [-12, 4, durations(12, 12, 12, 12)],
      [12, 1, durations(12)],
    ]);
    expect(minutes).toEqual(before);
  });
});
