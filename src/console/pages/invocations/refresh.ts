import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { callbackIn } from '../../parts/callback-in.ts';
import { lookAgainIn } from '../../parts/look-again.ts';

const refreshMs = 1_500;

/** In how many milliseconds it may have moved: soon, or about when it is tried again. `false`: it has ended, and was told. */
export function refreshIn(
  { status, nextAttemptAt, callback }: Pick<Invocation, 'status' | 'nextAttemptAt' | 'callback'>,
  now: number,
) {
  if (hasEnded(status)) return callbackIn(callback, now);
  return lookAgainIn(nextAttemptAt, now, refreshMs);
}
