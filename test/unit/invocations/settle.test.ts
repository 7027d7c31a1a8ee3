import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/contract/errors.ts';
import { type Standing, settle } from '../../../src/invocations/settle.ts';
import type { Verdict } from '../../../src/judging/judge.ts';

const failure: Failure = { code: 'unexpected-status', message: 'The server answered 503.', side: 'customer-server' };
const retryable: Verdict = { outcome: 'retryable', failure };

function standing(overrides: Partial<Standing> = {}, policy: Partial<Standing['policy']> = {}): Standing {
  return {
    policy: {
      attempts: 3,
      baseMs: 1_000,
      maxMs: 8_000,
      nonIdempotent: false,
      timeoutMs: 20_000,
      connectTimeoutMs: 3_000,
      deadlineMs: 60_000,
      ...policy,
    },
    tried: 1,
    requestSent: true,
    firstAttemptAt: 1_000_000,
    now: 1_000_500,
    random: 0.5,
    deadlineAt: null,
    ...overrides,
  };
}

describe('settle (contract §6)', () => {
  it('ends a success', () => {
    const verdict: Verdict = { outcome: 'succeeded', bytes: new Uint8Array(), contentType: null, status: 200 };
    expect(settle(verdict, standing())).toEqual({ status: 'succeeded' });
  });

  it('ends a permanent failure as it is', () => {
    expect(settle({ outcome: 'permanent', failure }, standing())).toEqual({ status: 'failed', error: failure });
  });

  it('waits between half and the whole of the exponential delay', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 9 }),
        (random, tried) => {
          const next = settle(retryable, standing({ random, tried }, { attempts: 10, deadlineMs: 10_000_000 }));
          const whole = Math.min(8_000, 1_000 * 2 ** (tried - 1));
          if (next.status !== 'retrying') throw new Error(`expected a retry, got ${next.status}`);
          expect(next.delayMs).toBeGreaterThanOrEqual(whole / 2);
          expect(next.delayMs).toBeLessThanOrEqual(whole);
        },
      ),
    );
  });

  it('gives up after the last attempt, with the cause', () => {
    expect(settle(retryable, standing({ tried: 3 }))).toMatchObject({
      status: 'failed',
      error: { code: 'attempts-exhausted', cause: 'unexpected-status', side: 'customer-server' },
    });
  });

  it('gives up where the next attempt would lie beyond the deadline', () => {
    expect(settle(retryable, standing({ now: 1_059_900 }))).toMatchObject({
      status: 'failed',
      error: { code: 'deadline-exceeded', cause: 'unexpected-status' },
    });
  });

  it('never undercuts Retry-After', () => {
    const next = settle({ ...retryable, retryAfterMs: 30_000 }, standing());
    if (next.status !== 'retrying') throw new Error(`expected a retry, got ${next.status}`);
    expect(next.delayMs).toBeGreaterThanOrEqual(30_000);
  });

  it('fails at once with rate-limited where Retry-After lies beyond the deadline', () => {
    expect(settle({ ...retryable, retryAfterMs: 120_000 }, standing())).toMatchObject({
      status: 'failed',
      error: {
        code: 'rate-limited',
        cause: 'unexpected-status',
        message: expect.stringMatching(/beyond the command's deadline\.$/),
      },
    });
  });

  it('does not send a non-idempotent request again once a byte of it went out', () => {
    expect(settle(retryable, standing({ requestSent: true }, { nonIdempotent: true }))).toMatchObject({
      status: 'failed',
      error: { code: 'unexpected-status' },
    });
    expect(settle(retryable, standing({ requestSent: false }, { nonIdempotent: true })).status).toBe('retrying');
  });
});
