import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRecheck } from '../../../src/app/audit.ts';
import { system } from '../../../src/audit/entry.ts';
import type { Failure } from '../../../src/contract/errors.ts';
import { endpointEvents } from '../../../src/contract/notification.ts';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { finishBatches } from '../../../src/store/batch-endings.ts';
import { recordSettled } from '../../../src/store/endings.ts';
import { ensureFlow, weighAttempts } from '../../../src/store/flow.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { tellAuditBroken, tellFinishedRuns } from '../../../src/store/notifications.ts';
import { cancelInvocation, retryInvocation } from '../../../src/store/transitions.ts';
import { queuedBatch } from '../../support/batches.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';
import { buildNotifications } from '../../support/notifications.ts';
import { openAuditLog } from '../audit/audit-log.ts';

const url = 'https://billing.example.com/errand?key=1';
const cancelled: Failure = { code: 'cancelled', message: 'Somebody cancelled it.', side: 'request' };
const failed: Failure = { code: 'unexpected-status', message: 'It answered 404.', side: 'customer-server' };

describe('contract §7: what is to be told is staged by the transaction that it tells of', () => {
  let database: TestDatabase;
  let notifications: ReturnType<typeof buildNotifications>;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    notifications = buildNotifications(database.pool);
  });
  afterAll(async () => {
    await notifications.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.pool.query(`truncate invocations, attempts, audit_log, integrations, integration_flow, batches, batch_ranges,
      notifications, notification_endpoints, run_endings, schedules`);
    await insertIntegration(database.pool, 'acme');
    await insertIntegration(database.pool, 'north', 'north');
  });

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  /** In the order of staging: ids of one millisecond have none. */
  const staged = () =>
    rows(
      'select event, account, subject_type, subject_id, url, target, endpoint, data from notifications order by ctid',
    );
  const audit = (id: string) => ({
    account: 'default',
    actor: system,
    action: 'invocation.cancelled' as const,
    subject: { type: 'invocation', id },
    details: {},
  });

  async function claimed(overrides: Parameters<typeof newInvocation>[0] = {}): Promise<Claimed> {
    const invocation = newInvocation({ callbackUrl: url, ...overrides });
    await insertInvocations(database.pool, [invocation]);
    const [row] = await claimInvocations(database.pool, worker, [invocation.id]);
    if (row === undefined) throw new Error('it was not claimed');
    return row;
  }
  const record = (...group: Settled[]) => recordSettled(database.pool, worker, group, []);

  describe('an invocation with a callbackUrl', () => {
    it('when it has succeeded, as it is then, with its attempts and its result', async () => {
      const row = await claimed({ reference: 'R1', idempotencyKey: 'K1' });
      await record(settled(row));
      const [callback, ...others] = await staged();
      expect(others).toEqual([]);
      expect(callback).toMatchObject({
        event: 'invocation.finished',
        account: 'default',
        subject_type: 'invocation',
        subject_id: row.id,
        url,
        target: 'host/billing.example.com',
        endpoint: null,
      });
      expect(callback.data).toMatchObject({
        id: row.id,
        status: 'succeeded',
        tokens: { InvoiceNumber: 'INV0000001' },
        reference: 'R1',
        idempotencyKey: 'K1',
        attempts: [{ number: 1, outcome: 'succeeded', status: 200, error: null, durationMs: 12 }],
        result: { status: 200, contentType: 'application/pdf', bytes: 5, unchanged: false },
        error: null,
      });
      expect(callback.data.finishedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
    });

    it('when it has failed or was cancelled, and again when a person has retried it', async () => {
      const row = await claimed();
      await record(settled(row, { status: 'failed', error: failed }));
      await retryInvocation(database.pool, row.id, audit(row.id));
      await cancelInvocation(database.pool, row.id, cancelled, audit(row.id));
      expect((await staged()).map(({ data }) => [data.status, data.error.code, data.attempts.length])).toEqual([
        ['failed', 'unexpected-status', 1],
        ['cancelled', 'cancelled', 1],
      ]);
    });

    it('not while it is retried, and not without a callbackUrl', async () => {
      await record(settled(await claimed(), { status: 'retrying', error: failed, delayMs: 1000 }));
      await record(settled(await claimed({ callbackUrl: null })));
      expect(await staged()).toEqual([]);
    });

    it('never shows a sensitive token', async () => {
      await record(settled(await claimed({ sealedTokens: 'v1.k1.sealed' })));
      expect(JSON.stringify(await staged())).not.toContain('sealed"');
    });

    it('not by a statement that is rolled back', async () => {
      const row = await claimed();
      const connection = await database.pool.connect();
      try {
        await connection.query('begin');
        await connection.query(`update invocations set status = 'failed', finished_at = now() where id = $1`, [row.id]);
        await connection.query('rollback');
      } finally {
        connection.release();
      }
      expect(await staged()).toEqual([]);
    });
  });

  describe('a batch', () => {
    const finish = async (id: string, counts = 'succeeded = size') => {
      await rows(`update batch_ranges set status = 'passed', ${counts} where batch = $1`, [id]);
      await finishBatches(database.pool, id);
    };
    const tell = () => tellFinishedRuns(database.pool, 0);
    const runs = async () => (await staged()).filter(({ event }) => event === 'run.finished');

    it('with a callbackUrl, and for whoever wants to be told, with its counts', async () => {
      const { id: endpoint } = await notifications.endpoint('https://ops.example.com/');
      const id = await queuedBatch(database.pool, 150, { callbackUrl: url });
      await finish(id, 'succeeded = size - 1, failed = 1');
      const told = await staged();
      expect(told.map((each) => [each.event, each.endpoint, each.url])).toEqual([
        ['batch.finished', null, url],
        ['batch.finished', endpoint, 'https://ops.example.com/'],
      ]);
      for (const { data } of told) {
        expect(data).toMatchObject({
          id,
          status: 'finished',
          outcome: 'partial',
          total: 150,
          succeeded: 148,
          failed: 2,
        });
      }
    });

    it('for those accounts only that an endpoint is for, and not for one that is disabled', async () => {
      const { id: north } = await notifications.endpoint('https://north.example.com/', { accounts: ['north'] });
      await notifications.endpoint('https://off.example.com/', { enabled: false });
      await finish(await queuedBatch(database.pool, 1));
      await finish(await queuedBatch(database.pool, 1, { account: 'north' }));
      expect((await staged()).map(({ endpoint, account }) => [endpoint, account])).toEqual([[north, 'north']]);
    });

    it('of a run: once for all of them, when the last has ended and no more came', async () => {
      const { id: all } = await notifications.endpoint('https://ops.example.com/', { events: ['run.finished'] });
      const { id: some } = await notifications.endpoint('https://n.example.com/', {
        events: ['run.finished'],
        accounts: ['north'],
      });
      const batches = await Promise.all(
        ['default', 'default', 'north'].map((account) => queuedBatch(database.pool, 2, { run: 'a night', account })),
      );
      await finish(batches[2] as string);
      await tell();
      expect((await runs()).map(({ endpoint }) => endpoint)).toEqual([some]);
      await finish(batches[0] as string);
      await tell();
      expect(await runs()).toHaveLength(1);
      await finish(batches[1] as string, 'failed = size');
      await tellFinishedRuns(database.pool, 60_000);
      expect(await runs()).toHaveLength(1);
      await tell();
      const [, last, ...others] = await runs();
      expect(others).toEqual([]);
      expect(last).toMatchObject({ endpoint: all, subject_id: 'a night' });
      expect(last.data).toMatchObject({ outcome: 'partial', batches: 3, total: 6, succeeded: 4, failed: 2 });
      await tell();
      expect(await runs()).toHaveLength(2);
    });
  });

  describe('an integration', () => {
    /** Five answers in a row that say the same of its endpoint, or one that says it is well. */
    async function answers(count: number, sign: 'gone' | 'well', ids: string[] = []): Promise<void> {
      await ensureFlow(database.pool, ['acme']);
      const group = Array.from({ length: count }, (_, index) => {
        const row = { ...settled({ ...claimedNow, id: ids[index] ?? uuidv7() }) };
        const error = sign === 'well' ? null : failed;
        return {
          ...row,
          attempt: { ...row.attempt, error },
          health: { sign, retryAfterMs: null },
        } as unknown as Settled;
      });
      await weighAttempts(database.pool, group);
    }
    const claimedNow = { integration: 'acme', account: 'default', claimedAt: Date.now() } as Claimed;

    it('that is held, and let go: once each for one hold', async () => {
      await notifications.endpoint('https://ops.example.com/', {
        events: ['integration.held', 'integration.released'],
      });
      const sign = 'refused' as never;
      await answers(5, sign);
      const [held, ...none] = await staged();
      expect(none).toEqual([]);
      expect(held).toMatchObject({ event: 'integration.held', subject_id: 'acme', account: 'default' });
      expect(held.data).toMatchObject({ integration: 'acme', name: 'acme', reason: failed, releasedAt: null });
      expect(Object.keys(held.data)).toEqual([
        'integration',
        'account',
        'name',
        'reason',
        'since',
        'nextProbeAt',
        'releasedAt',
      ]);
      // The same hold, written again.
      await rows(`update integration_flow set hold = null`);
      await rows(`update integration_flow set hold = $1`, [JSON.stringify(failed)]);
      expect(await staged()).toHaveLength(1);
      const probe = uuidv7();
      await rows('update integration_flow set probe = $1', [probe]);
      await answers(1, 'well', [probe]);
      const [, released] = await staged();
      expect(released).toMatchObject({ event: 'integration.released', subject_id: 'acme' });
      expect(released.data).toMatchObject({ since: held.data.since, nextProbeAt: null });
      expect(released.data.releasedAt).not.toBeNull();
      expect(released.data.reason).toEqual(failed);
    });

    it('but not one that is deleted while it is held', async () => {
      await notifications.endpoint('https://ops.example.com/', { events: ['integration.released'] });
      await answers(5, 'refused' as never);
      await rows('update integration_flow set hold = null, held_since = null');
      expect(await staged()).toEqual([]);
    });
  });

  describe('a schedule', () => {
    beforeEach(async () => {
      await notifications.endpoint('https://ops.example.com/', { events: ['schedule.missed'] });
      await rows(`insert into schedules (integration, name, command, cron, timezone, enabled, next_run_at, last_run_at)
        values ('acme', 'nightly', 'GetInvoiceImage', '0 2 * * *', 'UTC', true, now() - interval '10 minutes', null)`);
    });
    const change = (sql: string) => rows(`update schedules set ${sql}`);
    const why = async () => (await staged()).map(({ data }) => data.why);

    it('whose run was skipped, began late, or came to no batch', async () => {
      await change(
        `next_run_at = now() + interval '1 day', last_run_at = now(), last_outcome = 'skipped', last_reason = 'open'`,
      );
      await change(`next_run_at = now() - interval '2 minutes', last_outcome = null`);
      await change(`next_run_at = now() + interval '1 day', last_run_at = now(), last_outcome = 'running'`);
      await change(`last_outcome = 'failed', last_reason = 'no list'`);
      expect(await why()).toEqual(['skipped', 'late', 'failed']);
      expect((await staged())[0]).toMatchObject({ subject_type: 'schedule', subject_id: 'acme/nightly' });
    });

    it('not one that runs as it should, by its clock or by hand, or whose batch has failed', async () => {
      await change(`next_run_at = now() - interval '1 second'`);
      await change(`next_run_at = now() + interval '1 day', last_run_at = now(), last_outcome = 'running'`);
      await change(`last_outcome = 'failed', last_batch = gen_random_uuid()`);
      await change(`last_run_at = now(), last_outcome = 'running', last_batch = null`);
      expect(await why()).toEqual([]);
    });
  });

  describe('an audit log that does not hold', () => {
    it('is told once a day of each problem, to those who are for all accounts', async () => {
      const { id } = await notifications.endpoint('https://ops.example.com/', { events: [...endpointEvents] });
      const { id: north } = await notifications.endpoint('https://n.example.com/', { accounts: ['north'] });
      // As one is from before that was refused.
      await database.pool.query('update notification_endpoints set events = $2 where id = $1', [north, endpointEvents]);
      await tellAuditBroken(database.pool, 'seal 7 is gone');
      await tellAuditBroken(database.pool, 'seal 7 is gone');
      await tellAuditBroken(database.pool, 'seal 8 is gone');
      expect((await staged()).map(({ endpoint, data }) => [endpoint, data.problem])).toEqual([
        [id, 'seal 7 is gone'],
        [id, 'seal 8 is gone'],
      ]);
    });

    it('is found by the leader, who looks at the newest seals again', async () => {
      const log = await openAuditLog();
      const here = buildNotifications(log.database.pool);
      try {
        await log.sealedLog();
        await here.endpoint('https://ops.example.com/', { events: ['audit.broken'] });
        const recheck = openRecheck({ pool: log.database.pool, secretKeys: log.keys, log: silentLog });
        const { signal } = new AbortController();
        await recheck(signal);
        expect(await here.list()).toEqual([]);
        await log.rows(`update audit_log set subject_id = 'somebody else' where seq = 5`);
        await openRecheck({ pool: log.database.pool, secretKeys: log.keys, log: silentLog })(signal);
        expect(await here.list()).toMatchObject([{ event: 'audit.broken', account: null, status: 'pending' }]);
      } finally {
        await here.close();
        await log.drop();
      }
    });
  });
});
