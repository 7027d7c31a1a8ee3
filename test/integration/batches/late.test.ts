import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { rangeSize } from '../../../src/batches/batch.ts';
import { lookAfterBatches } from '../../../src/batches/look.ts';
import { finishBatches } from '../../../src/store/batch-endings.ts';
import { endLateRows, lateBatches, lateRows } from '../../../src/store/batch-late.ts';
import { claimOfRange, takeRange, takeRanges } from '../../../src/store/batch-ranges.ts';
import { queuedBatch } from '../../support/batches.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';

describe('contract §7: a batch whose finishBy is over', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query(
      'truncate invocations, attempts, audit_log, integrations, batches, batch_ranges, integration_flow, workers',
    );
    await insertIntegration(database.pool, 'acme');
    late.length = 0;
  });

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;

  const lateBatch = (count: number) =>
    queuedBatch(database.pool, count, { finishBy: new Date(Date.now() + 3_600_000) });
  const over = (id: string) => rows(`update batches set finish_by = now() - interval '1 minute' where id = $1`, [id]);

  /** What was told to the statistics. */
  const late: { integration: string; command: string; seenAt: Date; count: number }[] = [];

  /** The leader's look, as far as it concerns late batches. */
  async function look(): Promise<void> {
    const warn = vi.fn();
    const none = async () => 0;
    await lookAfterBatches(
      {
        ringer: { ranges: none, sweeps: none, dueIn: () => undefined },
        store: {
          freeFromSilent: none,
          overdueRanges: async () => [],
          unringRanges: async () => undefined,
          nextRangeInMs: async () => null,
          nextLeftoverInMs: async () => null,
          finish: (batch) => finishBatches(database.pool, batch),
          abandoned: async () => [],
          discard: async () => undefined,
          lateBatches: (limit) => lateBatches(database.pool, limit),
          lateRows: (batch, limit) => lateRows(database.pool, batch, limit),
          endLateRows: (batch, late) => endLateRows(database.pool, batch, late),
          unfinishedCancellations: async () => [],
          cancelRows: async () => false,
        },
        lost: async () => [],
        onLate: ({ integration, command, seenAt }, count) => late.push({ integration, command, seenAt, count }),
        silentForMs: 10_000,
        log: { info: vi.fn(), warn },
      },
      true,
    );
    expect(warn).not.toHaveBeenCalled();
  }

  it('ends although Errand holds its integration, and says why nothing was sent', async () => {
    const id = await lateBatch(12 * rangeSize + 5);
    await rows(`update invocations set status = 'retrying', tried = 1, due_at = now() + interval '1 hour',
      error = '{"code": "timeout", "message": "No answer within 20 s.", "side": "customer-server"}'
      where tokens->>'InvoiceNumber' in ('INV3', 'INV700')`);
    const hold = { code: 'unexpected-status', message: 'The server answered 401.', side: 'credentials' };
    await rows(`insert into integration_flow (integration, hold) values ('acme', $1)`, [hold]);
    await look();
    expect(await rows('select distinct status from invocations order by status')).toHaveLength(2);
    await over(id);
    await look();
    expect(await rows('select status, outcome from batches')).toEqual([{ status: 'finished', outcome: 'failed' }]);
    expect(late.reduce((sum, { count }) => sum + count, 0)).toBe(12 * rangeSize + 5);
    expect(late[0]).toMatchObject({ integration: 'acme', command: 'GetInvoiceImage', seenAt: expect.any(Date) });
    const errors = await rows('select distinct error from invocations order by error');
    expect(errors).toHaveLength(2);
    for (const { error } of errors) {
      expect(error).toMatchObject({ code: 'deadline-exceeded', side: 'credentials', cause: 'unexpected-status' });
      expect(error.message).toMatch(
        /^The deadline of its batch \(.+Z\) was over before the (first|next) attempt could begin\. Errand held its integration, because of unexpected-status: The server answered 401\.$/,
      );
    }
    expect(
      await rows('select sum(failed)::int as failed, array_agg(distinct status) as statuses from batch_ranges'),
    ).toEqual([{ failed: 12 * rangeSize + 5, statuses: ['passed'] }]);
  });

  it.each([
    [
      'a person paused its integration',
      `update integrations set status = 'paused'`,
      {
        side: 'configuration',
        cause: 'integration-paused',
        message: expect.stringMatching(/begin\. Its integration was paused\.$/),
      },
    ],
    [
      'its integration has rates',
      `update integrations set limits = '{"rates": [{"count": 1, "perSeconds": 60}]}'`,
      { side: 'configuration', cause: 'rate-limited', message: expect.stringContaining('limits.rates') },
    ],
    [
      'its turn did not come',
      `update integrations set status = 'active'`,
      { side: 'errand', message: expect.stringMatching(/begin\.$/) },
    ],
  ])('says so where %s', async (_, configured, error) => {
    const id = await lateBatch(2);
    await rows(configured);
    await over(id);
    await look();
    expect(await rows('select distinct error from invocations')).toEqual([
      { error: { code: 'deadline-exceeded', ...error } },
    ]);
  });

  it('leaves to a worker what the worker has in hand', async () => {
    const id = await lateBatch(rangeSize + 20);
    const [first] = await takeRanges(database.pool, { batch: id, window: 1, limit: 10 });
    if (first === undefined) throw new Error('No range was rung for');
    const taken = await takeRange(database.pool, worker, first);
    if (taken === null) throw new Error('The range was not taken');
    const claimed = await claimOfRange(database.pool, worker, { ...first, ...taken }, 5);
    await over(id);
    await look();
    expect(await rows('select status, count(*)::int from invocations group by status order by status')).toEqual([
      { status: 'failed', count: 20 },
      { status: 'queued', count: rangeSize - 5 },
      { status: 'running', count: 5 },
    ]);
    // What it claimed but did not begin with is not ended under its hands either.
    const own = claimed.map((row) => ({
      id: row.id,
      error: { code: 'cancelled', message: '', side: 'errand' } as const,
    }));
    expect(await endLateRows(database.pool, id, own)).toBe(0);
    expect(await rows('select status from batches')).toEqual([{ status: 'running' }]);
  });
});
