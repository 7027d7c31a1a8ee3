import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvocationFilter } from '../../../src/contract/invocation.ts';
import type { Tokens } from '../../../src/contract/tokens.ts';
import { pageInvocations } from '../../../src/store/invocation-pages.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation } from '../../support/invocations.ts';

const values = [
  'INV0000001',
  'inv0000002',
  "O'Brien's",
  'a\\b\\',
  '\\',
  "'",
  "\\'':*",
  'x:*y & z | !(w) <-> v',
  '"quoted"',
  'café CRÈME',
  '日本語の請求書',
  '😀 smile',
  'two\nlines\tand a tab',
  '  spaces',
  '%_*?',
  `${'long'.repeat(30)}end`,
];

/** More than the rows that are read before the index is asked. */
const newer = 5_200;

describe('contract §3: GET /v1/invocations?q', () => {
  let database: TestDatabase;
  const ids = new Map<string, string>();
  const extra: Tokens[] = [{ count: 4711, flag: true, list: ['INV9'], none: null, empty: '' }, { text: 'a\u0000b' }];

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool, 'acme');
    await insertIntegration(database.pool, 'globex', 'other');
    const rows = [
      ...values.map((value) => newInvocation({ tokens: { InvoiceNumber: value, other: 'common' } })),
      newInvocation({ reference: 'Order 5', account: 'other', integration: 'globex', tokens: { InvoiceNumber: 'G1' } }),
      ...extra.map((tokens) => newInvocation({ tokens })),
    ];
    await insertInvocations(database.pool, rows);
    for (const [index, { id }] of rows.entries()) ids.set(id, values[index] ?? `extra ${index - values.length}`);
    // So that those above are no longer the newest.
    await database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version)
       select errand_uuid_v7(), 'default', 'acme', 'LoginWithToken', 'batch', 'succeeded',
         json_build_object('customer', 'zz ' || n, 'rare', case when n % 100 = 0 then 'seldom' end), 'f', 1
       from generate_series(1, ${newer}) n`,
    );
  }, 120_000);
  afterAll(() => database.drop());

  const search = async (q: string, filter: InvocationFilter = {}, accounts: '*' | string[] = '*') => {
    const { items } = await pageInvocations(database.pool, accounts, { q, ...filter }, { limit: 50 });
    return items.map(({ id }) => ids.get(id) ?? 'newer');
  };

  it.each(values)('finds %j by each of its beginnings, in any case', async (value) => {
    const characters = Array.from(value).slice(0, 110);
    const lengths = [1, 2, 3, 5, 8, 50, 100, 101, characters.length].filter((length) => length <= characters.length);
    for (const length of lengths) {
      const q = characters.slice(0, length).join('');
      expect(await search(q), q).toContain(value);
      expect(await search(q, { command: 'GetInvoiceImage', integration: 'acme' }), q).toContain(value);
      const ascii = q.replace(/[a-z]/g, (letter) => letter.toUpperCase());
      expect(await search(ascii), ascii).toContain(value);
    }
    expect(await search(`${characters.slice(0, 99).join('')}#`)).toEqual([]);
  });

  it('finds exactly what begins so, whatever is asked', async () => {
    const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000);
    const alphabet = Array.from(`'\\:*&|!()<>-"%_ aio日é😀Ix\n`);
    let state = seed;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    for (let round = 0; round < 40; round += 1) {
      const q = Array.from({ length: 1 + random(4) }, () => alphabet[random(alphabet.length)]).join('');
      const { rows } = await database.pool.query<{ id: string }>(
        `select id from invocations i where position('\\u0000' in tokens::text) = 0 and exists (
           select 1 from json_each_text(tokens) where starts_with(lower(value), lower($1))) order by id desc limit 50`,
        [q],
      );
      const { items } = await pageInvocations(database.pool, '*', { q }, { limit: 50 });
      expect(
        items.map(({ id }) => id),
        `${JSON.stringify(q)}, seed ${seed}`,
      ).toEqual(rows.map(({ id }) => id));
    }
  }, 120_000);

  it('finds numbers and truth values, a whole reference, and an id in either case', async () => {
    expect(await search('47')).toEqual(['extra 1']);
    expect(await search('TRU')).toEqual(['extra 1']);
    expect(await search('Order 5')).toEqual(['extra 0']);
    expect(await search('Order')).toEqual([]);
    const [id = ''] = ids.keys();
    expect(await search(id)).toEqual([values[0]]);
    expect(await search(id.toUpperCase())).toEqual([values[0]]);
    expect(await search(uuidv7())).toEqual([]);
  });

  it('keeps to the other filters, and to the accounts of the key', async () => {
    expect(await search('inv')).toEqual(['inv0000002', 'INV0000001']);
    expect(await search('inv', { status: 'queued', lane: 'batch' })).toHaveLength(2);
    for (const filter of [{ status: 'failed' }, { integration: 'globex' }, { httpStatus: 404 }] as InvocationFilter[]) {
      expect(await search('inv', filter), JSON.stringify(filter)).toEqual([]);
    }
    expect(await search('inv', {}, ['other'])).toEqual([]);
    expect(await search('g1', {}, ['other'])).toEqual(['extra 0']);
    expect(await search('Order 5', {}, ['default'])).toEqual([]);
    const [id = ''] = ids.keys();
    expect(await search(id, {}, ['other'])).toEqual([]);
  });

  it('pages from the newest rows into those before them without a gap', async () => {
    const found: string[] = [];
    let cursor: string | null | undefined;
    for (let pages = 0; cursor !== null && pages < 50; pages += 1) {
      const page = cursor === undefined ? { limit: 7 } : { limit: 7, cursor };
      const { items, nextCursor } = await pageInvocations(database.pool, '*', { q: 's' }, page);
      found.push(...items.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(found).toHaveLength(newer / 100);
    expect(found).toEqual([...new Set(found)].sort().reverse());
    const common = await pageInvocations(database.pool, '*', { q: 'COMMON' }, { limit: 50 });
    expect(common.items.map(({ id }) => ids.get(id))).toEqual(values.toReversed());
  });

  it('has one bound for all that it takes', async () => {
    const left: number[] = [];
    const slow = {
      async connect() {
        const client = await database.pool.connect();
        const query = client.query.bind(client) as (...of: unknown[]) => Promise<unknown>;
        client.query = (async (text: string, values?: unknown[]) => {
          const set = /^set local statement_timeout = (\d+)$/.exec(text);
          if (set !== null) left.push(Number(set[1]));
          else await query('select pg_sleep(0.02)');
          return query(text, values);
        }) as typeof client.query;
        const release = client.release.bind(client);
        client.release = (broken) => {
          client.query = query as typeof client.query;
          release(broken);
        };
        return client;
      },
    } as unknown as Pool;
    await pageInvocations(slow, '*', { q: 'nothing' }, { limit: 50 }, 30_000);
    expect(left.length).toBeGreaterThan(3);
    expect(left[0]).toBeLessThanOrEqual(30_000);
    for (const [index, ms] of left.slice(1).entries()) expect(ms).toBeLessThanOrEqual((left[index] as number) - 19);
  });

  it('says how to narrow it where looking takes too long, and does not blame a plain list', async () => {
    const locking = await database.pool.connect();
    try {
      await locking.query('begin');
      await locking.query('lock table invocations in access exclusive mode');
      const page = { limit: 50 };
      for (const filter of [{ q: 'x' }, { code: 'timeout' }, { httpStatus: 200 }] as InvocationFilter[]) {
        await expect(pageInvocations(database.pool, '*', filter, page, 50)).rejects.toMatchObject({
          kind: 'invalid',
          errors: [{ path: 'since', message: expect.stringContaining('narrow it by integration') }],
        });
      }
      await expect(pageInvocations(database.pool, '*', { integration: 'acme' }, page, 50)).rejects.toMatchObject({
        code: '57014',
      });
    } finally {
      await locking.query('rollback');
      locking.release();
    }
    const { rows } = await database.pool.query('show statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '0' }]);
  });
});
