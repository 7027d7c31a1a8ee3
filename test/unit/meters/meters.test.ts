import { describe, expect, it } from 'vitest';
import type { Settled } from '../../../src/invocations/invocation.ts';
import { mergeTexts } from '../../../src/meters/merge.ts';
import { createMeters } from '../../../src/meters/meters.ts';
import { createReadings, type Readings } from '../../../src/meters/readings.ts';
import { seriesOf } from '../../support/series.ts';

type Kind = { integration?: string; lane?: 'interactive' | 'batch'; code?: string; next?: string; durationMs?: number };

function settled({ integration = 'acme', lane = 'batch', code, next = 'succeeded', durationMs = 40 }: Kind): Settled {
  const error = code === undefined ? null : { code, message: '', side: 'errand' };
  return {
    claimed: { integration, lane },
    attempt: { outcome: error === null ? 'succeeded' : 'retryable', error, sent: true, durationMs, responseBytes: 10 },
    next: { status: next, error },
  } as unknown as Settled;
}

const samplesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(`${name}{`));

describe('the meters (contract §3)', () => {
  it('count attempts and endings by what became of them', async () => {
    const meters = createMeters('w', ['worker', 'process'], false);
    meters.count([settled({}), settled({}), settled({ code: 'timeout', next: 'retrying' })]);
    meters.count([settled({ code: 'timeout', next: 'failed', lane: 'interactive' })]);
    meters.countLate(3);
    const text = await meters.text();
    for (const [name, labels, value] of [
      [
        'errand_attempts_total',
        { lane: 'batch', integration: 'acme', outcome: 'succeeded', code: 'none', process: 'w' },
        2,
      ],
      [
        'errand_attempts_total',
        { lane: 'batch', integration: 'acme', outcome: 'retryable', code: 'timeout', process: 'w' },
        1,
      ],
      [
        'errand_attempts_total',
        { lane: 'interactive', integration: 'acme', outcome: 'retryable', code: 'timeout', process: 'w' },
        1,
      ],
    ] as [string, Record<string, string>, number][]) {
      expect([name, labels, seriesOf(text, name, labels)]).toEqual([name, labels, value]);
    }
    for (const [name, labels, value] of [
      ['errand_invocations_ended_total', { lane: 'batch', status: 'succeeded', code: 'none', process: 'w' }, 2],
      ['errand_invocations_ended_total', { lane: 'interactive', status: 'failed', code: 'timeout', process: 'w' }, 1],
      [
        'errand_invocations_ended_total',
        { lane: 'batch', status: 'failed', code: 'deadline-exceeded', process: 'w' },
        3,
      ],
    ] as [string, Record<string, string>, number][]) {
      expect([name, labels, seriesOf(text, name, labels)]).toEqual([name, labels, value]);
    }
    expect(seriesOf(text, 'errand_response_bytes_total', { lane: 'batch', process: 'w' })).toBe(30);
  });

  it('have a bounded number of integrations', async () => {
    const meters = createMeters('w', ['worker'], false);
    for (let number = 0; number < 250; number += 1) meters.count([settled({ integration: `i${number}` })]);
    const samples = samplesOf(await meters.text(), 'errand_attempts_total');
    expect(samples).toHaveLength(201);
    expect(samples.find((line) => line.includes('integration="other"'))).toMatch(/ 50$/);
  });

  it('put durations into cumulative buckets, in seconds, the bound itself included', async () => {
    const meters = createMeters('w', ['worker'], false);
    for (const durationMs of [5, 6, 250, 200_000]) meters.count([settled({ durationMs })]);
    const text = await meters.text();
    const bucket = (le: string) =>
      seriesOf(text, 'errand_attempt_duration_seconds_bucket', { le, lane: 'batch', process: 'w' });
    expect([bucket('0.005'), bucket('0.01'), bucket('0.25'), bucket('120'), bucket('+Inf')]).toEqual([1, 2, 3, 3, 4]);
    expect(seriesOf(text, 'errand_attempt_duration_seconds_count', { lane: 'batch', process: 'w' })).toBe(4);
    expect(seriesOf(text, 'errand_attempt_duration_seconds_sum', { lane: 'batch', process: 'w' })).toBeCloseTo(200.261);
  });

  it('of several processes are one text, each meter described once', async () => {
    const [one, other] = [createMeters('one', ['worker', 'process']), createMeters('other', ['worker'])];
    one.count([settled({})]);
    other.count([settled({})]);
    const text = mergeTexts([await one.text(), await other.text()]);
    expect(text.match(/^# TYPE errand_attempts_total counter$/gm)).toHaveLength(1);
    expect(samplesOf(text, 'errand_attempts_total').map((line) => /process="(\w+)"/.exec(line)?.[1])).toEqual([
      'one',
      'other',
    ]);
    const described = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name);
    expect(new Set(described).size).toBe(described.length);
    expect(text).toMatch(/^process_start_time_seconds\{process="one"\}/m);
    // A meter's series stand together, so its description is followed by all of them.
    expect(text).toMatch(
      /# TYPE errand_attempts_total counter\nerrand_attempts_total.*one.*\nerrand_attempts_total.*other/,
    );
  });

  it('show how a pool is used when they are asked', async () => {
    const meters = createMeters('p', ['process'], false);
    const pool = { totalCount: 3, idleCount: 1, waitingCount: 0 };
    meters.watchPool('work', pool);
    pool.waitingCount = 7;
    const text = await meters.text();
    expect(seriesOf(text, 'errand_pool_connections', { pool: 'work', state: 'busy', process: 'p' })).toBe(2);
    expect(seriesOf(text, 'errand_pool_connections', { pool: 'work', state: 'waiting', process: 'p' })).toBe(7);
  });
});

describe('what the database is asked for (contract §3)', () => {
  const readings: Readings = {
    lanes: [{ lane: 'batch', waiting: 5, running: 2, retrying: 1, oldestAt: null, oldestSeconds: 61, workers: 1 }],
    queues: [{ lane: 'batch', jobs: 4 }],
    holding: [{ reason: 'timeout', count: 1 }],
    batches: [{ status: 'running', count: 1 }],
    overdueSchedules: 2,
  };

  it('is read once in ten seconds, however often it is scraped', async () => {
    const meters = createMeters('a', ['database'], false);
    let clock = 0;
    let asked = 0;
    const refresh = createReadings(
      meters,
      async () => {
        asked += 1;
        return readings;
      },
      { now: () => clock },
    );
    await Promise.all([refresh(), refresh()]);
    clock = 9_999;
    await refresh();
    expect(asked).toBe(1);
    clock = 10_000;
    await refresh();
    expect(asked).toBe(2);
    const text = await meters.text();
    expect(seriesOf(text, 'errand_oldest_waiting_seconds', { lane: 'batch', process: 'a' })).toBe(61);
    expect(seriesOf(text, 'errand_integrations_holding', { reason: 'timeout', process: 'a' })).toBe(1);
    expect(seriesOf(text, 'errand_database_up', { process: 'a' })).toBe(1);
  });

  it('is absent, not old, while the database is away', async () => {
    const meters = createMeters('a', ['database'], false);
    let clock = 0;
    let away = false;
    const read = async () => (away ? Promise.reject(new Error('away')) : readings);
    const refresh = createReadings(meters, read, { now: () => clock });
    await refresh();
    away = true;
    clock = 20_000;
    await refresh();
    const text = await meters.text();
    expect(seriesOf(text, 'errand_database_up', { process: 'a' })).toBe(0);
    expect(samplesOf(text, 'errand_invocations_open')).toEqual([]);
    expect(text).toContain('errand_schedules_overdue{process="a"} Nan');
  });
});
