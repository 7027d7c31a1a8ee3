import { describe, expect, it } from 'vitest';
import { maxStatisticsItems, type StatisticsQuery } from '../../../src/contract/statistics.ts';
import { createStatistics, type SummedRow, spanOf } from '../../../src/statistics/read.ts';

const now = Date.UTC(2026, 10, 23, 12, 34, 56);
const iso = (ms: number) => new Date(ms).toISOString();
const span = (query: Partial<StatisticsQuery>) => {
  const { width, since, until } = spanOf({ bucket: 'hour', ...query }, now);
  return [width, iso(since), iso(until)];
};

describe('contract §3: the time that statistics are of', () => {
  it('is the last day, of minutes the last hour, in whole buckets', () => {
    expect(span({})).toEqual(['hour', '2026-11-22T12:00:00.000Z', '2026-11-23T13:00:00.000Z']);
    expect(span({ bucket: 'minute' })).toEqual(['minute', '2026-11-23T11:34:00.000Z', '2026-11-23T12:35:00.000Z']);
    expect(span({ bucket: 'day' })).toEqual(['hour', '2026-11-22T00:00:00.000Z', '2026-11-24T00:00:00.000Z']);
    expect(span({ bucket: 'all' })).toEqual(['hour', '2026-11-22T12:00:00.000Z', '2026-11-23T13:00:00.000Z']);
  });

  it('is before what was named as its end', () => {
    const until = '2026-11-20T06:00:00+02:00';
    expect(span({ until })).toEqual(['hour', '2026-11-19T04:00:00.000Z', '2026-11-20T04:00:00.000Z']);
  });

  it('adds up minutes where it is short and they are kept', () => {
    expect(span({ bucket: 'all', since: '2026-11-23T12:10:30Z' })).toEqual([
      'minute',
      '2026-11-23T12:10:00.000Z',
      '2026-11-23T12:35:00.000Z',
    ]);
    expect(span({ bucket: 'all', since: '2026-11-10T12:10:30Z', until: '2026-11-10T12:20:00Z' })).toEqual([
      'hour',
      '2026-11-10T12:00:00.000Z',
      '2026-11-10T13:00:00.000Z',
    ]);
  });

  it('says since when there are minutes', () => {
    expect(span({ bucket: 'minute', since: '2026-11-01T00:00:00Z' })).toEqual([
      'minute',
      '2026-11-20T12:34:00.000Z',
      '2026-11-23T12:35:00.000Z',
    ]);
  });

  it.each([
    { since: '2026-11-23T12:00:00Z', until: '2026-11-23T12:00:00Z' },
    { since: '2026-11-24T00:00:00Z' },
  ])('must not end before it begins: %j', (query) => {
    expect(() => span(query)).toThrow(/before/);
  });
});

describe('contract §3: statistics', () => {
  const row = (at: number): SummedRow => ({
    at: new Date(at),
    integration: null,
    command: null,
    lane: null,
    succeeded: 1,
    failed: 0,
    absent: 0,
    attempts: 1,
    retried: 0,
    durations: [0, 0, 0, 0, 0, 1],
    byCode: {},
  });
  const of = (count: number) =>
    createStatistics({
      store: {
        sum: async (_accounts, _query, { since }, limit) =>
          count > limit ? null : Array.from({ length: count }, (_, minute) => row(since + minute * 60_000)),
        lanes: async () => [],
      },
      now: () => now,
    });

  it('are refused where they are too many, with what to ask for', async () => {
    expect((await of(maxStatisticsItems).statistics('*', { bucket: 'minute' })).items).toHaveLength(maxStatisticsItems);
    await expect(of(maxStatisticsItems + 1).statistics('*', { bucket: 'minute' })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/larger bucket or a shorter time/),
      errors: [{ path: 'bucket' }],
    });
  });

  it('have how long attempts took', async () => {
    const { items } = await of(1).statistics('*', { bucket: 'minute' });
    expect(items).toMatchObject([{ durationMs: { p50: 5, p99: 5 } }]);
  });
});
