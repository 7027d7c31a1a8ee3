import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { upkeepOnce } from '../../../src/app/upkeep.ts';
import { recordSettled } from '../../../src/store/endings.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { uuidFloor } from '../../../src/store/uuid-floor.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

const dayMs = 86_400_000;
const worker = '0199a0c4-7c2e-7c55-8d0e-3f5f5b7f2a10';

describe('contract §2: what is past its retention', () => {
  let database: TestDatabase;
  const never = new AbortController().signal;
  const retention = { days: 90, bytesDays: 30, auditDays: 2_555 };
  const secretKeys = [{ id: 'k1', key: randomBytes(32) }];
  const log = { info: vi.fn(), warn: vi.fn(), debug: vi.fn(), error: vi.fn() };

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    vi.clearAllMocks();
    await database.pool.query('truncate invocations, attempts, batches, batch_ranges, blobs, latest_results');
    // The month of half a year ago, which a running installation still has from then.
    await database.pool.query(`
      do $$ declare first timestamptz := date_trunc('month', now() at time zone 'UTC' - interval '6 months') at time zone 'UTC';
        parent text; name text;
      begin
        foreach parent in array array['invocations', 'attempts'] loop
          name := parent || to_char(first at time zone 'UTC', '_YYYY_MM');
          if to_regclass(name) is null then
            execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent, errand_uuid_floor(first),
              errand_uuid_floor((first at time zone 'UTC' + interval '1 month') at time zone 'UTC'));
          end if;
        end loop;
      end $$`);
  });

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const partitions = async () =>
    (
      await rows(`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'invocations'::regclass`)
    ).map(({ name }) => name);
  const halfAYearAgo = () => {
    const now = new Date();
    return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 6, 10);
  };
  const idOf = (at: number) =>
    uuidFloor(at).slice(0, 19) + uuidFloor(at).slice(19, 24) + randomBytes(6).toString('hex');

  /** An invocation with an attempt, as it was left so long ago. */
  async function insert(at: number, finished: number | null, status = 'succeeded'): Promise<string> {
    const id = idOf(at);
    await insertInvocations(database.pool, [newInvocation({ id, tokens: { InvoiceNumber: id } })]);
    await rows(`update invocations set status = $2, finished_at = $3, created_at = $4 where id = $1`, [
      id,
      status,
      finished === null ? null : new Date(finished),
      new Date(at),
    ]);
    await rows(
      `insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms, outcome, sent)
       values ($1, 1, 1, 1, $2, 5, 'retryable', true)`,
      [id, new Date(at)],
    );
    return id;
  }
  const run = () => upkeepOnce({ pool: database.pool, secretKeys, retention, log: log as never }, never);
  const kept = async () => ({
    invocations: (await rows('select id from invocations order by id')).map(({ id }) => id),
    attempts: (await rows('select invocation from attempts order by invocation')).map(({ invocation }) => invocation),
  });

  it('goes with its month, but not what is open or ended lately', async () => {
    const at = halfAYearAgo();
    await insert(at, at + 1_000);
    const open = await insert(at, null, 'retrying');
    const retried = await insert(at, Date.now() - 10 * dayMs);
    const young = await insert(Date.now() - dayMs, Date.now() - dayMs);
    const before = await partitions();
    await run();
    const left = [open, retried, young].sort();
    expect(await kept()).toEqual({ invocations: left, attempts: left });
    expect(before.length - (await partitions()).length).toBe(1);
    expect(await rows('select id from invocations_default order by id')).toEqual(
      [open, retried].sort().map((id) => ({ id })),
    );
    expect(log.warn).not.toHaveBeenCalled();
    // Open ones go on where they are now; what has ended long ago by then goes from there, too.
    await rows(`update invocations set status = 'failed', finished_at = now() - interval '100 days' where id = $1`, [
      open,
    ]);
    await run();
    const last = [retried, young].sort();
    expect(await kept()).toEqual({ invocations: last, attempts: last });
  });

  it('takes portal sessions with it a day after they are over', async () => {
    await rows(`insert into portal_sessions (id, account, role, ticket_hash, key_id, created_by, open_before, expires_at)
      select gen_random_uuid(), name, 'configurer', name::bytea, 'bootstrap', '{}', now(), now() - age
      from (values ('over', interval '25 hours'), ('just over', interval '23 hours'), ('open', interval '-1 hour')) as t(name, age)`);
    await run();
    expect(await rows('select account from portal_sessions order by account')).toEqual([
      { account: 'just over' },
      { account: 'open' },
    ]);
  });

  it('can still be claimed and recorded after it was moved', async () => {
    const open = await insert(halfAYearAgo(), null, 'queued');
    await rows('update invocations set due_at = now() where id = $1', [open]);
    await run();
    const [claimed] = await claimInvocations(database.pool, worker, [open]);
    if (claimed === undefined) throw new Error('It was not claimed');
    await rows('delete from attempts where invocation = $1', [open]);
    const recorded = await recordSettled(database.pool, worker, [settled(claimed)], []);
    expect(recorded.get(open)).toMatchObject({ outcome: 'recorded' });
    expect(await rows('select status from invocations')).toEqual([{ status: 'succeeded' }]);
  });

  it('waits for the next time while somebody uses the tables, and says so', async () => {
    await insert(halfAYearAgo(), halfAYearAgo());
    const before = await partitions();
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query('select count(*) from invocations');
      await run();
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect(log.warn.mock.calls).toMatchObject([['upkeep.failed', { part: 'months' }, expect.stringContaining('busy')]]);
    expect(await partitions()).toEqual(before);
    await run();
    expect(await kept()).toEqual({ invocations: [], attempts: [] });
  });

  it('is kept where it is a month that is made anew whenever it is missing', async () => {
    const lastMonth = new Date();
    lastMonth.setUTCDate(0);
    const id = await insert(lastMonth.getTime(), lastMonth.getTime());
    await upkeepOnce(
      { pool: database.pool, secretKeys, retention: { ...retention, days: 1 }, log: log as never },
      never,
    );
    expect((await kept()).invocations).toEqual([id]);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('are minutes of the statistics after three days, and their hours and days with the invocations', async () => {
    await rows(`insert into statistics (width, at, integration, command, lane, succeeded, failed, absent, attempts, retried, durations, by_code)
      select width, now() - days * interval '1 day', 'acme', 'GetInvoiceImage', 'batch', 1, 0, 0, 1, 0, '{}', '{}'
      from (values ('minute', 2), ('minute', 4), ('hour', 4), ('hour', 89), ('hour', 91), ('day', 89), ('day', 91)) t(width, days)`);
    await run();
    const days = `round(extract(epoch from now() - at) / 86400)::int as days`;
    expect(await rows(`select width, ${days} from statistics order by 1, 2`)).toEqual([
      { width: 'day', days: 89 },
      { width: 'hour', days: 4 },
      { width: 'hour', days: 89 },
      { width: 'minute', days: 2 },
    ]);
  });

  it('are batches without invocations, after their own', async () => {
    const batch = (id: string, finished: string) =>
      rows(
        `insert into batches (id, account, integration, command, status, created_by, finished_at, first_id, last_id)
         values ($1, 'default', 'acme', 'GetInvoiceImage', 'finished', '{}', now() - $2::interval, $1, $1)`,
        [id, finished],
      );
    const [old, young] = [idOf(halfAYearAgo()), idOf(Date.now())];
    await batch(old, '100 days');
    await batch(young, '80 days');
    await rows('insert into batch_ranges (batch, number, first_id, last_id, size) values ($1, 0, $1, $1, 1)', [old]);
    await run();
    expect(await rows('select id from batches')).toEqual([{ id: young }]);
    expect(await rows('select batch from batch_ranges')).toEqual([]);
  });

  it('are bytes that nobody saw for long, but for the newest good ones', async () => {
    const bytes = (text: string) => createHash('sha256').update(text).digest();
    const blob = (text: string, daysAgo: number) =>
      rows('insert into blobs (sha256, bytes, seen_on) values ($1, $2, current_date - $3::int)', [
        bytes(text),
        Buffer.from(text),
        daysAgo,
      ]);
    for (let number = 0; number < 450; number += 1) await blob(`old ${number}`, 31);
    await blob('seen lately', 29);
    await blob('newest', 300);
    await rows(
      `insert into latest_results (integration, command, fingerprint, invocation, attempt, sha256, command_version, configuration_version, at)
       values ('acme', 'GetInvoiceImage', '\\x01', $1, 1, $2, 1, 1, now())`,
      [worker, bytes('newest')],
    );
    await run();
    const left = (await rows(`select convert_from(bytes, 'UTF8') as text from blobs order by text`)).map(
      ({ text }) => text,
    );
    expect(left).toEqual(['newest', 'seen lately']);
    expect(log.info).toHaveBeenCalledWith(
      'upkeep.done',
      { removed: expect.objectContaining({ bytes: 450 }) },
      expect.any(String),
    );
  });

  it('are not bytes that a result refers to at the same time', async () => {
    const text = 'an old invoice, the same again';
    const sha256 = createHash('sha256').update(text).digest();
    await rows(`insert into blobs (sha256, bytes, seen_on) values ($1, $2, current_date - 40)`, [
      sha256,
      Buffer.from(text),
    ]);
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query('update blobs set seen_on = current_date where sha256 = $1', [sha256]);
      await run();
      await client.query('commit');
    } finally {
      client.release();
    }
    await run();
    expect(await rows('select sha256 from blobs')).toEqual([{ sha256 }]);
  });
});
