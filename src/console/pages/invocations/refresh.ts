import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { callbackIn } from '../../parts/callback-in.ts';

const refreshMs = 1_500;
/** A person may cancel or retry it meanwhile, here or elsewhere. */
const seldomMs = 30_000;

/** In how many milliseconds it may have moved: soon, or about when it is tried again. `false`: it has ended, and was told. */
export function refreshIn(
  { status, nextAttemptAt, callback }: Pick<Invocation, 'status' | 'nextAttemptAt' | 'callback'>,
  now: number,
) {
  if (hasEnded(status)) return callbackIn(callback, now);
  const untilNext = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now;
  return Math.min(seldomMs, Math.max(refreshMs, untilNext));
}
