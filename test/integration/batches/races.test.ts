import type { PoolClient } from 'pg';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPasses } from '../../../src/app/passes.ts';
import { rangeSize } from '../../../src/batches/batch.ts';
import { Interrupted } from '../../../src/invocations/cancellations.ts';
import { cancelBatch, cancelRows, finishBatches, unfinishedCancellations } from '../../../src/store/batch-endings.ts';
import { abandonHold } from '../../../src/store/batch-freeing.ts';
import { claimOfRange, takeRange, takeRanges } from '../../../src/store/batch-ranges.ts';
import { abandonedBatches, appendRows, completeBatch, discardBatch, touchBatch } from '../../../src/store/batches.ts';
import { retryInvocation } from '../../../src/store/transitions.ts';
import { batchAudit, queuedBatch, receivingBatch } from '../../support/batches.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';
import { untilAnotherWaitsFor } from '../../support/locks.ts';

/** What two processes do to the same batch at the same time. */
describe('contract §7: batches that several have in hand at once', () => {
  let database: TestDatabase;
  const worker = uuidv7();
  const failure = { code: 'cancelled', message: 'Cancelled.', side: 'request' } as const;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query(
      'truncate invocations, attempts, audit_log, integrations, batches, batch_ranges, integration_flow, workers',
    );
    await insertIntegration(database.pool, 'acme');
  });

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const receiving = (count: number, options = {}) => receivingBatch(database.pool, count, options);
  const queued = (count: number, options = {}) => queuedBatch(database.pool, count, options);
  const batchRow = async (id: string) => (await rows('select * from batches where id = $1', [id]))[0];

  /** Does `first` in a transaction, begins `second` meanwhile, and commits once that waits. */
  async function overlapping<A, B>(
    first: (client: PoolClient) => Promise<A>,
    second: () => Promise<B>,
  ): Promise<[A, B]> {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      const answer = await first(client);
      const other = second();
      await untilAnotherWaitsFor(client, database.pool);
      await client.query('commit');
      return [answer, await other];
    } finally {
      client.release();
    }
  }

  it('cancelled by two, end only when all of it has', async () => {
    const id = await queued(25 * rangeSize);
    await cancelBatch(database.pool, id, { ...batchAudit(id), action: 'batch.cancelled' });
    const [first, second] = await overlapping(
      (client) => cancelRows(client as never, id, failure),
      () => cancelRows(database.pool, id, failure),
    );
    expect([first, second]).toEqual([true, false]);
    expect(await batchRow(id)).toMatchObject({ status: 'cancelled', finished_at: null });
    expect(await unfinishedCancellations(database.pool)).toEqual([{ id, by: 'errand' }]);
    while (await cancelRows(database.pool, id, failure));
    expect(await batchRow(id)).toMatchObject({ status: 'cancelled', finished_at: expect.any(Date) });
    expect(await rows('select distinct status from invocations')).toEqual([{ status: 'cancelled' }]);
  });

  it('discarded by two, leave nothing', async () => {
    const id = await receiving(25 * rangeSize);
    await Promise.all([discardBatch(database.pool, id), discardBatch(database.pool, id)]);
    // What one of them left because the other had it in hand, the leader's next look takes.
    if ((await batchRow(id)) !== undefined) await discardBatch(database.pool, id);
    expect(await rows('select id from invocations union all select batch from batch_ranges')).toEqual([]);
    expect(await batchRow(id)).toBeUndefined();
  });

  it('received twice under one key, are one: the first that is complete', async () => {
    const key = { integration: 'acme', command: 'GetInvoiceImage', key: 'night' };
    const [one, two] = [await receiving(3, { key: 'night' }), await receiving(3, { key: 'night' })];
    const answers = await Promise.all(
      [one, two].map((id) => completeBatch(database.pool, id, [], batchAudit(id), key)),
    );
    const winner = answers[0] === true ? one : two;
    expect(answers).toContain(true);
    expect(answers).toContainEqual({ id: winner, fingerprint: Buffer.from('the same items') });
    expect((await rows(`select id from batches where status = 'queued'`)).map(({ id }) => id)).toEqual([winner]);
  });

  describe('that end while something of them is retried', () => {
    let id: string;
    let invocation: string;
    beforeEach(async () => {
      id = await queued(2, { finishBy: new Date(Date.now() + 60_000) });
      await database.pool.query(`update invocations set status = 'failed', error = $1, finished_at = now()`, [
        JSON.stringify({ ...failure, code: 'unexpected-status' }),
      ]);
      await database.pool.query(`update batch_ranges set status = 'passed', failed = 2`);
      await database.pool.query(`update batches set finish_by = now() - interval '1 second'`);
      invocation = (await rows('select id from invocations order by id limit 1'))[0].id;
    });
    const retry = (pool = database.pool) =>
      retryInvocation(pool, invocation, { ...batchAudit(id), action: 'invocation.retried' as never });
    const reopened = { status: 'running', outcome: null, finished_at: null, finish_by: null };

    it('run on if that was first', async () => {
      await database.pool.query(`update batches set status = 'running'`);
      const [, finished] = await overlapping(
        (client) => retry(client as never),
        () => finishBatches(database.pool, id),
      );
      expect(finished).toEqual([]);
      expect(await batchRow(id)).toMatchObject(reopened);
    });

    it('run again if that was second, with no deadline that is over', async () => {
      const [finished] = await overlapping(
        (client) => finishBatches(client as never, id),
        () => retry(),
      );
      expect(finished).toEqual([id]);
      expect(await batchRow(id)).toMatchObject(reopened);
    });
  });

  async function claimedRange(id: string) {
    const [ring] = await takeRanges(database.pool, { batch: id, window: 4, limit: 10 });
    if (ring === undefined) throw new Error('there is no range to ring for');
    return ring;
  }

  it('let go of a range without what is being sent of the leftovers', async () => {
    const id = await queued(2);
    const ring = await claimedRange(id);
    const taken = await takeRange(database.pool, worker, ring);
    await claimOfRange(
      database.pool,
      worker,
      { batch: id, number: 0, ...(taken as { firstId: string; lastId: string }) },
      2,
    );
    await database.pool.query(
      `update invocations set due_at = now() where id = (select id from invocations order by id limit 1)`,
    );
    await abandonHold(database.pool, worker, id, 0);
    expect(await rows('select status from invocations order by id')).toEqual([
      { status: 'running' },
      { status: 'retrying' },
    ]);
  });

  it('give what was cut off when the worker stopped to the leftovers', async () => {
    const id = await queued(1);
    const ring = await claimedRange(id);
    const stopping = new AbortController();
    const nothing = async () => null as never;
    const passes = openPasses(
      {
        pool: database.pool,
        batchRinger: { ranges: async () => 0, dueIn: () => undefined },
        configurations: { get: async () => null },
      } as never,
      {
        worker,
        run: {
          execute: async () => {
            stopping.abort();
            throw new Interrupted();
          },
          noteCancelled: nothing,
          record: nothing,
          giveBack: nothing,
          putOff: nothing,
          log: { debug: () => undefined, info: () => undefined, error: () => undefined },
        },
        shares: { take: async () => ({ release: () => undefined }) },
        permits: { take: async () => ({ granted: 1, waitMs: null }), giveBack: () => undefined },
        stopping: stopping.signal,
      },
    );
    await expect(passes.pass(ring, () => undefined)).rejects.toThrow('The worker stops');
    expect(await rows('select status, worker, due_at is not null as due from invocations')).toEqual([
      { status: 'retrying', worker: null, due: true },
    ]);
    expect(await rows('select status, worker from batch_ranges')).toEqual([{ status: 'waiting', worker: null }]);
  });

  it('that come slowly are not given up while somebody says that they come', async () => {
    const id = await receiving(1);
    await database.pool.query(`update batches set received_at = now() - interval '61 seconds'`);
    expect(await abandonedBatches(database.pool, 60_000)).toEqual([id]);
    await touchBatch(database.pool, id);
    expect(await abandonedBatches(database.pool, 60_000)).toEqual([]);
    await discardBatch(database.pool, id);
    await expect(appendRows(database.pool, id, 1, [], 0)).rejects.toMatchObject({ kind: 'conflict' });
  });
});
