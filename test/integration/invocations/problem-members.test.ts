import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filtersOf, queryOf, retryAllOf } from '../../../src/console/pages/invocations/filters.ts';
import { failedOf, invocationsOf } from '../../../src/console/pages/problems/members.ts';
import { redriveOf } from '../../../src/console/parts/redrive-filter.ts';
import type { RedriveBody } from '../../../src/contract/redrive.ts';
import { createProblems } from '../../../src/invocations/problems.ts';
import { createRedrive } from '../../../src/invocations/redrive.ts';
import { pageInvocations } from '../../../src/store/invocation-pages.ts';
import { createProblemStore } from '../../../src/store/problem-groups.ts';
import { countRedrivable, knowsBatches, redriveStep } from '../../../src/store/redrive.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await insertIntegration(database.pool, 'acme');
});
afterAll(() => database.drop());

describe('contract §3: what a problem is of, as the console asks for it', () => {
  const insert = (side: string) =>
    database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version,
         error, created_at, finished_at)
       values ($1, 'default', 'acme', 'GetInvoiceImage', 'batch', 'failed', '{}', 'f', 1, $2, now(), now())`,
      [uuidv7(), JSON.stringify({ code: 'unexpected-status', message: 'refused', side })],
    );
  const problems = async () => {
    const { list } = createProblems({
      store: createProblemStore(database.pool),
      redactorOf: async () => (text) => text,
      now: Date.now,
    });
    const { items } = await list('*', {});
    return items.toSorted((one, other) => (one.side < other.side ? -1 : 1));
  };
  const redrive = (body: RedriveBody) =>
    createRedrive({
      knows: (filter) => knowsBatches(database.pool, filter),
      step: (filter, after, limit, audit) => redriveStep(database.pool, filter, { after, limit }, audit),
      count: (filter, after, limit) => countRedrivable(database.pool, filter, { after, limit }),
      ringDue: async () => null,
      newId: uuidv7,
      now: Date.now,
    })({ actor: { type: 'key', id: 'key-1', name: 'a person' }, accounts: '*' }, body);

  it('is listed and retried by side, since the other side has to be mended by somebody else', async () => {
    for (const side of ['credentials', 'customer-server', 'customer-server', 'credentials', 'credentials']) {
      await insert(side);
    }
    const found = await problems();
    expect(found.map(({ side, failed }) => [side, failed])).toEqual([
      ['credentials', 3],
      ['customer-server', 2],
    ]);
    for (const group of found) {
      const matched = { matched: group.failed, redriven: 0 };
      expect(await redrive({ ...redriveOf(failedOf(group, Date.now())), dryRun: true })).toEqual(matched);
      const filters = filtersOf(new URL(invocationsOf(group), 'http://errand').searchParams);
      const page = await pageInvocations(database.pool, '*', queryOf(filters, Date.now()), { limit: 50 });
      expect(page.items.map(({ error }) => error?.side)).toEqual(Array(group.failed).fill(group.side));
      const ofList = retryAllOf(filters, Date.now());
      expect(typeof ofList === 'string' ? ofList : await redrive({ ...redriveOf(ofList), dryRun: true })).toEqual(
        matched,
      );
    }
    const [credentials, server] = found;
    if (credentials === undefined) throw new Error('there is no such problem');
    expect(await redrive(redriveOf(failedOf(credentials, Date.now())))).toEqual({ matched: 3, redriven: 3 });
    expect(await problems()).toEqual([server]);
  });
});
