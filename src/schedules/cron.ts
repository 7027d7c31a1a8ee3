import { CronExpressionParser } from 'cron-parser';
import { closest, distance } from 'fastest-levenshtein';
import type { FieldError } from '../contract/problem.ts';
import { momentsOf, putBack, type Zone, zoneOf } from './zone.ts';

/** When a schedule is due: by the clock of a time zone. */
export type Timing = { cron: string; timezone: string };

const fields = 'minute, hour, day of the month, month, day of the week';

/** What is wrong with a cron expression or a time zone; paths are `cron` and `timezone`. */
export function timingProblems({ cron, timezone }: Timing): FieldError[] {
  const errors: FieldError[] = [];
  const unfit = cronProblem(cron);
  if (unfit !== null) errors.push({ path: 'cron', message: unfit });
  if (!isTimezone(timezone)) errors.push({ path: 'timezone', message: timezoneAdvice(timezone) });
  return errors;
}

function cronProblem(cron: string): string | null {
  const count = cron.trim().split(/\s+/).length;
  if (count !== 5) {
    const seconds = count === 6 ? ' Seconds are not offered.' : '';
    return `must have five fields (${fields}), such as "0 2 * * *" for two o'clock every night; it has ${count}.${seconds}`;
  }
  const rest = cron.replace(/\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)/gi, '1');
  const strange = /[^\s\d*,/L#-]/i.exec(rest);
  if (strange !== null) {
    return `holds "${strange[0]}"; its fields (${fields}) take numbers, names such as MON or JAN, and * , - / L #`;
  }
  try {
    nextWall(cron, 0);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (/explicit day of month|loop limit/.test(why)) return 'has no day on which it is ever due';
    return `is not a cron expression (${fields}), such as "0 2 * * *": ${why}`;
  }
}

function isTimezone(timezone: string): boolean {
  try {
    // Offsets such as +02:00 know no daylight saving time, which is what a zone is for; and abbreviations mean several
    // zones: to the library, BST is Bangladesh and IST is India.
    return (/^[A-Za-z]+\//.test(timezone) || /^(UTC|GMT)$/i.test(timezone)) && zoneOf(timezone) !== null;
  } catch {
    return false;
  }
}

function timezoneAdvice(timezone: string): string {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const near = closest(timezone, known);
  const isNear = distance(timezone.toLowerCase(), near.toLowerCase()) <= Math.max(1, Math.floor(timezone.length / 3));
  const advice = isNear ? `Did you mean "${near}"?` : 'Such are "America/Chicago", "Europe/Berlin" and "UTC".';
  return `must be the name of an IANA time zone. ${advice}`;
}

/** The next wall time that fits, after another one. The calendar is the library's; time zones are `nextTime`'s. */
function nextWall(cron: string, after: number): number {
  return CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(after) })
    .next()
    .getTime();
}

/** The clock is never put back by more than this. */
const longestPutBackMs = 3 * 3_600_000;

/**
 * The first time after `after` (Unix milliseconds) at which it is due. A time of day is due once a day:
 *
 *   - one that the clock is put forward over (02:30 in spring): at the first moment after the gap;
 *   - one that the clock shows twice (01:30 in autumn): the first time.
 *
 * Where every hour fits (`*`) no time of day is meant: it is due in every hour that there is.
 *
 * @throws Error if `timingProblems` finds any
 */
export function nextTime({ cron, timezone }: Timing, after: number): number {
  const zone = zoneOf(timezone);
  const everyHour = cron.trim().split(/\s+/)[1] === '*';
  const next = firstAfter(zone, cron, after, everyHour);
  const back = everyHour ? putBack(zone, after, longestPutBackMs) : null;
  if (back === null) return next;
  // From here on the clock shows again what it has shown, so the wall times that come next are earlier ones.
  const again = nextWall(cron, back.at + back.offset - 1) - back.offset;
  return again > after && again < next ? again : next;
}

function firstAfter(zone: Zone, cron: string, after: number, everyHour: boolean): number {
  const dates = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(after + zone.offsetAt(after)) });
  for (;;) {
    const { moments, gapEnd } = momentsOf(zone, dates.next().getTime());
    const moment = everyHour ? moments.find((each) => each > after) : (moments[0] ?? gapEnd);
    if (moment != null && moment > after) return moment;
  }
}

/** How many times it is due after `from` up to `to`, counted no further than `most`. */
export function countTimes(timing: Timing, from: number, to: number, most: number): number {
  let count = 0;
  for (let at = nextTime(timing, from); at <= to && count < most; at = nextTime(timing, at)) count += 1;
  return count;
}

/** The date by a zone's clock, as in `2026-11-23`. */
export function dateIn(timezone: string, moment: number): string {
  return new Date(moment + zoneOf(timezone).offsetAt(moment)).toISOString().slice(0, 10);
}
