import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Claimed } from '../../../src/invocations/invocation.ts';
import { createRecorder, type RecorderOptions } from '../../../src/recording/recorder.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

describe('recorder (contract §7)', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool);
  });
  afterAll(() => database.drop());
  beforeEach(() => database.pool.query('truncate invocations, attempts, audit_log, blobs, latest_results'));

  const recorder = (overrides: Partial<RecorderOptions> = {}) =>
    createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
      ...overrides,
    });

  async function claimed(count: number, overrides = {}): Promise<Claimed[]> {
    const news = Array.from({ length: count }, () => newInvocation(overrides));
    await insertInvocations(database.pool, news);
    return claimInvocations(
      database.pool,
      worker,
      news.map(({ id }) => id),
    );
  }

  const rows = async (sql: string) => (await database.pool.query(sql)).rows;

  it('commits the transition, the attempt, the bytes, the audit entry and Last Sync together', async () => {
    const [one] = await claimed(1);
    if (one === undefined) throw new Error('nothing was claimed');
    const recorded = settled(one);
    recorded.attempt.phases = { dnsMs: 1, connectMs: 2, tlsMs: null, firstByteMs: 3, bodyMs: 4 };
    expect(await recorder().record(recorded)).toBe(recorded);
    expect(await rows('select status, worker, due_at, finished_at is not null as finished from invocations')).toEqual([
      { status: 'succeeded', worker: null, due_at: null, finished: true },
    ]);
    expect(await rows('select number, outcome, result_bytes, unchanged from attempts')).toEqual([
      { number: 1, outcome: 'succeeded', result_bytes: 5, unchanged: false },
    ]);
    expect(await rows('select dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms from attempts')).toEqual([
      { dns_ms: 1, connect_ms: 2, tls_ms: null, first_byte_ms: 3, body_ms: 4 },
    ]);
    expect(await rows('select bytes from blobs')).toEqual([{ bytes: Buffer.from('bytes') }]);
    expect(await rows(`select action from audit_log where action like 'invocation.s%'`)).toHaveLength(1);
    const [integration] = await rows('select last_sync_at from integrations');
    expect(integration.last_sync_at.getTime()).toBe(one.claimedAt + 12);
  });

  it('never moves Last Sync backwards', async () => {
    const [one, two] = await claimed(2);
    if (one === undefined || two === undefined) throw new Error('nothing was claimed');
    const later = settled(one);
    later.attempt.startedAt += 60_000;
    await recorder().record(later);
    await recorder().record(settled(two));
    const [integration] = await rows('select last_sync_at from integrations');
    expect(integration.last_sync_at.getTime()).toBe(later.attempt.startedAt + 12);
  });

  it('makes a retry due after its delay, by the clock of the database', async () => {
    const [one] = await claimed(1);
    if (one === undefined) throw new Error('nothing was claimed');
    const error = { code: 'unexpected-status', message: '503', side: 'customer-server' } as const;
    await recorder().record(settled(one, { status: 'retrying', error, delayMs: 60_000 }));
    const [row] = await rows(
      'select status, rung_at, extract(epoch from due_at - now())::float8 as due from invocations',
    );
    expect(row).toMatchObject({ status: 'retrying', rung_at: null });
    expect(row.due).toBeGreaterThan(50);
    expect(row.due).toBeLessThanOrEqual(60);
  });

  it('drops what comes from a worker that no longer holds the row', async () => {
    const [one] = await claimed(1);
    if (one === undefined) throw new Error('nothing was claimed');
    await database.pool.query(`update invocations set attempt = attempt + 1`);
    expect(await recorder().record(settled(one))).toBeNull();
    expect(await rows('select count(*)::int as n from attempts')).toEqual([{ n: 0 }]);
    expect(await rows(`select count(*)::int as n from audit_log where action = 'invocation.succeeded'`)).toEqual([
      { n: 0 },
    ]);
    expect(await rows('select status from invocations')).toEqual([{ status: 'running' }]);
  });

  it('says that a result is unchanged when its bytes are those of the newest one for the same tokens', async () => {
    const [one, two, three] = await claimed(3);
    if (one === undefined || two === undefined || three === undefined) throw new Error('nothing was claimed');
    await recorder().record(settled(one));
    await recorder().record(settled(two));
    await recorder().record(settled(three, { status: 'succeeded' }, 'others'));
    expect(await rows('select unchanged from attempts order by invocation')).toEqual([
      { unchanged: false },
      { unchanged: true },
      { unchanged: false },
    ]);
    expect(await rows('select count(*)::int as n from blobs')).toEqual([{ n: 2 }]);
  });

  it('lets one bad row fail alone', async () => {
    const held = await claimed(8);
    const group = held.map((each) => settled(each));
    const bad = group[3];
    if (bad === undefined) throw new Error('nothing was claimed');
    bad.attempt.bodyPreview = 'a\u0000b';
    const one = recorder();
    const outcomes = await Promise.allSettled(group.map((each) => one.record(each)));
    expect(outcomes.map(({ status }) => status)).toEqual(
      group.map((each) => (each === bad ? 'rejected' : 'fulfilled')),
    );
    expect(await rows(`select count(*)::int as n from invocations where status = 'succeeded'`)).toEqual([{ n: 7 }]);
  });

  it('repeats the whole group after a transient error', async () => {
    const held = await claimed(3);
    await database.pool.query('alter table attempts rename to attempts_away');
    const pauses: number[] = [];
    const one = recorder({
      isTransient: () => true,
      pause: async (tries) => {
        pauses.push(tries);
        if (tries === 2) await database.pool.query('alter table attempts_away rename to attempts');
      },
    });
    const recorded = await Promise.all(held.map((each) => one.record(settled(each))));
    expect(recorded.map((each) => each?.claimed)).toEqual(held);
    expect(pauses).toEqual([1, 2]);
    expect(await rows('select count(*)::int as n from attempts')).toEqual([{ n: 3 }]);
  });

  it('commits many endings in few statements', async () => {
    const held = await claimed(200);
    const one = recorder();
    const recorded = await Promise.all(held.map((each) => one.record(settled(each))));
    expect(recorded.map((each) => each?.claimed)).toEqual(held);
    expect(await rows('select count(distinct xmin::text)::int as n from attempts')).toEqual([{ n: 1 }]);
  });

  it('does not deadlock with another worker over the same bytes and integrations', async () => {
    const other = uuidv7();
    const news = Array.from({ length: 200 }, () => newInvocation());
    await insertInvocations(database.pool, news);
    const ids = news.map(({ id }) => id);
    const mine = await claimInvocations(database.pool, worker, ids.slice(0, 100));
    const theirs = await claimInvocations(database.pool, other, ids.slice(100));
    const record = (held: Claimed[], by: ReturnType<typeof recorder>) =>
      held.map((each, index) => by.record(settled(each, { status: 'succeeded' }, `bytes ${index % 7}`)));
    const outcomes = await Promise.all([
      ...record(mine, recorder()),
      ...record(theirs.reverse(), recorder({ worker: other })),
    ]);
    expect(outcomes.every(Boolean)).toBe(true);
  });
});
