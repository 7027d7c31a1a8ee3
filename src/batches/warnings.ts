import type { Limits } from '../contract/integration.ts';

/** A fifth of each rate is kept for people who are waiting (contract §7). */
const batchShare = 0.8;

/**
 * What is to be said when a batch is accepted: that an integration's limits make it impossible to finish it in time.
 * Without a `finishBy`, a day is taken for what anybody would want.
 */
export function timeWarnings(limits: Limits, finishBy: string | undefined, total: number, now: number): string[] {
  const secondsLeft = finishBy === undefined ? 86_400 : (Date.parse(finishBy) - now) / 1000;
  return (limits.rates ?? []).flatMap(({ count, perSeconds }) => {
    const perPeriod = Math.max(1, Math.floor(count * batchShare));
    // The first period's share can go at once.
    const seconds = Math.max(0, Math.ceil(total / perPeriod) - 1) * perSeconds;
    if (seconds <= secondsLeft) return [];
    const kept = perPeriod < count ? ', of which a fifth is kept for people who are waiting' : '';
    const limit = `${count} per ${perSeconds} s${kept}`;
    const by = finishBy === undefined ? 'a day' : `its finishBy (${duration(secondsLeft)})`;
    return [
      `${total} items take at least ${duration(seconds)} at this integration's limit of ${limit}: more than ${by}.`,
    ];
  });
}

function duration(seconds: number): string {
  const hours = seconds / 3600;
  if (hours >= 48) return `${(hours / 24).toFixed(1)} days`;
  if (hours >= 2) return `${hours.toFixed(1)} hours`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
