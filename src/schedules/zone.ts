import { LRUCache } from 'lru-cache';

/** A time zone's clock. Wall times are written as if they were UTC, in Unix milliseconds. */
export type Zone = {
  /** What the zone's clock is ahead of UTC at a moment, in milliseconds. */
  offsetAt(moment: number): number;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Making a formatter costs a hundred times what using one does. */
const zones = new LRUCache<string, Zone>({ max: 500 });

/** @throws RangeError if there is no such time zone */
export function zoneOf(timezone: string): Zone {
  const known = zones.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const zone: Zone = {
    offsetAt(moment) {
      const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
      const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
      return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1000) * 1000;
    },
  };
  zones.set(timezone, zone);
  return zone;
}

/**
 * The moments at which a zone's clock shows a wall time: one; two where the clock is put back over it; none where it is
 * put forward over it: then `gapEnd` is the first moment after the gap.
 */
export function momentsOf(zone: Zone, wall: number): { moments: number[]; gapEnd: number | null } {
  const before = zone.offsetAt(wall - dayMs);
  const after = zone.offsetAt(wall + dayMs);
  const candidates = [...new Set([wall - before, wall - after])].sort((a, b) => a - b);
  const moments = candidates.filter((moment) => moment + zone.offsetAt(moment) === wall);
  const gapEnd = moments.length > 0 ? null : firstMomentWith(zone, after, wall - after, wall - before);
  return { moments, gapEnd };
}

/**
 * Where the clock is put back within `withinMs` after a moment: when that is, and the offset from then on; `null` if it
 * is not.
 */
export function putBack(zone: Zone, moment: number, withinMs: number): { at: number; offset: number } | null {
  const offset = zone.offsetAt(moment + withinMs);
  if (offset >= zone.offsetAt(moment)) return null;
  return { at: firstMomentWith(zone, offset, moment, moment + withinMs), offset };
}

/** The clock changes once between `from` and `to`: when, to the second. */
function firstMomentWith(zone: Zone, offset: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (zone.offsetAt(middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}
