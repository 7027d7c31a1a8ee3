import type { KeyAccounts } from '../contract/api-key.ts';
import { Refusal } from '../contract/problem.ts';
import {
  type LaneState,
  maxStatisticsItems,
  minutesKeptDays,
  type Statistics,
  type StatisticsItem,
  type StatisticsQuery,
} from '../contract/statistics.ts';
import { quantile } from '../judging/durations.ts';
import { type Counts, minuteMs } from './tally.ts';

const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Longer than this, the hours of all commands are added up instead of sixty times as many minutes. */
const longestOfMinutesMs = 6 * hourMs;

/** Counts of a bucket, of one group; what it is not of is `null`. */
export type SummedRow = Counts & Pick<StatisticsItem, 'integration' | 'command' | 'lane'> & { at: Date };

/** Which of the kept rows are added up, and from when until when, in Unix milliseconds. */
export type Span = { width: 'minute' | 'hour'; since: number; until: number };

export type LaneRow = Omit<LaneState, 'oldestAt'> & { oldestAt: Date | null };

export type StatisticsDependencies = {
  store: {
    /** Oldest first; `null` if there would be more than `limit`. */
    sum(accounts: KeyAccounts, query: StatisticsQuery, span: Span, limit: number): Promise<SummedRow[] | null>;
    lanes(accounts: KeyAccounts): Promise<LaneRow[]>;
  };
  now: () => number;
};

/** What happened, and how much there is to do, for those whose accounts it is. */
export function createStatistics({ store, now }: StatisticsDependencies) {
  return {
    /** @throws Refusal `invalid`: the time makes no sense, or there would be too many items */
    async statistics(accounts: KeyAccounts, query: StatisticsQuery): Promise<Statistics> {
      const span = spanOf(query, now());
      const rows = await store.sum(accounts, query, span, maxStatisticsItems);
      if (rows === null) throw tooMany();
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

function tooMany(): Refusal {
  const message = `must be larger, or the time shorter: more than ${maxStatisticsItems} items fit`;
  return new Refusal('invalid', 'That is too much for one answer: ask for a larger bucket or a shorter time.', [
    { path: 'bucket', message },
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
  return {
    width: ofMinutes ? 'minute' : 'hour',
    since: Math.floor(first / unit) * unit,
    until: Math.ceil(end / unit) * unit,
  };
}

function present({ at, durations, ...row }: SummedRow): StatisticsItem {
  return {
    ...row,
    at: at.toISOString(),
    durationMs: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) },
  };
}
