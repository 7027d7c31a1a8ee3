import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { maxCounted, maxStatisticsItems } from '../../../src/contract/statistics.ts';
import { addDuration } from '../../../src/judging/durations.ts';
import type { Counted } from '../../../src/statistics/tally.ts';
import { takeRange, takeRanges } from '../../../src/store/batch-ranges.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { addStatistics } from '../../../src/store/statistics.ts';
import { queuedBatch } from '../../support/batches.ts';
import { insertIntegration, newInvocation } from '../../support/invocations.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
/** Of the account `south` alone. */
let south: string;
const hourMs = 3_600_000;
const thisHour = Math.floor(Date.now() / hourMs) * hourMs;
const at = (hours: number, minutes = 0) => thisHour + hours * hourMs + minutes * 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

beforeAll(async () => {
  running = await startApi();
  south = await running.keyFor('operator', ['south']);
  await insertIntegration(running.pool, 'acme', 'default');
  await insertIntegration(running.pool, 'globex', 'south');
});
afterAll(() => running.stop());
beforeEach(() =>
  running.pool.query('truncate statistics, invocations, batches, batch_ranges, integration_flow, workers'),
);

function counted(overrides: Partial<Counted> & { took?: number[] } = {}): Counted {
  const { took = [], ...rest } = overrides;
  const durations: number[] = [];
  for (const each of took) addDuration(durations, each);
  const none = { succeeded: 0, failed: 0, absent: 0, attempts: took.length, retried: 0, byCode: {} };
  return { at: at(-1), integration: 'acme', command: 'GetInvoiceImage', lane: 'batch', ...none, durations, ...rest };
}
const add = (...minutes: Counted[]) => addStatistics(running.pool, minutes, () => undefined);

async function statistics(query: Record<string, string> = {}, key?: string) {
  const path = `/v1/statistics?${new URLSearchParams(query)}`;
  const answer = await running.call('GET', path, key === undefined ? {} : { key });
  expect(answer.status, JSON.stringify(answer.json)).toBe(200);
  return answer.json;
}

describe('contract §3: GET /v1/statistics', () => {
  it('adds up hours over everything, oldest first, and leaves out those in which nothing happened', async () => {
    await add(
      counted({ at: at(-1, 59), succeeded: 2, took: [10, 1_000] }),
      counted({ at: at(-1, 1), integration: 'globex', succeeded: 1, took: [100] }),
      counted({ at: at(-3), failed: 1, absent: 2, retried: 3, attempts: 6, byCode: { timeout: 4, absent: 2 } }),
      counted({ at: at(-3), lane: 'interactive', byCode: { timeout: 1 } }),
      counted({ at: at(-30), succeeded: 99 }),
    );
    const { items, since, bucket } = await statistics();
    expect({ since, bucket }).toEqual({ since: iso(at(-24)), bucket: 'hour' });
    const all = { integration: null, command: null, lane: null };
    expect(items).toEqual([
      {
        at: iso(at(-3)),
        ...all,
        succeeded: 0,
        failed: 1,
        absent: 2,
        attempts: 6,
        retried: 3,
        durationMs: { p50: null, p99: null },
        byCode: { timeout: 5, absent: 2 },
      },
      {
        at: iso(at(-1)),
        ...all,
        succeeded: 3,
        failed: 0,
        absent: 0,
        attempts: 3,
        retried: 0,
        durationMs: {
          p50: expect.toSatisfy((ms) => ms > 90 && ms < 110),
          p99: expect.toSatisfy((ms) => ms > 900 && ms < 1_100),
        },
        byCode: {},
      },
    ]);
  });

  it('has minutes, days, and all of it', async () => {
    await add(
      counted({ at: at(-1, 5), succeeded: 1 }),
      counted({ at: at(-1, 6), succeeded: 2 }),
      counted({ at: at(-72), succeeded: 4 }),
    );
    const asked = { since: iso(at(-80)), until: iso(at(0)) };
    const succeededOf = async (query: Record<string, string>) =>
      (await statistics(query)).items.map((each: { at: string; succeeded: number }) => [each.at, each.succeeded]);
    expect(await succeededOf({ bucket: 'minute', since: iso(at(-1)), until: iso(at(-1, 6)) })).toEqual([
      [iso(at(-1, 5)), 1],
    ]);
    const midnight = (ms: number) => iso(ms - (ms % (24 * hourMs)));
    expect(await succeededOf({ bucket: 'day', ...asked })).toEqual([
      [midnight(at(-72)), 4],
      [midnight(at(-1)), 3],
    ]);
    expect(await succeededOf({ bucket: 'all', ...asked })).toEqual([[asked.since, 7]]);
    expect(await succeededOf({ bucket: 'all', since: iso(at(-1, 6)), until: iso(at(0)) })).toEqual([
      [iso(at(-1, 6)), 2],
    ]);
  });

  it('has one item for each integration, command or lane', async () => {
    await add(
      counted({ succeeded: 1 }),
      counted({ command: 'LoginWithToken', succeeded: 2 }),
      counted({ lane: 'interactive', succeeded: 4 }),
      counted({ integration: 'globex', succeeded: 8 }),
    );
    const groupsOf = async (query: Record<string, string>) =>
      (await statistics({ bucket: 'all', ...query })).items.map((each: Record<string, unknown>) => [
        each.integration,
        each.command,
        each.lane,
        each.succeeded,
      ]);
    expect(await groupsOf({ by: 'integration' })).toEqual([
      ['acme', null, null, 7],
      ['globex', null, null, 8],
    ]);
    expect(await groupsOf({ by: 'command' })).toEqual([
      ['acme', 'GetInvoiceImage', null, 5],
      ['acme', 'LoginWithToken', null, 2],
      ['globex', 'GetInvoiceImage', null, 8],
    ]);
    expect(await groupsOf({ by: 'lane' })).toEqual([
      [null, null, 'batch', 11],
      [null, null, 'interactive', 4],
    ]);
    expect(await groupsOf({ integration: 'acme' })).toEqual([[null, null, null, 7]]);
    expect(await groupsOf({ command: 'LoginWithToken' })).toEqual([[null, null, null, 2]]);
    expect(await groupsOf({ lane: 'interactive' })).toEqual([[null, null, null, 4]]);
    expect(await groupsOf({ account: 'south' })).toEqual([[null, null, null, 8]]);
    expect(await groupsOf({ integration: 'nobody' })).toEqual([]);
  });

  it('leaves out what lies outside of the accounts of the key', async () => {
    await add(counted({ succeeded: 1 }), counted({ integration: 'globex', succeeded: 8 }));
    const { items } = await statistics({ by: 'integration' }, south);
    expect(items).toMatchObject([{ integration: 'globex', succeeded: 8 }]);
    expect((await statistics({ integration: 'acme' }, south)).items).toEqual([]);
    expect((await statistics({ account: 'default' }, south)).items).toEqual([]);
  });

  it('refuses what would be too much, with what to ask for instead', async () => {
    await running.pool.query(
      `insert into statistics (width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations, by_code)
       select 'hour', $1::timestamptz - n * interval '1 hour', 'acme', 'GetInvoiceImage', 'batch', 1, 0, 0, 1, 0, '{}', '{}'
       from generate_series(0, $2) n`,
      [new Date(thisHour), maxStatisticsItems],
    );
    const since = iso(at(-maxStatisticsItems - 1));
    const { status, json } = await running.call('GET', `/v1/statistics?since=${since}`);
    expect(status).toBe(422);
    expect(json).toMatchObject({ detail: /larger bucket or a shorter time/, errors: [{ path: 'bucket' }] });
    expect((await statistics({ since: iso(at(-maxStatisticsItems + 1)) })).items).toHaveLength(maxStatisticsItems);
    expect((await statistics({ since, bucket: 'day' })).items).toEqual([]);
  });

  it.each([
    'bucket=week',
    'by=account',
    'since=yesterday',
    'since=2026-11-23T12:00:00Z&until=2026-11-23T11:00:00Z',
    'limit=5',
  ])('refuses %s', async (query) => {
    expect((await running.call('GET', `/v1/statistics?${query}`)).status).toBe(422);
  });
});

describe('contract §3: GET /v1/lanes', () => {
  const lanes = async (key?: string) => {
    const { json } = await running.call('GET', '/v1/lanes', key === undefined ? {} : { key });
    const [interactive, batch] = json.items;
    expect([interactive.lane, batch.lane]).toEqual(['interactive', 'batch']);
    return { interactive, batch };
  };
  const idle = { waiting: 0, running: 0, retrying: 0, oldestAt: null, workers: 0 };

  /** Singles in such a state; `due`: so many seconds from now. */
  async function singles(count: number, status: string, due: number, of: object = {}): Promise<void> {
    const news = Array.from({ length: count }, () => newInvocation(of));
    await insertInvocations(running.pool, news);
    await running.pool.query(
      `update invocations set status = $2, due_at = now() + $3 * interval '1 second' where id = any($1)`,
      [news.map(({ id }) => id), status, due],
    );
  }

  it('has nothing where there is nothing to do', async () => {
    expect(await lanes()).toEqual({ interactive: { lane: 'interactive', ...idle }, batch: { lane: 'batch', ...idle } });
  });

  it('tells what waits, runs and is to be tried again, by lane and account', async () => {
    await singles(3, 'queued', -60);
    await singles(1, 'retrying', -90);
    await singles(2, 'running', -120);
    await singles(5, 'retrying', 60);
    await singles(7, 'queued', 3_600);
    await singles(11, 'queued', -10, { integration: 'globex', account: 'south', lane: 'interactive' });
    const { interactive, batch } = await lanes();
    expect(batch).toMatchObject({ waiting: 4, running: 2, retrying: 5 });
    expect((Date.now() - Date.parse(batch.oldestAt)) / 1_000).toBeCloseTo(90, -1);
    expect(interactive).toMatchObject({ waiting: 11, running: 0, retrying: 0 });
    const theirs = await lanes(south);
    expect(theirs.batch).toEqual({ lane: 'batch', ...idle });
    expect(theirs.interactive).toMatchObject({ waiting: 11 });
  });

  it('counts what is held or paused as waiting for that, not for a worker; clicks do not wait', async () => {
    await singles(3, 'queued', -60);
    await singles(2, 'queued', -60, { lane: 'interactive' });
    await running.pool.query(`insert into integration_flow (integration, hold) values ('acme', '{}')`);
    const { interactive, batch } = await lanes();
    expect(batch).toMatchObject({ waiting: 0, retrying: 3, oldestAt: null });
    expect(interactive).toMatchObject({ waiting: 2 });
  });

  it('counts singles up to ten thousand, and sees what runs behind a long line', async () => {
    await singles(1, 'running', -30, { integration: 'globex', account: 'south' });
    await singles(1, 'queued', -60);
    await running.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version, due_at)
       select errand_uuid_v7(), 'default', 'acme', 'GetInvoiceImage', 'batch', 'queued', '{}', '', 1, now() - interval '1 minute'
       from generate_series(1, $1)`,
      [maxCounted],
    );
    expect((await lanes()).batch).toMatchObject({ waiting: maxCounted, running: 1 });
  });

  it('has the rows of batches, from the counters of their ranges', async () => {
    const id = await queuedBatch(running.pool, 250);
    expect((await lanes()).batch).toMatchObject({
      waiting: 250,
      running: 0,
      retrying: 0,
      oldestAt: expect.any(String),
    });
    const [ring] = await takeRanges(running.pool, { batch: id, window: 1, limit: 1 });
    if (ring === undefined) throw new Error('Nothing was rung for');
    await takeRange(running.pool, uuidv7(), ring);
    const of = (from: number, count: number) =>
      `id in (select id from invocations where batch = '${id}' and batch_range = 0 order by id offset ${from} limit ${count})`;
    await running.pool.query(`update invocations set status = 'running' where ${of(0, 20)}`);
    await running.pool.query(
      `update invocations set status = 'retrying', due_at = now() + interval '1 minute' where ${of(20, 5)}`,
    );
    await running.pool.query(`update invocations set status = 'succeeded' where ${of(25, 30)}`);
    await running.pool.query('update batch_ranges set succeeded = 30 where batch = $1 and number = 0', [id]);
    expect((await lanes()).batch).toMatchObject({ waiting: 195, running: 20, retrying: 5 });
    expect((await lanes(south)).batch).toEqual({ lane: 'batch', ...idle });
    await running.pool.query(`insert into integration_flow (integration, hold) values ('acme', '{}')`);
    expect((await lanes()).batch).toMatchObject({ waiting: 0, running: 20, retrying: 200, oldestAt: null });
    await running.pool.query(`update batches set status = 'cancelled', finished_at = now()`);
    expect((await lanes()).batch).toMatchObject({ waiting: 0, running: 0, retrying: 0 });
  });

  it('has the workers with a heartbeat', async () => {
    await running.pool.query(
      `insert into workers (id, lane, host, pid, heartbeat_at) values
        ($1, 'batch', 'a', 1, now()), ($2, 'batch', 'b', 2, now()), ($3, 'batch', 'c', 3, now() - interval '1 minute')`,
      [uuidv7(), uuidv7(), uuidv7()],
    );
    const { interactive, batch } = await lanes();
    expect([interactive.workers, batch.workers]).toEqual([0, 2]);
  });
});
