import type { Callback } from '../../contract/callback.ts';

const refreshMs = 5_000;
const seldomMs = 30_000;

/** In how many milliseconds to ask what became of it; `false`: nothing more will. */
export function callbackIn(callback: Callback | undefined, now: number): number | false {
  if (callback?.status !== 'pending') return false;
  const untilNext = callback.nextAttemptAt === null ? 0 : Date.parse(callback.nextAttemptAt) - now;
  return Math.min(seldomMs, Math.max(refreshMs, untilNext));
}
