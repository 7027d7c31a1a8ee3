import { nextDelayMs } from '../judging/backoff.ts';
import type { Delivery } from './notification.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Until the second try, the third, and so on; with their jitter the last one is 14 to 28 hours after the first. */
export const retryDelaysMs = [5_000, 5 * minuteMs, 30 * minuteMs, 2 * hourMs, 5 * hourMs, 10 * hourMs, 10 * hourMs];

export type NextStep = { status: 'delivered' } | { status: 'failed' } | { status: 'pending'; delayMs: number };

/**
 * What becomes of a notification after a try.
 *
 * @param tried how many there were, this one included
 * @param random from 0 (included) to 1 (excluded)
 */
export function settleDelivery({ error, gone, retryAfterMs }: Delivery, tried: number, random: number): NextStep {
  if (error === null) return { status: 'delivered' };
  const delayMs = retryDelaysMs[tried - 1];
  if (gone || delayMs === undefined) return { status: 'failed' };
  const longest = retryDelaysMs.at(-1) as number;
  const asked = retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, longest);
  return {
    status: 'pending',
    delayMs: nextDelayMs({ attempt: 1, baseMs: delayMs, maxMs: delayMs, retryAfterMs: asked, random }),
  };
}
