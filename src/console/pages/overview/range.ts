import type { StatisticsItem, StatisticsQuery } from '../../../contract/statistics.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export type RangeName = '1h' | '24h' | '7d';
type Range = {
  words: string;
  ms: number;
  bucket: 'minute' | 'hour';
  bucketMs: number;
  /** How much time a bar stands for: buckets are put together where there would be too many to see. */
  barMs: number;
  barWords: string;
};

export const ranges: Readonly<Record<RangeName, Range>> = {
  '1h': {
    words: 'the last hour',
    ms: hourMs,
    bucket: 'minute',
    bucketMs: minuteMs,
    barMs: minuteMs,
    barWords: 'a minute',
  },
  '24h': {
    words: 'the last 24 hours',
    ms: 24 * hourMs,
    bucket: 'hour',
    bucketMs: hourMs,
    barMs: hourMs,
    barWords: 'an hour',
  },
  '7d': {
    words: 'the last 7 days',
    ms: 168 * hourMs,
    bucket: 'hour',
    bucketMs: hourMs,
    barMs: 6 * hourMs,
    barWords: '6 hours',
  },
};
export const isRange = (name: string): name is RangeName => Object.hasOwn(ranges, name);

/** Since when a range begins, seen from now. */
export const sinceOf = (range: RangeName) => new Date(Date.now() - ranges[range].ms).toISOString();

export const queryOf = (range: RangeName): Partial<StatisticsQuery> => ({
  bucket: ranges[range].bucket,
  since: sinceOf(range),
});

type Counted = Pick<StatisticsItem, 'succeeded' | 'failed' | 'absent'>;
export type Bar = Counted & { at: number };

/** One bar for each stretch of time, also for those in which nothing happened. */
export function barsOf(
  range: RangeName,
  { since, until, items }: { since: string; until: string; items: readonly StatisticsItem[] },
): Bar[] {
  const { barMs, bucketMs } = ranges[range];
  const begin = Date.parse(since);
  const count = Math.max(1, Math.ceil((Date.parse(until) - begin) / barMs - bucketMs / barMs / 1_000));
  const bars = Array.from({ length: count }, (_, index): Bar => {
    return { at: begin + index * barMs, succeeded: 0, failed: 0, absent: 0 };
  });
  for (const { at, succeeded, failed, absent } of items) {
    const bar = bars[Math.floor((Date.parse(at) - begin) / barMs)];
    if (bar === undefined) continue;
    bar.succeeded += succeeded;
    bar.failed += failed;
    bar.absent += absent;
  }
  return bars;
}

export function totalOf(items: readonly Counted[]): Counted & { ended: number } {
  const sum = (name: keyof Counted) => items.reduce((total, item) => total + item[name], 0);
  const [succeeded, failed, absent] = [sum('succeeded'), sum('failed'), sum('absent')];
  return { succeeded, failed, absent, ended: succeeded + failed + absent };
}

const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });

/** "99.2%": of what could have succeeded, and never 100% where something failed. `null`: there was nothing. */
export function successRate({ succeeded, failed }: Pick<Counted, 'succeeded' | 'failed'>): string | null {
  if (succeeded + failed === 0) return null;
  const rate = succeeded / (succeeded + failed);
  return percent.format(failed > 0 ? Math.min(rate, 0.999) : rate);
}
