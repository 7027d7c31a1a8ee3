import { type Needle, type Needles, needlesOf } from './redaction-needles.ts';
import { type Reading, readAs, readingsOf, trace } from './redaction-readings.ts';

/** What stands in place of a secret's or a sensitive token's value. */
const mask = '***';

/** Shorter values are not searched for: "no" or "42" would blot out half of every text. */
const minLength = 4;

/** How many are looked for to tell whether it is worth looking closer: more cost more to compile and find no less. */
const probeLength = 8;

/** The places of a text that are masked: from a character up to another. */
type Place = [from: number, to: number];

/** Needles, and an expression that matches wherever one of them may begin. */
type Search = Needles & { probe: RegExp };

/**
 * Makes a function that replaces every one of `values` by `***` (contract §6): as it is, percent- or form-encoded,
 * JSON- or XML-escaped, up to three of these one in the other (UTF-8 and Latin-1, whichever characters the encoder chose
 * to encode, also read with the wrong one of the two), in base64 or base64url wherever it stands in what was encoded, and in
 * hexadecimal; these also broken into lines, and of a document that has the value as JSON, percent-encoding, a form or XML
 * usually write it. Values of fewer than 4 characters are not searched for.
 *
 * It takes time in proportion to the text, whatever the text and the values are: who writes an answer must not be able to
 * hold up the process that reads it. Redact before cutting a text short: half a value is not recognised.
 */
export function createRedactor(values: readonly string[]): (text: string) => string {
  const sought = [...new Set(values)].filter((value) => value.length >= minLength);
  if (sought.length === 0) return (text) => text;
  let searches: readonly Search[] | null = null;
  return (text) => {
    if (text.length < minLength) return text;
    searches ??= needlesOf(sought, minLength).map(withProbe);
    const places: Place[] = [];
    for (const { text: read, steps } of readingsOf(text)) {
      for (const { reading, needles, probe } of searches) {
        if (!probe.test(readAs(reading, read))) continue;
        for (const place of placesOf(text, [...steps, reading], needles)) places.push(place);
      }
    }
    return places.length === 0 ? text : masked(text, places);
  };
}

function withProbe({ reading, needles }: Needles): Search {
  const beginnings = [...new Set(needles.map(({ head }) => head.slice(0, probeLength)))].sort();
  return { reading, needles, probe: new RegExp(beginnings.map(literal).join('|')) };
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/**
 * Every place of every value is found before anything is replaced, also where they overlap: the end of one secret must
 * not survive because the beginning of another was masked first.
 */
function placesOf(original: string, steps: readonly Reading[], needles: readonly Needle[]): Place[] {
  const { text, from, to } = trace(original, steps);
  const spans = needles.filter(({ head }) => text.includes(head)).flatMap((needle) => spansOf(needle, text));
  return spans.map(([start, end]) => [from[start] as number, to[end - 1] as number]);
}

const base64Digit = /^[A-Za-z0-9+/]$/;

/** Where a text holds a needle, or the beginning of one that is longer than its head. */
function spansOf({ text: needle, head, before, after }: Needle, text: string): Place[] {
  const spans: Place[] = [];
  const lengths = commonLengths(needle, text);
  for (let at = text.indexOf(head); at < text.length; at += 1) {
    const length = lengths[at] as number;
    if (length < head.length) continue;
    const start = before && base64Digit.test(text[at - 1] ?? '') ? at - 1 : at;
    const whole = at + length;
    const end = after && length === needle.length && base64Digit.test(text[whole] ?? '') ? whole + 1 : whole;
    const last = spans.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else spans.push([start, end]);
  }
  return spans;
}

/**
 * How much of the needle's beginning stands at each place of a text: the Z-algorithm (Gusfield 1997, §1.4) on the one
 * before the other, linear in both.
 */
function commonLengths(needle: string, text: string): Int32Array {
  const joined = needle + text;
  const common = new Int32Array(joined.length);
  for (let at = 1, left = 0, right = 0; at < joined.length; at += 1) {
    let length = at < right ? Math.min(right - at, common[at - left] as number) : 0;
    while (at + length < joined.length && joined.charCodeAt(length) === joined.charCodeAt(at + length)) length += 1;
    common[at] = length;
    if (at + length > right) [left, right] = [at, at + length];
  }
  return common.subarray(needle.length).map((length) => Math.min(length, needle.length));
}

function masked(text: string, places: Place[]): string {
  places.sort(([a], [b]) => a - b);
  let redacted = '';
  let end = 0;
  for (const [from, to] of places) {
    if (from >= end) redacted += text.slice(end, from) + mask;
    end = Math.max(end, to);
  }
  return redacted + text.slice(end);
}
