/** A person may cancel or retry it meanwhile, here or elsewhere. */
const seldomMs = 30_000;

/** In how many milliseconds to look at what is tried next at that time: about then, but neither at once nor too seldom. */
export function lookAgainIn(nextAttemptAt: string | null, now: number, soonestMs: number): number {
  const untilNext = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now;
  return Math.min(seldomMs, Math.max(soonestMs, untilNext));
}
