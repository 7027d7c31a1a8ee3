import { createHash } from 'node:crypto';
import { countTimes, nextTime, type Timing } from './cron.ts';

/** A schedule's times, with what `spreadSeconds` adds to each. */
export type Cadence = Timing & { spreadMs: number };

/**
 * How long after its times a schedule runs, in milliseconds: always the same for one schedule, evenly spread over many,
 * so that 400 integrations with the same cron expression do not begin at once.
 */
export function spreadMs(integration: string, name: string, spreadSeconds: number): number {
  const hash = createHash('sha256').update(`${integration}/${name}`).digest().readUIntBE(0, 6);
  return Math.floor((hash / 2 ** 48) * (spreadSeconds + 1)) * 1000;
}

export function cadenceOf(schedule: Timing & { integration: string; name: string; spreadSeconds: number }): Cadence {
  const { cron, timezone, integration, name, spreadSeconds } = schedule;
  return { cron, timezone, spreadMs: spreadMs(integration, name, spreadSeconds) };
}

/** The first time after `after` at which it runs. */
export function nextRun(cadence: Cadence, after: Date): Date {
  return new Date(nextTime(cadence, after.getTime() - cadence.spreadMs) + cadence.spreadMs);
}

/** How many times it was due after `from` up to `to`, counted no further than `most`. */
export function countRuns(cadence: Cadence, from: Date, to: Date, most: number): number {
  return countTimes(cadence, from.getTime() - cadence.spreadMs, to.getTime() - cadence.spreadMs, most);
}
