import type { KeyAccounts } from '../contract/api-key.ts';
import { Refusal } from '../contract/problem.ts';
import {
  type LaneState,
  maxStatisticsItems,
  maxStatisticsRows,
  minutesKeptDays,
  type Statistics,
  type StatisticsItem,
  type StatisticsQuery,
} from '../contract/statistics.ts';
import { quantile } from '../judging/durations.ts';
import { type Counts, dayMs, hourMs, minuteMs } from './tally.ts';

/** Longer than this, the hours of all commands are added up instead of sixty times as many minutes. */
const longestOfMinutesMs = 6 * hourMs;

/** Counts of a bucket, of one group; what it is not of is `null`. */
export type SummedRow = Counts & Pick<StatisticsItem, 'integration' | 'command' | 'lane'> & { at: Date };

/** From when until when, in Unix milliseconds, */
type Time = { since: number; until: number };
export type Width = 'minute' | 'hour' | 'day';
/** and which of the kept rows are added up: parts that make up the whole. */
export type Span = Time & { bucketMs: number; parts: (Time & { width: Width })[] };

/** Why it is not added up: it makes too many items, or is made of too many rows. */
export type TooMuch = 'items' | 'rows';

export type LaneRow = Omit<LaneState, 'oldestAt'> & { oldestAt: Date | null };

export type StatisticsDependencies = {
  store: {
    /** Oldest first. */
    sum(accounts: KeyAccounts, query: StatisticsQuery, span: Span): Promise<SummedRow[] | TooMuch>;
    lanes(accounts: KeyAccounts): Promise<LaneRow[]>;
  };
  now: () => number;
};

/** What happened, and how much there is to do, for those whose accounts it is. */
export function createStatistics({ store, now }: StatisticsDependencies) {
  return {
    /** @throws Refusal `invalid`: the time makes no sense, or there would be too much */
    async statistics(accounts: KeyAccounts, query: StatisticsQuery): Promise<Statistics> {
      const span = spanOf(query, now());
      const rows = await store.sum(accounts, query, span);
      if (typeof rows === 'string') throw tooMuch(rows);
      return {
        bucket: query.bucket,
        since: new Date(span.since).toISOString(),
        until: new Date(span.until).toISOString(),
        items: rows.map(present),
      };
    },

    async lanes(accounts: KeyAccounts): Promise<{ items: LaneState[] }> {
      const rows = await store.lanes(accounts);
      return { items: rows.map(({ oldestAt, ...row }) => ({ ...row, oldestAt: oldestAt?.toISOString() ?? null })) };
    },
  };
}

const tooMuchWords: Readonly<Record<TooMuch, { of: string; detail: string }>> = {
  items: {
    of: `${maxStatisticsItems} items fit`,
    detail: 'That is too much for one answer: ask for a larger bucket or a shorter time.',
  },
  rows: {
    of: `${maxStatisticsRows} rows would be added up`,
    detail: 'That is too much to add up: ask for a larger bucket, a shorter time, or for one integration.',
  },
};

function tooMuch(why: TooMuch): Refusal {
  const { of, detail } = tooMuchWords[why];
  return new Refusal('invalid', detail, [
    { path: 'bucket', message: `must be larger, or the time shorter: more than ${of}` },
  ]);
}

/**
 * What is asked for, made whole: the bucket in which it begins and the one in which it ends belong to it. Of minutes, only
 * what is kept.
 *
 * @throws Refusal `invalid`
 */
export function spanOf(
  { bucket, since, until }: Pick<StatisticsQuery, 'bucket' | 'since' | 'until'>,
  now: number,
): Span {
  const end = until === undefined ? now : Date.parse(until);
  const begin = since === undefined ? end - (bucket === 'minute' ? hourMs : dayMs) : Date.parse(since);
  if (begin >= end) {
    const detail = '`since` must be before `until`, which is now if it is left out.';
    throw new Refusal('invalid', detail, [{ path: 'since', message: 'must be before `until`' }]);
  }
  const keptSince = now - minutesKeptDays * dayMs;
  const ofMinutes =
    bucket === 'minute' || (bucket === 'all' && end - begin <= longestOfMinutesMs && begin >= keptSince);
  const unit = ofMinutes ? minuteMs : bucket === 'day' ? dayMs : hourMs;
  const first = bucket === 'minute' ? Math.max(begin, Math.min(keptSince, end - 1)) : begin;
  const whole = { since: Math.floor(first / unit) * unit, until: Math.ceil(end / unit) * unit };
  return {
    ...whole,
    bucketMs: bucket === 'all' ? whole.until - whole.since : unit,
    parts: ofMinutes
      ? [{ width: 'minute', ...whole }]
      : bucket === 'hour'
        ? [{ width: 'hour', ...whole }]
        : daysAndHours(whole),
  };
}

/** Whole days as such, hours where it begins and ends within a day. */
function daysAndHours({ since, until }: Time): Span['parts'] {
  const firstDay = Math.ceil(since / dayMs) * dayMs;
  const lastDay = Math.floor(until / dayMs) * dayMs;
  if (firstDay >= lastDay) return [{ width: 'hour', since, until }];
  const parts: Span['parts'] = [
    { width: 'hour', since, until: firstDay },
    { width: 'day', since: firstDay, until: lastDay },
    { width: 'hour', since: lastDay, until },
  ];
  return parts.filter((part) => part.since < part.until);
}

function present({ at, durations, ...row }: SummedRow): StatisticsItem {
  return {
    ...row,
    at: at.toISOString(),
    durationMs: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) },
  };
}
