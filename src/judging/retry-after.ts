import type { ReceivedHeader } from './exchange.ts';

/** No server is waited for longer than a year: every deadline is shorter, and sums with the clock stay exact. */
const longestMs = 365 * 86_400_000;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const time = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

/** RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. */
const dateForms = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\\d{2}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`),
];

/**
 * Milliseconds to wait for a `Retry-After` (RFC 9110 §10.2.3), seconds or an HTTP date; `undefined` if it is neither,
 * e.g. negative. A date in the past is 0; more than a year is a year.
 *
 * @param now Unix milliseconds by our own clock.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs);
  const at = parseHttpDate(text, now);
  return at === undefined ? undefined : Math.min(Math.max(0, at - now), longestMs);
}

function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of dateForms) {
    const groups = form.exec(text)?.groups;
    if (groups === undefined) continue;
    const month = months.indexOf(groups.month ?? '');
    const day = Number(groups.day);
    const hour = Number(groups.hour);
    const minute = Number(groups.minute);
    const second = Number(groups.second);
    const year = groups.year?.length === 2 ? fullYear(Number(groups.year), now) : Number(groups.year);
    if (month === -1 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
    const midnight = new Date(Date.UTC(year, month, day));
    if (midnight.getUTCDate() !== day) return undefined;
    return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
  }
  return undefined;
}

/** A year of two digits that seems more than 50 years ahead is in the past (RFC 9110 §5.6.7). */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

/** What an answer asks to wait, in milliseconds. Of several `Retry-After` the longest holds: it is never undercut. */
export function askedToWait(headers: readonly ReceivedHeader[], now: number): number | undefined {
  const delays = headers
    .filter(({ key }) => key.toLowerCase() === 'retry-after')
    .map(({ value }) => parseRetryAfter(value, now))
    .filter((delay) => delay !== undefined);
  return delays.length === 0 ? undefined : Math.max(...delays);
}
