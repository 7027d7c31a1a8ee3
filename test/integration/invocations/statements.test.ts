import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as due from '../../../src/store/due.ts';
import { giveBack } from '../../../src/store/giving-back.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { beat, freeFromSilentWorkers } from '../../../src/store/workers.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation } from '../../support/invocations.ts';

describe('contract §7: the statements that move an invocation', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool, 'acme');
    await insertIntegration(database.pool, 'globex');
  });
  afterAll(() => database.drop());
  beforeEach(() =>
    database.pool.query('truncate invocations, attempts, audit_log, idempotency_keys, adopted_jobs, workers'),
  );

  const insert = (...news: Parameters<typeof newInvocation>[0][]) =>
    insertInvocations(database.pool, news.map(newInvocation));
  const ids = (enqueued: { id: string }[]) => enqueued.map(({ id }) => id);
  const rows = async (sql: string) => (await database.pool.query(sql)).rows;

  describe('insert', () => {
    it('keeps a value with U+0000 as it came', async () => {
      const [kept] = await insert({ tokens: { InvoiceNumber: 'a\u0000b' } });
      const [claimed] = await claimInvocations(database.pool, worker, [kept?.id ?? '']);
      expect(claimed?.tokens).toEqual({ InvoiceNumber: 'a\u0000b' });
    });

    it('gives the same invocation for the same idempotency key, also within one group (contract §7)', async () => {
      const [first, second] = await insert({ idempotencyKey: 'k' }, { idempotencyKey: 'k' });
      const [third] = await insert({ idempotencyKey: 'k' });
      expect(first?.outcome).toBe('created');
      expect(second).toEqual({ outcome: 'existing', id: first?.id });
      expect(third).toEqual({ outcome: 'existing', id: first?.id });
      expect(await rows('select count(*)::int as n from audit_log')).toEqual([{ n: 1 }]);
    });

    it('refuses a key that was used with other tokens', async () => {
      const [first] = await insert({ idempotencyKey: 'k' });
      const [second] = await insert({ idempotencyKey: 'k', keyFingerprint: Buffer.from('all other') });
      expect(second).toEqual({ outcome: 'key-conflict', id: first?.id });
    });

    it('takes a key at its word if its fingerprint was made with a fingerprint key that is lost', async () => {
      const [first] = await insert({ idempotencyKey: 'k' });
      const [second] = await insert({ idempotencyKey: 'k', keyFingerprint: Buffer.from('else tokens') });
      expect(second).toEqual({ outcome: 'existing', id: first?.id });
    });

    it('lets a key be used again after 24 hours', async () => {
      const [first] = await insert({ idempotencyKey: 'k' });
      await database.pool.query(`update idempotency_keys set created_at = now() - interval '25 hours'`);
      const [second] = await insert({ idempotencyKey: 'k' });
      expect(second?.outcome).toBe('created');
      expect(second?.id).not.toBe(first?.id);
    });

    it('adopts a job once, and again under the same id after the ids restarted', async () => {
      const job = { queue: 'errand-batch', jobId: '1', timestamp: 1_000 };
      const [first] = await insert({ job });
      const [again] = await insert({ job });
      const [restarted] = await insert({ job: { ...job, timestamp: 2_000 } });
      expect(again).toEqual({ outcome: 'existing', id: first?.id });
      expect(restarted?.outcome).toBe('created');
    });

    it('leads a job to the invocation of its idempotency key, however often it is handed over', async () => {
      const [first] = await insert({ idempotencyKey: 'k' });
      const job = { queue: 'errand-batch', jobId: '2', timestamp: 1_000 };
      expect(await insert({ job, idempotencyKey: 'k' })).toEqual([{ outcome: 'existing', id: first?.id }]);
      expect(await insert({ job, idempotencyKey: 'k' })).toEqual([{ outcome: 'existing', id: first?.id }]);
    });

    it('takes the configuration version as it is at the commit', async () => {
      await database.pool.query(`update integrations set configuration_version = 7 where id = 'globex'`);
      const enqueued = await insert({ integration: 'globex', configurationVersion: 3 });
      const [claimed] = await claimInvocations(database.pool, worker, ids(enqueued));
      expect(claimed?.configurationVersion).toBe(7);
    });
  });

  describe('claim', () => {
    it('gives a row to one of two that ask at the same time', async () => {
      const enqueued = ids(await insert({}, {}, {}));
      const claims = await Promise.all([
        claimInvocations(database.pool, worker, enqueued),
        claimInvocations(database.pool, uuidv7(), [...enqueued].reverse()),
      ]);
      expect(
        claims
          .flat()
          .map(({ id }) => id)
          .sort(),
      ).toEqual([...enqueued].sort());
    });

    it('leaves what is not due yet', async () => {
      const enqueued = ids(await insert({ runAt: Date.now() + 60_000 }));
      expect(await claimInvocations(database.pool, worker, enqueued)).toEqual([]);
    });

    it('is a HOT update: no index entry is written', async () => {
      const enqueued = ids(await insert({}, {}, {}));
      const hot = `select sum(pg_stat_get_xact_tuples_hot_updated(c.oid))::int as hot,
        sum(pg_stat_get_xact_tuples_updated(c.oid))::int as all from pg_class c where relname like 'invocations\\_%'`;
      const client = await database.pool.connect();
      try {
        await client.query('begin');
        await claimInvocations(client as never, worker, enqueued);
        const { rows: counts } = await client.query(hot);
        await client.query('commit');
        expect(counts).toEqual([{ hot: 3, all: 3 }]);
      } finally {
        client.release();
      }
    });
  });

  describe('due rows', () => {
    it('are rung for at most so many of each integration', async () => {
      await insert(...Array.from({ length: 5 }, () => ({})), { integration: 'globex' });
      await database.pool.query('update invocations set rung_at = null');
      const taken = await due.takeDue(database.pool, 'batch', { perIntegration: 2, limit: 100 });
      expect(taken.map(({ integration }) => integration).sort()).toEqual(['acme', 'acme', 'globex']);
      expect(new Set(taken.map(({ generation }) => generation))).toEqual(new Set([2]));
    });

    it('are not rung for twice', async () => {
      await insert({});
      await database.pool.query('update invocations set rung_at = null');
      const bounds = { perIntegration: 10, limit: 10 };
      const taken = await Promise.all([
        due.takeDue(database.pool, 'batch', bounds),
        due.takeDue(database.pool, 'batch', bounds),
        due.takeDueOf(database.pool, 'acme', 'batch', 10),
      ]);
      expect(taken.flat()).toHaveLength(1);
    });

    it('are not taken from the other lane', async () => {
      await insert({ lane: 'interactive' });
      await database.pool.query('update invocations set rung_at = null');
      expect(await due.takeDue(database.pool, 'batch', { perIntegration: 10, limit: 10 })).toEqual([]);
    });

    it('tell when the next one falls due', async () => {
      await insert({ runAt: Date.now() + 2_000 });
      const next = await due.nextDueInMs(database.pool, 'batch', 4_000);
      expect(next).toBeGreaterThan(0);
      expect(next).toBeLessThanOrEqual(2_100);
      expect(await due.nextDueInMs(database.pool, 'interactive', 4_000)).toBeNull();
    });
  });

  describe('a worker that fell silent', () => {
    it('loses what it held, which is kept as an attempt of unknown outcome that does not count', async () => {
      const enqueued = ids(await insert({}));
      await claimInvocations(database.pool, worker, enqueued);
      const freed = await freeFromSilentWorkers(database.pool, 10_000, 100);
      expect(ids(freed)).toEqual(enqueued);
      expect(await rows('select status, worker, attempt, tried, crashes, rung_at from invocations')).toEqual([
        { status: 'retrying', worker: null, attempt: 1, tried: 0, crashes: 1, rung_at: null },
      ]);
      expect(await rows('select number, outcome from attempts')).toEqual([{ number: 1, outcome: 'unknown' }]);
      const [claimed] = await claimInvocations(database.pool, uuidv7(), enqueued);
      expect(claimed).toMatchObject({ attempt: 2, tried: 1 });
    });

    it('keeps what it holds while it beats', async () => {
      await beat(database.pool, { id: worker, lane: 'batch', host: 'here', pid: 1 });
      await claimInvocations(database.pool, worker, ids(await insert({})));
      expect(await freeFromSilentWorkers(database.pool, 10_000, 100)).toEqual([]);
    });
  });

  it('gives a row back as if it had not been tried, but for one crash more', async () => {
    const [claimed] = await claimInvocations(database.pool, worker, ids(await insert({})));
    if (claimed === undefined) throw new Error('nothing was claimed');
    await giveBack(database.pool, worker, claimed, 1_000);
    expect(await rows('select status, tried, crashes from invocations')).toEqual([
      { status: 'retrying', tried: 0, crashes: 1 },
    ]);
  });
});
