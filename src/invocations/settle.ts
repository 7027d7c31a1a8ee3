import type { Failure } from '../contract/errors.ts';
import { nextDelayMs } from '../judging/backoff.ts';
import type { Verdict } from '../judging/judge.ts';
import type { Policy } from '../judging/policy.ts';
import type { Settled } from './invocation.ts';

export type Standing = {
  policy: Policy;
  /** Attempts so far, this one included. */
  tried: number;
  /** Did any byte of the request go out? */
  requestSent: boolean;
  /** Unix milliseconds of the first attempt and of now, by the same clock. */
  firstAttemptAt: number;
  now: number;
  /** When the batch is to be finished, by the same clock; `null`: the policy's `deadlineMs` counts. */
  deadlineAt: number | null;
  /** From 0 (included) to 1 (excluded), for the jitter. */
  random: number;
};

/** The next state of an invocation after an attempt (contract §6): pure, and the only place that decides it. */
export function settle(verdict: Verdict, standing: Standing): Settled['next'] {
  switch (verdict.outcome) {
    case 'succeeded':
      return { status: 'succeeded' };
    case 'permanent':
      return { status: 'failed', error: verdict.failure };
    case 'retryable':
      return retryOrFail(verdict.failure, verdict.retryAfterMs, standing);
    default:
      return verdict satisfies never;
  }
}

function retryOrFail(failure: Failure, retryAfterMs: number | undefined, standing: Standing): Settled['next'] {
  const { policy, tried, now } = standing;
  if (policy.nonIdempotent && standing.requestSent) {
    const message = `${failure.message} The command is marked as not idempotent and the request had gone out, so it is not sent again.`;
    return { status: 'failed', error: { ...failure, message } };
  }
  if (tried >= policy.attempts) {
    const attempts = tried === 1 ? 'The only attempt' : `All ${tried} attempts`;
    return { status: 'failed', error: exhausted('attempts-exhausted', failure, `${attempts} failed. The last: `) };
  }
  const deadlineAt = standing.deadlineAt ?? standing.firstAttemptAt + policy.deadlineMs;
  const delayMs = nextDelayMs({
    attempt: tried,
    baseMs: policy.baseMs,
    maxMs: policy.maxMs,
    retryAfterMs,
    random: standing.random,
  });
  if (now + delayMs <= deadlineAt) return { status: 'retrying', error: failure, delayMs };
  if (retryAfterMs !== undefined && now + retryAfterMs > deadlineAt) {
    const message = `${failure.message} That is beyond the command's deadline.`;
    return { status: 'failed', error: { code: 'rate-limited', message, side: 'customer-server', cause: failure.code } };
  }
  const deadline = standing.deadlineAt === null ? `${policy.deadlineMs} ms` : 'its batch';
  const before = `No further attempt fits before the deadline of ${deadline}. The last: `;
  return { status: 'failed', error: exhausted('deadline-exceeded', failure, before) };
}

function exhausted(code: 'attempts-exhausted' | 'deadline-exceeded', failure: Failure, before: string): Failure {
  return { code, message: before + failure.message, side: failure.side, cause: failure.code };
}
