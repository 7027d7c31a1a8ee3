import { UUID, uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvocationFilter } from '../../../src/contract/invocation.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { pageInvocations } from '../../../src/store/invocation-pages.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

const minute = (count: number) => Date.parse('2026-11-24T02:00:00Z') + count * 60_000;
const iso = (count: number) => new Date(minute(count)).toISOString();

describe('contract §3: GET /v1/invocations', () => {
  let database: TestDatabase;
  /** By the minute in which it was made. */
  const names = ['one', 'two', 'three', 'four'];
  const ids = names.map((_, index) => UUID.fromFieldsV7(minute(index), 0, 0, index).toString());

  beforeAll(async () => {
    database = await createDatabase();
    const { pool } = database;
    await insertIntegration(pool, 'acme');
    await insertIntegration(pool, 'globex', 'other');
    const [one = '', two = '', three = '', four = ''] = ids;
    const made = [
      { id: one, lane: 'interactive', reference: 'click' },
      { id: two, command: 'LoginWithToken' },
      { id: three, integration: 'globex', account: 'other' },
      { id: four },
    ] as const;
    await insertInvocations(
      pool,
      made.map((each) => newInvocation(each)),
    );
    const worker = uuidv7();
    const { record } = createRecorder({
      pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    });
    const [claimed] = await claimInvocations(pool, worker, [four]);
    if (claimed === undefined) throw new Error('nothing was claimed');
    await record(
      settled(claimed, { status: 'failed', error: { code: 'timeout', message: 'late', side: 'customer-server' } }),
    );
  });
  afterAll(() => database.drop());

  const list = async (
    filter: InvocationFilter,
    accounts: '*' | string[] = '*',
    page = { limit: 50 } as { limit: number; cursor?: string },
  ) => {
    const { items, nextCursor } = await pageInvocations(database.pool, accounts, filter, page);
    return { found: items.map(({ id }) => names[ids.indexOf(id)]), nextCursor };
  };

  it.each<[InvocationFilter, string[]]>([
    [{}, ['four', 'three', 'two', 'one']],
    [{ account: 'other' }, ['three']],
    [{ integration: 'globex' }, ['three']],
    [{ command: 'LoginWithToken' }, ['two']],
    [{ status: 'failed' }, ['four']],
    [{ status: 'queued' }, ['three', 'two', 'one']],
    [{ lane: 'interactive' }, ['one']],
    [{ code: 'timeout' }, ['four']],
    [{ side: 'customer-server' }, ['four']],
    [{ side: 'credentials', code: 'timeout' }, []],
    [{ reference: 'click' }, ['one']],
    [{ since: iso(2) }, ['four', 'three']],
    [{ until: iso(2) }, ['two', 'one']],
    [{ since: iso(1), until: iso(3), integration: 'acme' }, ['two']],
    [{ code: 'timeout', lane: 'interactive' }, []],
    [{ httpStatus: 503 }, ['four']],
    [{ httpStatus: 503, code: 'timeout', integration: 'acme' }, ['four']],
    [{ httpStatus: 404 }, []],
    [{ httpStatus: 200 }, []],
  ])('finds by %j, newest first', async (filter, expected) => {
    expect((await list(filter)).found).toEqual(expected);
  });

  it('finds a success by a status that some command takes for one, and an open one by its last answer', async () => {
    const { pool } = database;
    const [id, retried] = [uuidv7(), uuidv7()];
    const answered = `insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms,
      outcome, sent, status) values ($1, $2, 1, 1, now(), 5, 'succeeded', true, $3)`;
    await insertInvocations(pool, [newInvocation({ id }), newInvocation({ id: retried })]);
    await pool.query(`update invocations set status = 'succeeded' where id = $1`, [id]);
    await pool.query(`update invocations set status = 'retrying', error = '{"code": "timeout"}' where id = $1`, [
      retried,
    ]);
    await pool.query(answered, [id, 1, 410]);
    await pool.query(answered, [retried, 1, 410]);
    await pool.query(answered, [retried, 2, 411]);
    const found = async (httpStatus: number) =>
      (await pageInvocations(pool, '*', { httpStatus }, { limit: 50 })).items.map((item) => item.id);
    const taking = (statuses: unknown[]) =>
      pool.query(
        `insert into command_versions (integration, name, version, definition, saved_by) values ($1, 'A', 1, $2, '{}')`,
        [`takes ${statuses}`, JSON.stringify({ accept: { statuses } })],
      );
    await taking(['2xx', 411]);
    expect(await found(410)).toEqual([]);
    expect(await found(411)).toEqual([retried]);
    await taking(['4xx']);
    expect(await found(410)).toEqual([id]);
    await pool.query('delete from invocations where id = any($1::uuid[])', [[id, retried]]);
    await pool.query('delete from attempts where invocation = any($1::uuid[])', [[id, retried]]);
  });

  it('shows nothing of other accounts, asked for or not', async () => {
    expect((await list({}, ['other'])).found).toEqual(['three']);
    expect((await list({ account: 'default' }, ['other'])).found).toEqual([]);
  });

  it('pages from where the last page ended', async () => {
    const first = await list({}, '*', { limit: 3 });
    expect(first.found).toEqual(['four', 'three', 'two']);
    const last = await list({}, '*', { limit: 3, cursor: first.nextCursor ?? '' });
    expect(last).toEqual({ found: ['one'], nextCursor: null });
  });
});
