import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';

const refreshMs = 1_500;
/** A person may cancel or retry it meanwhile, here or elsewhere. */
const seldomMs = 30_000;

/** In how many milliseconds it may have moved: soon, or about when it is tried again. `false`: it has ended. */
export function refreshIn({ status, nextAttemptAt }: Pick<Invocation, 'status' | 'nextAttemptAt'>, now: number) {
  if (hasEnded(status)) return false;
  const untilNext = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now;
  return Math.min(seldomMs, Math.max(refreshMs, untilNext));
}
