import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../../src/audit/entry.ts';
import type { KeyAccounts } from '../../../src/contract/api-key.ts';
import type { AuditAction } from '../../../src/contract/audit.ts';
import type { ErrorCode, Failure } from '../../../src/contract/errors.ts';
import type { RedriveBody } from '../../../src/contract/redrive.ts';
import { createCancel } from '../../../src/invocations/cancel.ts';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { createRedrive } from '../../../src/invocations/redrive.ts';
import { createRetry } from '../../../src/invocations/retry.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { nextDueInMs, overdueRung, takeDue, takeDueOf } from '../../../src/store/due.ts';
import { giveBack } from '../../../src/store/giving-back.ts';
import { findInvocation } from '../../../src/store/invocation-pages.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { countRedrivable, knowsBatches, redriveStep } from '../../../src/store/redrive.ts';
import {
  cancelInvocation,
  cancelledChannel,
  completeCancelled,
  retryInvocation,
} from '../../../src/store/transitions.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

const failure = (code: ErrorCode): Failure => ({ code, message: code, side: 'customer-server' });
const person = { type: 'key', id: 'key-1', name: 'a person' } as const;
const everyone = { actor: person, accounts: '*' as KeyAccounts };

describe('contract §3: what people do with invocations', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool, 'acme');
    await insertIntegration(database.pool, 'globex', 'other');
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query('truncate invocations, attempts, audit_log, idempotency_keys, latest_results');
    await database.pool.query(`update integrations set status = 'active', status_since = null`);
  });

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const insert = async (overrides: Parameters<typeof newInvocation>[0] = {}) => {
    const [enqueued] = await insertInvocations(database.pool, [newInvocation(overrides)]);
    if (enqueued === undefined) throw new Error('nothing was inserted');
    return enqueued.id;
  };
  const claim = async (id: string): Promise<Claimed> => {
    const [claimed] = await claimInvocations(database.pool, worker, [id]);
    if (claimed === undefined) throw new Error('nothing was claimed');
    return claimed;
  };
  const record = (one: Settled) =>
    createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    }).record(one);
  /** One that failed with this code, in its only attempt. */
  const failed = async (code: ErrorCode, overrides: Parameters<typeof newInvocation>[0] = {}, sent = true) => {
    const id = await insert(overrides);
    const one = settled(await claim(id), { status: 'failed', error: failure(code) });
    one.attempt.sent = sent;
    await record(one);
    return id;
  };
  const find = (id: string) => findInvocation(database.pool, id);
  const audit = (action: AuditAction, id: string) => ({
    account: 'default',
    actor: system,
    action,
    subject: { type: 'invocation', id },
    details: {},
  });

  describe('a retry', () => {
    const rung: string[] = [];
    const retry = createRetry({
      find,
      retry: (id, record) => retryInvocation(database.pool, id, record),
      ring: async (_lane, { invocation, generation }) => void rung.push(`${invocation}.${generation}`),
    });
    beforeEach(() => void rung.splice(0));

    it('begins attempts and deadline anew, goes on numbering, and rings with a new generation', async () => {
      const id = await failed('unexpected-status');
      await retry(everyone, id);
      expect(
        await rows(`select status, attempt, tried, crashes, error, finished_at, first_attempt_at, generation,
          due_at <= now() as due, rung_at is not null as rung from invocations`),
      ).toEqual([
        {
          status: 'queued',
          attempt: 1,
          tried: 0,
          crashes: 0,
          error: null,
          finished_at: null,
          first_attempt_at: null,
          generation: 2,
          due: true,
          rung: true,
        },
      ]);
      expect(rung).toEqual([`${id}.2`]);
      expect(await claim(id)).toMatchObject({ attempt: 2, tried: 1, keyNumber: 2 });
      const entries = await rows(`select actor_name, details from audit_log where action = 'invocation.retried'`);
      expect(entries).toEqual([
        {
          actor_name: 'a person',
          details: { integration: 'acme', command: 'GetInvoiceImage', was: 'failed', code: 'unexpected-status' },
        },
      ]);
    });

    it.each([
      ['unexpected-status', true, 2],
      ['unexpected-content', true, 2],
      ['absent', true, 2],
      ['render-failed', false, 2],
      ['timeout', true, 1],
      ['connect-failed', true, 1],
      ['protocol-error', true, 1],
    ] as const)('after %s (sent: %s) goes out under key %i', async (code, sent, keyNumber) => {
      const id = await failed(code, {}, sent);
      await retry(everyone, id);
      expect((await claim(id)).keyNumber).toBe(keyNumber);
    });

    it('keeps the key after a success, after what was never sent, and after an unknown outcome', async () => {
      const succeeded = await insert();
      await record(settled(await claim(succeeded)));
      const untried = await insert();
      const running = await insert();
      await claim(running);
      for (const id of [untried, running]) {
        await cancelInvocation(database.pool, id, failure('cancelled'), audit('invocation.cancelled', id));
      }
      for (const id of [succeeded, untried, running]) {
        await retry(everyone, id);
        expect((await claim(id)).keyNumber).toBe(1);
      }
    });

    it('keeps on each attempt which key it had', async () => {
      const id = await failed('unexpected-status');
      await retry(everyone, id);
      await record(settled(await claim(id)));
      expect(await rows('select number, key_number from attempts order by number')).toEqual([
        { number: 1, key_number: 1 },
        { number: 2, key_number: 2 },
      ]);
    });

    it('waits, if it is batch work of a paused integration', async () => {
      const batch = await failed('unexpected-status');
      const interactive = await failed('unexpected-status', { lane: 'interactive' });
      await database.pool.query(`update integrations set status = 'paused' where id = 'acme'`);
      await retry(everyone, batch);
      await retry(everyone, interactive);
      expect(rung).toEqual([`${interactive}.2`]);
      expect(await rows('select lane from invocations where rung_at is null')).toEqual([{ lane: 'batch' }]);
    });

    it('is refused for what is open, elsewhere, or not there', async () => {
      const queued = await insert();
      const running = await insert();
      await claim(running);
      for (const id of [queued, running]) {
        await expect(retry(everyone, id)).rejects.toMatchObject({ kind: 'conflict' });
      }
      const id = await failed('timeout');
      for (const [accounts, asked] of [
        [['other'], id],
        ['*', uuidv7()],
        ['*', 'nonsense'],
      ] as const) {
        await expect(retry({ actor: person, accounts: accounts as KeyAccounts }, asked)).rejects.toMatchObject({
          kind: 'not-found',
        });
      }
      expect(await rows(`select 1 from audit_log where action = 'invocation.retried'`)).toEqual([]);
    });

    it('happens once, however many ask at the same time', async () => {
      const id = await failed('unexpected-status');
      const outcomes = await Promise.allSettled([retry(everyone, id), retry(everyone, id), retry(everyone, id)]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await claim(id)).keyNumber).toBe(2);
    });
  });

  describe('a cancellation', () => {
    const cancel = createCancel({
      find,
      cancel: (id, error, record) => cancelInvocation(database.pool, id, error, record),
    });

    it('ends what waits at once; its job finds nothing left to do', async () => {
      const id = await insert();
      await cancel(everyone, id);
      expect(
        await rows('select status, due_at, rung_at, error, finished_at is not null as ended from invocations'),
      ).toEqual([
        {
          status: 'cancelled',
          due_at: null,
          rung_at: null,
          error: { code: 'cancelled', message: 'Cancelled by a person.', side: 'request' },
          ended: true,
        },
      ]);
      expect(await claimInvocations(database.pool, worker, [id])).toEqual([]);
      expect(await rows('select 1 from attempts')).toEqual([]);
    });

    it('of a running one keeps the attempt as unknown, tells the worker, and no late worker overwrites it', async () => {
      const listener = await database.pool.connect();
      const told: string[] = [];
      listener.on('notification', ({ payload }) => told.push(payload ?? ''));
      await listener.query(`listen ${cancelledChannel}`);
      const id = await insert();
      const claimed = await claim(id);
      await cancel(everyone, id);
      await listener.query('select 1');
      listener.release(true);
      expect(told).toEqual([`${id} 1`]);
      expect(await record(settled(claimed))).toBeNull();
      await giveBack(database.pool, worker, claimed, 0);
      await completeCancelled(database.pool, claimed, {
        commandVersion: 4,
        configurationVersion: 9,
        lastSyncAt: null,
        validators: null,
      });
      expect((await find(id))?.status).toBe('cancelled');
      expect(await rows('select number, outcome, sent, command_version, error from attempts')).toEqual([
        {
          number: 1,
          outcome: 'unknown',
          sent: true,
          command_version: 4,
          error: expect.objectContaining({ code: 'cancelled' }),
        },
      ]);
      const [entry] = await rows(`select actor_id, details from audit_log where action = 'invocation.cancelled'`);
      expect(entry).toMatchObject({ actor_id: 'key-1', details: { was: 'running' } });
    });

    it('is refused for what has ended or lies elsewhere', async () => {
      const id = await failed('timeout');
      await expect(cancel(everyone, id)).rejects.toMatchObject({ kind: 'conflict' });
      const open = await insert();
      await expect(cancel({ actor: person, accounts: ['other'] }, open)).rejects.toMatchObject({ kind: 'not-found' });
      expect((await find(open))?.status).toBe('queued');
    });
  });

  describe('a redrive', () => {
    const sizes: number[] = [];
    let rings: string[];
    beforeEach(() => {
      sizes.splice(0);
      rings = [];
    });
    const redriveIn = (step: number) =>
      createRedrive({
        knows: (filter) => knowsBatches(database.pool, filter),
        step: async (filter, after, _limit, record) => {
          const answer = await redriveStep(database.pool, filter, { after, limit: step }, record);
          sizes.push(answer.count);
          return answer;
        },
        count: (filter, after) => countRedrivable(database.pool, filter, { after, limit: step }),
        ringDue: async (lane) => rings.push(lane),
        newId: () => uuidv7(),
        now: Date.now,
      });
    const redrive = (body: RedriveBody, accounts: KeyAccounts = '*') => redriveIn(2)({ actor: person, accounts }, body);

    it('goes in steps, and writes how many of which account it moved', async () => {
      for (let index = 0; index < 4; index += 1) await failed('unexpected-status');
      await failed('timeout', { integration: 'globex', account: 'other' });
      await insert();
      expect(await redrive({ all: true, dryRun: true })).toEqual({ matched: 5, redriven: 0 });
      expect(await rows(`select 1 from invocations where status = 'queued'`)).toHaveLength(1);
      expect(await redrive({ all: true })).toEqual({ matched: 5, redriven: 5 });
      expect(sizes).toEqual([2, 2, 1]);
      expect(rings.sort()).toEqual(['batch', 'interactive']);
      expect(
        await rows(`select count(*)::int as n from invocations where status = 'queued' and rung_at is null`),
      ).toEqual([{ n: 5 }]);
      const entries =
        await rows(`select account, sum((details->>'redriven')::int)::int as n, count(distinct subject_id)::int as subjects
        from audit_log where action = 'invocations.redriven' group by account order by account`);
      expect(entries).toEqual([
        { account: 'default', n: 4, subjects: 1 },
        { account: 'other', n: 1, subjects: 1 },
      ]);
    });

    it('opens them as a retry does', async () => {
      const definite = await failed('unexpected-status');
      const open = await failed('timeout');
      await redrive({ all: true });
      expect(await claim(definite)).toMatchObject({ attempt: 2, tried: 1, keyNumber: 2 });
      expect(await claim(open)).toMatchObject({ keyNumber: 1 });
    });

    it('finds by each filter, all of them together, and within the accounts of the key', async () => {
      const status = await failed('unexpected-status', { command: 'LoginWithToken' });
      const timeout = await failed('timeout');
      const elsewhere = await failed('timeout', { integration: 'globex', account: 'other' });
      const cancelled = await insert();
      await cancelInvocation(database.pool, cancelled, failure('cancelled'), audit('invocation.cancelled', cancelled));
      const succeeded = await insert();
      await record(settled(await claim(succeeded)));
      const hour = 3_600_000;
      const cases: [RedriveBody, number, KeyAccounts?][] = [
        [{ all: true }, 3],
        [{ all: true }, 2, ['default']],
        [{ all: true }, 0, []],
        [{ integration: 'acme' }, 2],
        [{ integration: 'globex' }, 0, ['default']],
        [{ command: 'LoginWithToken' }, 1],
        [{ codes: ['timeout'] }, 2],
        [{ codes: ['timeout', 'unexpected-status'] }, 3],
        [{ codes: ['cancelled'] }, 1],
        [{ codes: ['timeout'], integration: 'acme' }, 1],
        [{ side: 'customer-server', command: 'LoginWithToken' }, 1],
        [{ side: 'credentials' }, 0],
        [{ ids: [status, cancelled, succeeded, uuidv7()] }, 2],
        [{ ids: [elsewhere] }, 0, ['default']],
        [{ since: new Date(Date.now() - hour).toISOString() }, 3],
        [{ since: new Date(Date.now() + hour).toISOString() }, 0],
        [{ until: new Date(Date.now() - hour).toISOString() }, 0],
        [{ ids: [timeout], codes: ['absent'] }, 0],
      ];
      for (const [body, matched, accounts = '*'] of cases) {
        expect([body, await redrive({ ...body, dryRun: true }, accounts)]).toEqual([body, { matched, redriven: 0 }]);
      }
      expect(await redrive({ codes: ['cancelled'] })).toEqual({ matched: 1, redriven: 1 });
      expect((await find(cancelled))?.status).toBe('queued');
      expect((await find(succeeded))?.status).toBe('succeeded');
    });

    it('says so where the batch or run is not there, or not for these accounts', async () => {
      const [batch, empty] = [uuidv7(), uuidv7()];
      await rows(
        `insert into batches (id, account, integration, command, status, total, created_by, run)
         values ($1, 'other', 'globex', 'GetInvoiceImage', 'finished', 0, '{}', 'night'),
           ($2, 'default', 'acme', 'GetInvoiceImage', 'finished', 0, '{}', 'morning')`,
        [batch, empty],
      );
      const none = { matched: 0, redriven: 0 };
      expect(await redrive({ batch })).toEqual(none);
      expect(await redrive({ run: 'night', dryRun: true })).toEqual(none);
      expect(await redrive({ run: 'morning', batch: empty }, ['default'])).toEqual(none);
      for (const [body, accounts] of [
        [{ batch: uuidv7() }, '*'],
        [{ run: 'noon' }, '*'],
        [{ run: 'morning', batch: uuidv7() }, '*'],
        [{ batch }, ['default']],
        [{ run: 'night', dryRun: true }, ['default']],
      ] as [RedriveBody, KeyAccounts][]) {
        await expect(redrive(body, accounts), JSON.stringify(body)).rejects.toMatchObject({ kind: 'not-found' });
      }
    });

    it('does not move the same rows twice when two run at the same time', async () => {
      for (let index = 0; index < 10; index += 1) await failed('unexpected-status');
      const answers = await Promise.all([redrive({ all: true }), redrive({ all: true })]);
      expect(answers.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(10);
      expect(await rows('select distinct key_number from invocations')).toEqual([{ key_number: 2 }]);
    });
  });

  describe('a pause', () => {
    const pause = (id: string) => database.pool.query(`update integrations set status = 'paused' where id = $1`, [id]);

    it('leaves batch work alone: neither rung for nor claimed; interactive work is', async () => {
      const batch = await insert();
      const interactive = await insert({ lane: 'interactive' });
      const other = await insert({ integration: 'globex' });
      await pause('acme');
      await database.pool.query('update invocations set rung_at = null');
      const bounds = { perIntegration: 10, limit: 10 };
      expect((await takeDue(database.pool, 'batch', bounds)).map(({ invocation }) => invocation)).toEqual([other]);
      expect(await takeDueOf(database.pool, 'acme', 'batch', 10)).toEqual([]);
      expect(await overdueRung(database.pool, 'batch', -60_000, 10)).toHaveLength(1);
      expect(await nextDueInMs(database.pool, 'batch', 10_000)).toBeNull();
      expect(await claimInvocations(database.pool, worker, [batch])).toEqual([]);
      expect((await takeDue(database.pool, 'interactive', bounds)).map(({ invocation }) => invocation)).toEqual([
        interactive,
      ]);
      expect(await claimInvocations(database.pool, worker, [interactive])).toHaveLength(1);
    });

    it('does not count towards the deadline: it begins anew on resuming', async () => {
      const id = await insert();
      await database.pool.query(`update invocations set first_attempt_at = now() - interval '1 day'`);
      await database.pool.query(`update integrations set status_since = now() where id = 'acme'`);
      const claimed = await claim(id);
      expect(claimed.claimedAt - claimed.firstAttemptAt).toBeLessThan(60_000);
    });
  });
});
