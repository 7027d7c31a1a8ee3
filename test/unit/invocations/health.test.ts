import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/contract/errors.ts';
import { holdProblem, PutOff, verdictOn, waitProblem } from '../../../src/invocations/health.ts';
import type { Verdict } from '../../../src/judging/judge.ts';
import { policyFor } from '../../../src/judging/policy.ts';
import { claimedRow } from '../../support/invocations.ts';

const failure: Failure = { code: 'unexpected-status', message: 'The server answered 401.', side: 'credentials' };
const refused: Verdict = { outcome: 'permanent', failure };
const sign = { sign: 'credentials', retryAfterMs: null } as const;

describe('contract §1: the invocation that probes a held integration', () => {
  it('is tried again when the integration still fails: that is not its own fault', () => {
    expect(verdictOn(claimedRow({ probe: true }), refused, sign).outcome).toBe('retryable');
  });

  it.each([
    ['it was not let through as a probe', claimedRow(), sign],
    ['a person waits for it', claimedRow({ probe: true, lane: 'interactive' }), sign],
    ['the endpoint is well', claimedRow({ probe: true }), { sign: 'well', retryAfterMs: null } as const],
  ])('fails for good where %s', (_why, claimed, health) => {
    expect(verdictOn(claimed, refused, health)).toBe(refused);
  });
});

describe('an interactive invocation', () => {
  it('says who holds its integration, why, and when that is tried again', () => {
    const hold = { failure, nextProbeAt: Date.parse('2026-11-24T02:00:00Z') };
    expect(holdProblem(claimedRow({ hold }))).toEqual({
      code: 'integration-paused',
      side: 'credentials',
      cause: 'unexpected-status',
      message:
        'Errand holds integration "acme", because it keeps failing, and tries again at 2026-11-24T02:00:00.000Z. ' +
        'The last failure was unexpected-status: The server answered 401.',
    });
    const now = claimedRow({ hold, claimedAt: hold.nextProbeAt });
    expect(holdProblem(now)?.message).toContain('is trying again now');
    expect(holdProblem(claimedRow())).toBeNull();
  });

  const policy = { ...policyFor(null, 'interactive'), deadlineMs: 5_000 };
  const waiting = (waitMs: number) => claimedRow({ lane: 'interactive', waitMs });

  it('is put off by as much as the endpoint asked for, if that fits its deadline', () => {
    expect(() => waitProblem(waiting(5_000), policy)).toThrow(new PutOff(5_000));
    expect(waitProblem(waiting(10), policy)).toBeNull();
  });

  it('fails with rate-limited if it does not', () => {
    expect(waitProblem(waiting(5_001), policy)).toMatchObject({ code: 'rate-limited', side: 'customer-server' });
  });
});
