import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/invocations/settle.ts';
import { planOf } from '../../../src/judging/plan.ts';
import { type Policy, policyFor } from '../../../src/judging/policy.ts';

const failure = { code: 'timeout', message: 'late', side: 'customer-server' } as const;

/** When attempts begin, by the rule that decides it when they run. */
function begun(policy: Policy, { lastsMs, random }: { lastsMs: number; random: number }): number[] {
  const times = [0];
  for (;;) {
    const now = (times.at(-1) ?? 0) + lastsMs;
    const standing = {
      policy,
      tried: times.length,
      requestSent: false,
      firstAttemptAt: 0,
      now,
      deadlineAt: null,
      random,
    };
    const next = settle({ outcome: 'retryable', failure }, standing);
    if (next.status !== 'retrying') return times;
    times.push(now + next.delayMs);
  }
}

describe('contract §6: when a command would be tried', () => {
  it('is as the defaults say', () => {
    expect(planOf(policyFor({}, 'interactive'))).toEqual({
      timeoutMs: 20_000,
      deadlineMs: 30_000,
      attempts: [
        { number: 1, earliestMs: 0, latestMs: 0 },
        { number: 2, earliestMs: 125, latestMs: 20_250 },
      ],
    });
    const { attempts } = planOf(policyFor({}, 'batch'));
    expect(attempts.slice(0, 4)).toEqual([
      { number: 1, earliestMs: 0, latestMs: 0 },
      { number: 2, earliestMs: 30_000, latestMs: 180_000 },
      { number: 3, earliestMs: 90_000, latestMs: 420_000 },
      { number: 4, earliestMs: 210_000, latestMs: 780_000 },
    ]);
    expect(attempts).toHaveLength(10);
  });

  it('leaves out what would begin after the deadline, and what begins by then at the latest begins then', () => {
    const policy = policyFor(
      { deadlineMs: 1000, timeoutMs: 400, retry: { attempts: 9, baseMs: 500, maxMs: 500 } },
      'batch',
    );
    expect(planOf(policy).attempts).toEqual([
      { number: 1, earliestMs: 0, latestMs: 0 },
      { number: 2, earliestMs: 250, latestMs: 900 },
      { number: 3, earliestMs: 500, latestMs: 1000 },
      { number: 4, earliestMs: 750, latestMs: 1000 },
      { number: 5, earliestMs: 1000, latestMs: 1000 },
    ]);
  });

  it('is as it is settled when they run, whatever the policy', () => {
    const ms = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(
        fc.record({ attempts: ms(12), baseMs: fc.nat(5000), maxMs: fc.nat(60_000) }),
        ms(60_000),
        ms(200_000),
        (retry, timeoutMs, deadlineMs) => {
          const policy = policyFor({ retry, timeoutMs, deadlineMs }, 'batch');
          const { attempts } = planOf(policy);
          expect(attempts.map(({ earliestMs }) => earliestMs)).toEqual(begun(policy, { lastsMs: 0, random: 0 }));
          const latest = begun(policy, { lastsMs: timeoutMs, random: 1 });
          expect(attempts.slice(0, latest.length).map(({ latestMs }) => latestMs)).toEqual(latest);
          expect(attempts.slice(latest.length).every(({ latestMs }) => latestMs === deadlineMs)).toBe(true);
        },
      ),
    );
  });
});
