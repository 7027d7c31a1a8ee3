import type { Pool } from 'pg';
import { UUID } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyAccounts } from '../../../src/contract/api-key.ts';
import { createProblems } from '../../../src/invocations/problems.ts';
import { createProblemStore } from '../../../src/store/problem-groups.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';

const hour = 3_600_000;
const person = { type: 'key', id: 'key-1', name: 'a person' } as const;
const everyone = { actor: person, accounts: '*' as KeyAccounts };

type Row = {
  integration?: string;
  account?: string;
  command?: string;
  status?: string;
  code?: string;
  message?: string;
  /** How long ago it was made. */
  hours?: number;
  side?: string;
};

describe('contract §3: GET /v1/problems', () => {
  let database: TestDatabase;
  const at = Date.now();
  let made = 0;

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool, 'acme');
    await insertIntegration(database.pool, 'globex', 'other');
    await insertIntegration(database.pool, 'quiet');
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query('truncate invocations, audit_log, problem_acknowledgements, integration_flow');
    await database.pool.query('update integrations set deleted_at = null');
  });

  const problemsOn = (pool: Pool) =>
    createProblems({
      store: createProblemStore(pool),
      redactorOf: async () => (text) => text.replaceAll('a-secret', '***'),
      now: () => at,
    });
  const list = async (query: Parameters<ReturnType<typeof problemsOn>['list']>[1] = {}, accounts: KeyAccounts = '*') =>
    (await problemsOn(database.pool).list(accounts, query)).items;
  const brief = async (...asked: Parameters<typeof list>) =>
    (await list(...asked)).map(
      ({ integration, command, code, failed, retrying }) => `${integration} ${command} ${code} ${failed}+${retrying}`,
    );
  const acknowledge = (body: object = {}, accounts: KeyAccounts = '*') =>
    problemsOn(database.pool).acknowledge(
      { ...everyone, accounts },
      { integration: 'acme', command: 'GetInvoiceImage', code: 'timeout', ...body },
    );

  async function insert(row: Row = {}): Promise<string> {
    const { integration = 'acme', account = 'default', command = 'GetInvoiceImage', status = 'failed' } = row;
    const { code = 'timeout', message = 'late', hours = 1 } = row;
    made += 1;
    const created = at - hours * hour;
    const id = UUID.fromFieldsV7(created, 0, 0, made).toString();
    const error =
      status === 'succeeded' ? null : JSON.stringify({ code, message, side: row.side ?? 'customer-server' });
    await database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version,
         error, created_at, finished_at) values ($1, $2, $3, $4, 'batch', $5, '{}', 'f', 1, $6, $7, $8)`,
      [
        id,
        account,
        integration,
        command,
        status,
        error,
        new Date(created),
        status === 'failed' ? new Date(created) : null,
      ],
    );
    return id;
  }

  it('groups what failed or is retried by integration, command and code', async () => {
    await insert({ hours: 5, message: 'the oldest' });
    await insert({ hours: 4, status: 'retrying' });
    await insert({ hours: 3, status: 'running' });
    const newest = await insert({ hours: 2, message: 'the newest' });
    await insert({ command: 'LoginWithToken' });
    await insert({ code: 'unexpected-status' });
    await insert({ code: 'unexpected-status' });
    await insert({ integration: 'globex', account: 'other' });
    for (const row of [{ code: 'absent' }, { status: 'cancelled', code: 'cancelled' }, { status: 'succeeded' }]) {
      await insert(row);
    }
    await database.pool.query(
      `insert into integration_flow (integration, hold, held_since) values ('acme', '{"code": "timeout"}', now())`,
    );
    expect(await brief()).toEqual([
      'acme GetInvoiceImage timeout 2+2',
      'acme GetInvoiceImage unexpected-status 2+0',
      expect.stringContaining(' timeout 1+0'),
      expect.stringContaining(' timeout 1+0'),
    ]);
    expect((await list())[0]).toEqual({
      integration: 'acme',
      command: 'GetInvoiceImage',
      code: 'timeout',
      side: 'customer-server',
      message: 'the newest',
      failed: 2,
      retrying: 2,
      limited: false,
      since: new Date(at - 5 * hour).toISOString(),
      lastAt: new Date(at - 2 * hour).toISOString(),
      sample: newest,
      held: true,
      acknowledged: null,
    });
  });

  it('tells what is mended by different people apart, although the code is the same', async () => {
    const code = 'unexpected-status';
    for (const hours of [4, 3]) await insert({ code, hours, message: 'answered 404' });
    const refused = await insert({ code, hours: 5, side: 'credentials', message: 'answered 401' });
    expect(await list()).toMatchObject([
      {
        code,
        side: 'customer-server',
        failed: 2,
        message: 'answered 404',
        since: new Date(at - 4 * hour).toISOString(),
      },
      { code, side: 'credentials', failed: 1, message: 'answered 401', sample: refused },
    ]);
    await acknowledge({ code });
    await insert({ code, hours: -1, side: 'credentials', message: 'answered 401' });
    expect(await list()).toMatchObject([
      { side: 'credentials', failed: 2, acknowledged: null },
      { side: 'customer-server', acknowledged: { note: null } },
    ]);
  });

  it('keeps to what was asked for, and to the accounts of the key', async () => {
    await insert({ hours: 10 * 24 });
    await insert({ hours: 6 * 24 });
    await insert({ integration: 'globex', account: 'other', hours: 2 });
    const acme = 'acme GetInvoiceImage timeout 1+0';
    const globex = 'globex GetInvoiceImage timeout 1+0';
    expect(await brief()).toEqual([globex, acme]);
    expect(await brief({ since: new Date(at - 11 * 24 * hour).toISOString() })).toContain(
      'acme GetInvoiceImage timeout 2+0',
    );
    expect(await brief({ since: new Date(at - 3 * hour).toISOString() })).toEqual([globex]);
    expect(await brief({ integration: 'acme' })).toEqual([acme]);
    expect(await brief({ integration: 'quiet' })).toEqual([]);
    expect(await brief({ account: 'other' })).toEqual([globex]);
    expect(await brief({}, ['other'])).toEqual([globex]);
    expect(await brief({ integration: 'acme' }, ['other'])).toEqual([]);
    expect(await brief({ account: 'default' }, ['other'])).toEqual([]);
    await database.pool.query(`update integrations set deleted_at = now() where id = 'globex'`);
    expect(await brief()).toEqual([acme]);
  });

  it('remembers that somebody has seen it, until something newer fails so', async () => {
    await insert();
    await insert();
    await insert({ code: 'unexpected-status' });
    const seen = await acknowledge({ note: 'called them about a-secret' });
    const acknowledged = { at: expect.any(String), by: person, note: 'called them about ***' };
    expect(seen).toMatchObject({ failed: 2, acknowledged });
    expect(await brief()).toEqual(['acme GetInvoiceImage unexpected-status 1+0', 'acme GetInvoiceImage timeout 2+0']);
    // One that was there, and was retried, fails for good after that.
    const retrying = await insert({ status: 'retrying' });
    expect((await list())[1]?.acknowledged).toEqual(acknowledged);
    await database.pool.query(
      `update invocations set status = 'failed', finished_at = now() + interval '1 second' where id = $1`,
      [retrying],
    );
    expect((await list())[0]).toMatchObject({ failed: 3, acknowledged: null });
    await database.pool.query(`update problem_acknowledgements set at = now() + interval '2 seconds'`);
    expect((await list())[1]).toMatchObject({ acknowledged: { note: 'called them about ***' } });
    expect(await acknowledge({ acknowledged: false })).toMatchObject({ acknowledged: null });
    expect(await acknowledge({ acknowledged: false })).toMatchObject({ acknowledged: null });
    const { rows } = await database.pool.query(
      'select account, actor_id, action, subject_type, subject_id, details from audit_log order by at, id',
    );
    const about = {
      account: 'default',
      actor_id: 'key-1',
      subject_type: 'problem',
      subject_id: 'acme/GetInvoiceImage/timeout',
    };
    expect(rows).toEqual([
      {
        ...about,
        action: 'problem.acknowledged',
        details: { note: 'called them about ***', failed: 2, retrying: 0 },
      },
      { ...about, action: 'problem.unacknowledged', details: {} },
    ]);
  });

  it('does not acknowledge what came after the newest that was seen', async () => {
    const seen = await insert();
    const unseen = await insert();
    expect(await acknowledge({ sample: seen })).toMatchObject({ failed: 2, sample: unseen, acknowledged: null });
    expect((await list())[0]?.acknowledged).toBeNull();
    expect(await acknowledge({ sample: unseen })).toMatchObject({ acknowledged: { by: person } });
    const later = await insert();
    expect((await list())[0]).toMatchObject({ sample: later, acknowledged: null });
    expect(await acknowledge()).toMatchObject({ acknowledged: { by: person } });
  });

  it('acknowledges what was listed of long ago, and nothing that is not there for the key', async () => {
    await insert({ hours: 30 * 24 });
    expect(await acknowledge()).toMatchObject({ failed: 1, acknowledged: { note: null } });
    for (const [body, accounts] of [
      [{}, ['other']],
      [{ code: 'unexpected-status' }, '*'],
      [{ command: 'LoginWithToken' }, '*'],
      [{ integration: 'quiet' }, '*'],
      [{ integration: 'nobody' }, '*'],
    ] as const) {
      await expect(acknowledge(body, accounts as KeyAccounts)).rejects.toMatchObject({ kind: 'not-found' });
    }
  });

  it('reads a bounded part of 50,000 that have failed', async () => {
    await database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version,
         error, created_at, finished_at)
       select errand_uuid_v7(), 'default', 'acme', 'GetInvoiceImage', 'batch', 'failed', '{}', 'f', 1,
         '{"code": "timeout", "message": "late", "side": "customer-server"}', now(), now() from generate_series(1, 50000) n`,
    );
    await insert({ code: 'unexpected-status' });
    await database.pool.query('analyze invocations');
    expect(await brief()).toEqual([
      'acme GetInvoiceImage timeout 10000+0',
      'acme GetInvoiceImage unexpected-status 1+0',
    ]);
    const read = await rowsOfList();
    expect(read).toBeGreaterThan(10_000);
    expect(read).toBeLessThan(10_200);
  }, 120_000);

  it('reads a bounded part of 200 problems, too', async () => {
    await database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version,
         error, created_at, finished_at)
       select errand_uuid_v7(), 'default', 'acme', 'Command' || n % 200, 'batch', 'failed', '{}', 'f', 1,
         '{"code": "timeout", "message": "late", "side": "customer-server"}', now(), now() from generate_series(1, 240000) n`,
    );
    await database.pool.query('analyze invocations');
    const counts = (await list()).map(({ failed, limited }) => `${failed} ${limited}`);
    expect(counts).toEqual(Array.from({ length: 200 }, () => '1000 true'));
    expect(await rowsOfList()).toBeLessThan(202_000);
  }, 240_000);

  /** How many rows it reads to list what is wrong. */
  async function rowsOfList(): Promise<number> {
    const read: number[] = [];
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        const { rows } = await database.pool.query(`explain (analyze, format json) ${text}`, values);
        read.push(rowsRead(rows[0]['QUERY PLAN'][0].Plan));
        return { rows: [] };
      },
    } as unknown as Pool;
    await problemsOn(explaining).list('*', {});
    expect(read).toHaveLength(1);
    return read[0] as number;
  }
});

type Plan = {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
};

/** Rows that the statement looked at in `invocations`, those that it then left out, too. */
function rowsRead(plan: Plan): number {
  const own = plan['Relation Name']?.startsWith('invocations_') ?? false;
  const rows = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
  return (own ? rows : 0) + (plan.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), 0);
}
