import type { Callback } from '../../contract/callback.ts';
import { lookAgainIn } from './look-again.ts';

const refreshMs = 5_000;

/** In how many milliseconds to ask what became of it; `false`: nothing more will. */
export function callbackIn(callback: Callback | undefined, now: number): number | false {
  if (callback?.status !== 'pending') return false;
  return lookAgainIn(callback.nextAttemptAt, now, refreshMs);
}
