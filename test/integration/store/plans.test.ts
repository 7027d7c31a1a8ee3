import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedriveFilter } from '../../../src/invocations/redrive.ts';
import { spanOf } from '../../../src/statistics/read.ts';
import { createAuditStore } from '../../../src/store/audit.ts';
import { finishBatches, unfinishedCancellations } from '../../../src/store/batch-endings.ts';
import { freeBatchesFromSilentWorkers } from '../../../src/store/batch-freeing.ts';
import { lateBatches, lateRows } from '../../../src/store/batch-late.ts';
import { nextRangeInMs, overdueRanges, takeRanges } from '../../../src/store/batch-ranges.ts';
import { countByCode, missingOf } from '../../../src/store/batch-reports.ts';
import { nextLeftoverInMs, takeSweeps } from '../../../src/store/batch-sweeps.ts';
import { abandonedBatches, findBatch, pageBatches } from '../../../src/store/batches.ts';
import { nextDueInMs, overdueRung, takeDue, takeDueOf, takeProbes } from '../../../src/store/due.ts';
import { pageIntegrations } from '../../../src/store/integrations.ts';
import { attemptsOf, findInvocation, pageInvocations } from '../../../src/store/invocation-pages.ts';
import { claimInvocations, statusesOf } from '../../../src/store/invocations.ts';
import { laneStates } from '../../../src/store/lane-states.ts';
import { findLatest } from '../../../src/store/latest-results.ts';
import { newestInvocations } from '../../../src/store/newest-invocations.ts';
import { lastTried, newestCallback } from '../../../src/store/notification-pages.ts';
import { createProblemStore } from '../../../src/store/problem-groups.ts';
import { countRedrivable } from '../../../src/store/redrive.ts';
import { cleanBlobs, cleanDays, cleanHours, cleanMinutes } from '../../../src/store/retention.ts';
import { createScheduleStore } from '../../../src/store/schedules.ts';
import { sumStatistics } from '../../../src/store/statistics.ts';
import { freeFromSilentWorkers, freeOrphans } from '../../../src/store/workers.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';

const month = new Date().toISOString().slice(0, 7).replace('-', '_');
/** Of these nothing may be read from one end to the other. */
const large = [
  `invocations_${month}`,
  `attempts_${month}`,
  `audit_log_${month}`,
  'batch_ranges',
  'latest_results',
  'blobs',
  'statistics',
  'notifications',
];
const count = 60_000;
const batch = '0199a0c4-7c2e-7c55-8d0e-3f5f5b7f2a10';
const worker = '0199a0c4-7c2e-7c55-8d0e-3f5f5b7f2a11';
const endpoint = '0199a0c4-7c2e-7c55-8d0e-3f5f5b7f2a12';

/**
 * An installation with much behind it. The times lie an hour back, the ids in this month.
 */
const fill = `
insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version, batch,
  batch_range, error, finished_at, reference, due_at, worker, attempt)
select errand_uuid_v7(), 'account ' || n % 20, 'integration ' || n % 400, 'GetInvoiceImage', 'batch',
  case when n % 600 = 0 then 'running' when n % 601 = 0 then 'retrying' when n % 50 = 0 then 'failed' else 'succeeded' end,
  '{"InvoiceNumber": "INV1"}', sha256(n::text::bytea), 1, case when n % 3 = 0 then '${batch}'::uuid end, case when n % 3 = 0 then n / 300 end,
  case when n % 50 = 0 then '{"code": "timeout", "message": "late", "side": "customer-server"}'::jsonb end,
  case when n % 600 > 0 and n % 601 > 0 then now() - interval '1 hour' end, 'reference ' || n,
  case when n % 601 = 0 or n % 600 = 0 then now() + interval '1 hour' end, case when n % 600 = 0 then '${worker}'::uuid end, 1
from generate_series(1, ${count}) n;
insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms, outcome, sent)
select id, 1, 1, 1, now() - interval '1 hour', 20, 'succeeded', true from invocations;
insert into audit_log (id, account, actor_type, actor_id, action, subject_type, subject_id, details)
select errand_uuid_v7(), account, 'worker', 'w', 'invocation.succeeded', 'invocation', id::text, '{}' from invocations;
insert into blobs (sha256, bytes, seen_on) select fingerprint, 'x', current_date - 10 from invocations;
insert into latest_results (integration, command, fingerprint, invocation, attempt, sha256, command_version, configuration_version, at)
select integration, command, fingerprint, id, 1, fingerprint, 1, 1, now() from invocations;
insert into integrations (id, account, name, type, status, limits)
select 'integration ' || n, 'account ' || n % 20, 'name', 'custom', 'active', '{}' from generate_series(0, 399) n;
insert into statistics (width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations, by_code)
select w, date_trunc('hour', now()) - n / 10 * interval '1 hour', 'integration ' || n % 400, 'GetInvoiceImage ' || n % 10, 'batch', 1, 0, 0,
  1, 0, '{}', '{}' from unnest(array['minute', 'hour', 'day']) w cross join generate_series(1, 20000) n;
insert into batches (id, account, integration, command, status, total, created_by, first_id, last_id, run)
select '${batch}', 'account 1', 'integration 1', 'GetInvoiceImage', 'running', ${count} / 3, '{}', min(id::text)::uuid, max(id::text)::uuid, 'night'
from invocations where batch = '${batch}';
insert into batches (id, account, integration, command, status, total, created_by, run, finished_at)
select errand_uuid_v7(), 'account 1', 'integration ' || n % 400, 'GetInvoiceImage', 'finished', 1, '{}', 'night ' || n / 400, now()
from generate_series(1, 4000) n;
insert into batch_ranges (batch, number, first_id, last_id, size, status)
select batch, batch_range, min(id::text)::uuid, max(id::text)::uuid, count(*), 'passed' from invocations where batch is not null group by 1, 2;
insert into batch_ranges (batch, number, first_id, last_id, size, status)
select b.id, n, b.id, b.id, 100, 'passed' from batches b cross join generate_series(0, 10) n where b.finished_at is not null;
insert into notifications (id, accounts, event, account, subject_type, subject_id, url, target, data, status, due_at)
select errand_uuid_v7(), array[account], 'invocation.finished', account, 'invocation', id::text, 'https://billing.example.com/', 'host/x',
  '{}', 'delivered', null from invocations where finished_at is not null limit 20000;
insert into notifications (id, endpoint, accounts, event, subject_type, subject_id, url, target, data, status, due_at, last_attempt_at)
select errand_uuid_v7(), '${endpoint}', '{*}', 'batch.finished', 'batch', n::text, 'https://ops.example.com/', 'endpoint/${endpoint}',
  '{}', 'delivered', null, now() from generate_series(1, 20000) n;
analyze`;

type Plan = {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
  'Actual Rows'?: number;
  'Index Name'?: string;
};

function indexesOf(plan: Plan): string[] {
  const own = plan['Index Name'];
  return [...(own === undefined ? [] : [own]), ...(plan.Plans ?? []).flatMap(indexesOf)];
}

function readWhole(plan: Plan): string[] {
  const own = plan['Relation Name'];
  const whole = plan['Node Type'] === 'Seq Scan' && own !== undefined && large.includes(own) ? [own] : [];
  return [...whole, ...(plan.Plans ?? []).flatMap(readWhole)];
}

describe('contract §3, §7: with ten thousands of rows behind it, and as many as will come', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    await database.pool.query(fill);
  }, 120_000);
  afterAll(() => database?.drop());

  /**
   * Asks for the plan of each statement instead of running it: of a named one, the plan that is kept.
   *
   * @param rows what each is answered with
   */
  function planning(found: { sql: string; whole: string[]; indexes: string[] }[], rows: object[] = []): Pool {
    let seqscan = 'on';
    const query = async (given: string | { text: string; values?: unknown[]; name?: string }, values?: unknown[]) => {
      const { text, name } = typeof given === 'string' ? { text: given, name: undefined } : given;
      if (text === 'set local enable_seqscan = off') seqscan = 'off';
      if (/^(?:begin|commit|rollback|set local .*)$/.test(text)) return { rows: [], rowCount: 0 };
      const bound = (typeof given === 'string' ? values : given.values) ?? [];
      const client = await database.pool.connect();
      try {
        await client.query(`set plan_cache_mode = ${name === undefined ? 'force_custom_plan' : 'force_generic_plan'}`);
        await client.query(`set enable_seqscan = ${seqscan}`);
        const explained = await client.query({ text: `explain (format json) ${text}`, values: bound });
        const [{ Plan }] = explained.rows[0]['QUERY PLAN'] as [{ Plan: Plan }];
        found.push({ sql: text, whole: readWhole(Plan), indexes: indexesOf(Plan) });
      } finally {
        await client.query('reset enable_seqscan');
        client.release();
      }
      return { rows, rowCount: rows.length };
    };
    const connection = { query, on: () => undefined, off: () => undefined, release: () => undefined };
    return { query, connect: async () => connection } as unknown as Pool;
  }

  const id = uuidv7();
  const cursor = Buffer.from(id).toString('base64url');
  const page = { limit: 50, cursor };
  const now = Date.now();
  const hours = (bucket: 'hour' | 'all', days: number) =>
    spanOf({ bucket, since: new Date(now - days * 86_400_000).toISOString() }, now);
  const allProblems = { account: null, integration: null, kind: null, since: new Date(0) };
  const redrivable: RedriveFilter = {
    accounts: '*',
    statuses: ['failed'],
    integration: null,
    command: null,
    codes: null,
    side: null,
    ids: null,
    batch: null,
    run: null,
    since: null,
    until: new Date(),
  };
  const lists: Record<string, (pool: Pool) => Promise<unknown>> = {
    'an invocation': (pool) => findInvocation(pool, id),
    'its attempts': (pool) => attemptsOf(pool, [id, uuidv7()]),
    'its callback': (pool) => newestCallback(pool, 'invocation', id),
    'what was tried last for an endpoint': (pool) => lastTried(pool, '*', [endpoint]),
    'its status': (pool) => statusesOf(pool, [id]),
    'all invocations': (pool) => pageInvocations(pool, '*', {}, page),
    'invocations of an account': (pool) => pageInvocations(pool, ['account 1'], {}, page),
    'invocations of an integration': (pool) => pageInvocations(pool, '*', { integration: 'integration 7' }, page),
    'invocations of a batch': (pool) => pageInvocations(pool, '*', { batch }, page),
    'invocations by reference': (pool) => pageInvocations(pool, '*', { reference: 'reference 7' }, page),
    'failed invocations of an integration': (pool) =>
      pageInvocations(pool, '*', { integration: 'integration 7', status: 'failed', code: 'timeout' }, page),
    'invocations by the beginning of a value': (pool) => pageInvocations(pool, '*', { q: 'inv' }, page),
    'what is wrong': (pool) => createProblemStore(pool).find('*', allProblems),
    'what is wrong within an account': (pool) => createProblemStore(pool).find(['account 1'], allProblems),
    'all schedules': (pool) => createScheduleStore(pool).page('*', {}, { limit: 50 }),
    'integrations with what they show': (pool) => pageIntegrations(pool, '*', {}, { limit: 50 }),
    'what can be redriven': (pool) => countRedrivable(pool, redrivable, { after: null, limit: 10_000 }),
    'the newest invocations of a command': (pool) => newestInvocations(pool, 'integration 7', 'GetInvoiceImage', 20),
    'batches of an integration': (pool) => pageBatches(pool, '*', { integration: 'integration 7' }, page),
    'a batch': (pool) => findBatch(pool, batch),
    'a report by code': (pool) => countByCode(pool, [batch]),
    'what is missing of a batch': (pool) => missingOf(pool, batch, page),
    'the newest result': (pool) => findLatest(pool, 'integration 1', 'GetInvoiceImage', [Buffer.from('1')]),
    'how much there is to do': (pool) => laneStates(pool, '*'),
    'how much there is to do of an account': (pool) => laneStates(pool, ['account 1']),
    'what happened in a day': (pool) => sumStatistics(pool, '*', { bucket: 'hour' }, hours('hour', 1)),
    'what happened with an integration': (pool) =>
      sumStatistics(pool, '*', { bucket: 'all', integration: 'integration 7' }, hours('all', 90)),
    'what happened in an account': (pool) => sumStatistics(pool, ['account 1'], { bucket: 'hour' }, hours('hour', 1)),
    'the audit log': (pool) => createAuditStore(pool).page('*', {}, page),
    'the audit log of an account': (pool) => createAuditStore(pool).page(['account 1'], {}, page),
    'the audit log of an invocation': (pool) =>
      createAuditStore(pool).page('*', { subject: { type: 'invocation', id } }, page),
  };
  const sweeps: Record<string, (pool: Pool) => Promise<unknown>> = {
    'what is due': (pool) => takeDue(pool, 'batch', { perIntegration: 10, limit: 500 }),
    'what is due of an integration': (pool) => takeDueOf(pool, 'integration 7', 'batch', 25),
    probes: (pool) => takeProbes(pool, null, 100),
    'what was rung for long ago': (pool) => overdueRung(pool, 'batch', 10_000, 500),
    'what falls due next': (pool) => nextDueInMs(pool, 'batch', 5_000),
    'what silent workers hold': (pool) => freeFromSilentWorkers(pool, 10_000, 500),
    'what a worker does not know of': (pool) => freeOrphans(pool, worker, [id], 500),
    'a claim': (pool) => claimInvocations(pool, worker, [id]),
    ranges: (pool) => takeRanges(pool, { batch: null, window: 4, limit: 100 }),
    'ranges rung for long ago': (pool) => overdueRanges(pool, 10_000, 500),
    'the next range': (pool) => nextRangeInMs(pool, 5_000),
    leftovers: (pool) => takeSweeps(pool, { batch: null, lostAfterMs: 20_000, limit: 100 }),
    'the next leftover': (pool) => nextLeftoverInMs(pool, 5_000),
    'ranges that silent workers hold': (pool) => freeBatchesFromSilentWorkers(pool, 10_000, 500),
    'batches that have ended': (pool) => finishBatches(pool, null),
    'batches half-received': (pool) => abandonedBatches(pool, 60_000),
    'batches half-cancelled': (pool) => unfinishedCancellations(pool),
    'batches that are late': (pool) => lateBatches(pool, 10),
    'what waits in a late batch': (pool) => lateRows(pool, batch, 500),
    'old minutes': (pool) => cleanMinutes(pool, 3),
    'old hours': (pool) => cleanHours(pool, 90),
    'old days': (pool) => cleanDays(pool, 90),
    'old bytes': (pool) => cleanBlobs(pool, 30),
  };

  it.each(
    Object.entries({ ...lists, ...sweeps }),
  )('%s: no large table is read from one end to the other', async (_, ask) => {
    const found: Parameters<typeof planning>[0] = [];
    await ask(planning(found)).catch((error: unknown) => {
      // Some look at what was answered, and nothing was.
      if (!(error instanceof TypeError)) throw error;
    });
    expect(found.length).toBeGreaterThan(0);
    for (const { sql, whole } of found) expect(whole, sql).toEqual([]);
  });

  /** By the index of what failed, or of values, and by no other. */
  const failed: Record<string, (pool: Pool) => Promise<unknown>> = {
    'failed invocations': (pool) => pageInvocations(pool, '*', { status: 'failed' }, { limit: 50 }),
    'cancelled invocations': (pool) => pageInvocations(pool, '*', { status: 'cancelled' }, { limit: 50 }),
    'invocations by code': (pool) => pageInvocations(pool, '*', { code: 'tls-failed' }, { limit: 50 }),
    'invocations by whose move it is': (pool) => pageInvocations(pool, '*', { side: 'credentials' }, { limit: 50 }),
    'invocations by an answer that is no success': (pool) =>
      pageInvocations(pool, '*', { httpStatus: 404 }, { limit: 50 }),
    'what can be redriven': (pool) => countRedrivable(pool, redrivable, { after: null, limit: 10_000 }),
  };
  /** Those of the partitions. */
  const partsOf = async (index: string) => {
    const { rows } = await database.pool.query(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = '${index}'::regclass`,
    );
    return rows.map(({ name }) => name);
  };

  it.each(Object.entries(failed))('%s: only what failed is read', async (_, ask) => {
    const found: Parameters<typeof planning>[0] = [];
    await ask(planning(found, [{ id, taken: false, count: 0, last: null }]));
    const used = found.at(-1)?.indexes.filter((name) => name.startsWith(`invocations_${month}`));
    expect(used).toHaveLength(1);
    expect([...(await partsOf('invocations_failed')), ...(await partsOf('invocations_failed_by_kind'))]).toContain(
      used?.[0],
    );
  });

  it('by the beginning of a value: what lies behind the newest is found by its index', async () => {
    const found: Parameters<typeof planning>[0] = [];
    const last = uuidv7();
    for (const filter of [{}, { status: 'failed' }, { integration: 'integration 7', lane: 'batch' }] as const) {
      await pageInvocations(planning(found, [{ id: last }]), '*', { q: 'zz', ...filter }, { limit: 50 });
    }
    const searches = found.filter(({ sql }) => sql.includes('with found'));
    expect(searches).toHaveLength(3);
    const values = await partsOf('invocations_by_value');
    expect(searches[0]?.indexes.some((name) => values.includes(name))).toBe(true);
    for (const { whole, sql } of searches) expect(whole, sql).toEqual([]);
  });

  it('what runs of batches is looked for in the ranges that are taken', async () => {
    const found: Parameters<typeof planning>[0] = [];
    await laneStates(planning(found), '*');
    expect(found.flatMap(({ indexes }) => indexes)).toContain('batch_ranges_taken');
  });

  it('would be found out', async () => {
    const found: Parameters<typeof planning>[0] = [];
    await planning(found).query("select id from invocations where tokens->>'InvoiceNumber' = 'INV1'");
    expect(found[0]?.whole).toContain(`invocations_${month}`);
  });
});
