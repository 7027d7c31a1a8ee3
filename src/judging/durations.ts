/**
 * How often attempts took how long: a count for each of a fixed row of spans of time, so that many of these can be added
 * up, and say afterwards what half of all attempts took. Thirteen spans from one power of ten to the next: the middle of a
 * span is within a tenth of everything in it. The last has no end; exchanges take ten minutes at most.
 *
 * Counts are kept in the database, so a span's number must never mean another one. More may be added at the end.
 */
export type Durations = readonly number[];

const spansPerTenfold = 13;
const longestMs = 1_000_000;

/** Where each span begins, in whole milliseconds: 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12 … 1,000,000. */
export const spanStarts: readonly number[] = [
  0,
  ...new Set(
    Array.from({ length: spansPerTenfold * Math.log10(longestMs) + 1 }, (_, step) =>
      Math.ceil(Number((10 ** (step / spansPerTenfold)).toPrecision(12))),
    ),
  ),
];

/** Which span it lies in, as rounded to whole milliseconds. */
export function spanOf(durationMs: number): number {
  const ms = Math.round(durationMs);
  let low = 0;
  let high = spanStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((spanStarts[middle] as number) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Counts one more; the row grows as far as it is used. */
export function addDuration(durations: number[], durationMs: number): void {
  const span = spanOf(durationMs);
  while (durations.length <= span) durations.push(0);
  durations[span] = (durations[span] as number) + 1;
}

/** Adds what was counted elsewhere. */
export function addDurations(durations: number[], others: Durations): void {
  while (durations.length < others.length) durations.push(0);
  for (const [span, count] of others.entries()) durations[span] = (durations[span] as number) + count;
}

/**
 * What so much of them took at most, in milliseconds, to within a tenth; `null` of none.
 *
 * @param share 0.5: half of them
 */
export function quantile(durations: Durations, share: number): number | null {
  const all = durations.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const rank = Math.max(1, Math.ceil(share * all));
  let counted = 0;
  const span = durations.findIndex((count) => {
    counted += count;
    return counted >= rank;
  });
  return middleOf(span);
}

/** The geometric middle: as many times larger than the first of it as smaller than the last. */
function middleOf(span: number): number {
  const first = spanStarts[span];
  const next = spanStarts[span + 1];
  if (first === undefined || next === undefined) return longestMs;
  return Number(Math.sqrt(first * (next - 1)).toPrecision(3));
}
