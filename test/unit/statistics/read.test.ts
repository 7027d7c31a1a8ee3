import { describe, expect, it } from 'vitest';
import type { StatisticsQuery } from '../../../src/contract/statistics.ts';
import { createStatistics, type SummedRow, spanOf, type TooMuch } from '../../../src/statistics/read.ts';

const now = Date.UTC(2026, 10, 23, 12, 34, 56);
const iso = (ms: number) => new Date(ms).toISOString();
const span = (query: Partial<StatisticsQuery>) => {
  const { parts, since, until } = spanOf({ bucket: 'hour', ...query }, now);
  expect([parts[0]?.since, parts.at(-1)?.until]).toEqual([since, until]);
  return [parts.map(({ width }) => width).join(' '), iso(since), iso(until)];
};

describe('contract §3: the time that statistics are of', () => {
  it('is the last day, of minutes the last hour, in whole buckets', () => {
    expect(span({})).toEqual(['hour', '2026-11-22T12:00:00.000Z', '2026-11-23T13:00:00.000Z']);
    expect(span({ bucket: 'minute' })).toEqual(['minute', '2026-11-23T11:34:00.000Z', '2026-11-23T12:35:00.000Z']);
    expect(span({ bucket: 'day' })).toEqual(['day', '2026-11-22T00:00:00.000Z', '2026-11-24T00:00:00.000Z']);
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

  it('is made of days where these are whole, and of hours before and after', () => {
    const since = '2026-08-23T22:10:00Z';
    const { parts } = spanOf({ bucket: 'all', since }, now);
    expect(parts.map((part) => [part.width, iso(part.since), iso(part.until)])).toEqual([
      ['hour', '2026-08-23T22:00:00.000Z', '2026-08-24T00:00:00.000Z'],
      ['day', '2026-08-24T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
      ['hour', '2026-11-23T00:00:00.000Z', '2026-11-23T13:00:00.000Z'],
    ]);
    const whole = { since: '2026-08-23T00:00:00Z', until: '2026-08-25T00:00:00Z' };
    expect(span({ bucket: 'all', ...whole })[0]).toBe('day');
    expect(span({ bucket: 'hour', ...whole })[0]).toBe('hour');
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
  const of = (count: number, refused?: TooMuch) =>
    createStatistics({
      store: {
        sum: async (_accounts, _query, { since }) =>
          refused ?? Array.from({ length: count }, (_, minute) => row(since + minute * 60_000)),
        lanes: async () => [],
      },
      now: () => now,
    });

  it('are refused where they are too many, with what to ask for', async () => {
    for (const [why, words] of [
      ['items', /larger bucket or a shorter time/],
      ['rows', /for one integration/],
    ] as const) {
      await expect(of(0, why).statistics('*', { bucket: 'minute' })).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(words),
        errors: [{ path: 'bucket', message: expect.stringContaining(why) }],
      });
    }
  });

  it('have how long attempts took', async () => {
    const { items } = await of(1).statistics('*', { bucket: 'minute' });
    expect(items).toMatchObject([{ durationMs: { p50: 5, p99: 5 } }]);
  });
});
