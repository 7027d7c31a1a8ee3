export type Backoff = {
  /** The number of the attempt that just failed, from 1. */
  attempt: number;
  baseMs: number;
  maxMs: number;
  /** What the server asked for; never undercut, also where it is beyond `maxMs`. */
  retryAfterMs?: number | undefined;
  /** From 0 (included) to 1 (excluded). */
  random: number;
};

/**
 * Milliseconds until the next attempt: exponential from `baseMs`, capped at `maxMs`, with jitter between half and the
 * whole, so that what failed together does not come back together (contract §6).
 */
export function nextDelayMs({ attempt, baseMs, maxMs, retryAfterMs = 0, random }: Backoff): number {
  const whole = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  const jittered = whole / 2 + (whole / 2) * random;
  return Math.ceil(Math.max(jittered, retryAfterMs));
}
