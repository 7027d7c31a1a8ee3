import type { AttemptPlan } from '../contract/command-check.ts';
import { nextDelayMs } from './backoff.ts';
import type { Policy } from './policy.ts';

/**
 * When a command would be tried, and tried again, from the beginning of its first attempt: at the earliest if each
 * attempt fails at once and the jitter is at its least, at the latest if each takes its whole time and the jitter is at
 * its most. No attempt begins after the deadline.
 */
export function planOf({ attempts: most, baseMs, maxMs, timeoutMs, deadlineMs }: Policy): AttemptPlan {
  const attempts = [{ number: 1, earliestMs: 0, latestMs: 0 }];
  let [earliest, latest] = [0, 0];
  for (let number = 2; number <= most; number += 1) {
    const backoff = { attempt: number - 1, baseMs, maxMs };
    earliest += nextDelayMs({ ...backoff, random: 0 });
    latest += timeoutMs + nextDelayMs({ ...backoff, random: 1 });
    if (earliest > deadlineMs) break;
    attempts.push({ number, earliestMs: earliest, latestMs: Math.min(latest, deadlineMs) });
  }
  return { timeoutMs, deadlineMs, attempts };
}
