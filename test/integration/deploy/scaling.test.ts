import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transaction } from '../../../src/store/database.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { build } from '../../support/kustomize.ts';

type Trigger = { metricType: string; metadata: { query: string; targetQueryValue: string } };
const folder = path.resolve(import.meta.dirname, '../../../deploy/kubernetes/overlays/example');
const triggers = Object.fromEntries(
  build(folder)
    .filter(({ kind }) => kind === 'ScaledObject')
    .map(({ metadata, spec }) => [metadata.name, spec.triggers as Trigger[]]),
);

describe('contract §2: what workers are scaled by', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await database.pool.query(
      `insert into integrations (id, account, name, type, status, limits) values
         ('acme', 'default', 'Acme', 'custom', 'active', '{}'), ('paused', 'default', 'Paused', 'custom', 'paused', '{}'),
         ('held', 'default', 'Held', 'custom', 'active', '{}')`,
    );
    await database.pool.query(`insert into integration_flow (integration, hold) values ('held', '{"reason": "x"}')`);
  });
  afterAll(() => database?.drop());

  async function ask(name: string, index: number): Promise<number> {
    const query = triggers[name]?.[index]?.metadata.query ?? '';
    const { rows } = await database.pool.query({ text: query, rowMode: 'array' });
    return Number(rows[0]?.[0]);
  }

  const single = (integration: string, lane: string, status: string, seconds: number) =>
    database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version, due_at)
       values (errand_uuid_v7(), 'default', $1, 'GetInvoiceImage', $2, $3, '{}', '', 1, now() - $4 * interval '1 second')`,
      [integration, lane, status, seconds],
    );

  it('is nothing where nothing waits', async () => {
    expect(await ask('errand-worker-interactive', 0)).toBe(0);
    expect([await ask('errand-worker-batch', 0), await ask('errand-worker-batch', 1)]).toEqual([0, 0]);
  });

  it('is for how long a click waits that no worker has', async () => {
    await single('acme', 'interactive', 'running', 90);
    await single('acme', 'interactive', 'retrying', -90);
    expect(await ask('errand-worker-interactive', 0)).toBe(0);
    await single('acme', 'interactive', 'queued', 7);
    expect(Math.round(await ask('errand-worker-interactive', 0))).toBe(7);
  });

  it('is for how long a single waits that is not held, and what no worker has taken of batches', async () => {
    for (const integration of ['paused', 'held']) await single(integration, 'batch', 'queued', 3_600);
    await single('acme', 'batch', 'queued', 30);
    expect(Math.round(await ask('errand-worker-batch', 0))).toBe(30);
    for (const [integration, status] of [
      ['acme', 'running'],
      ['held', 'running'],
      ['acme', 'finished'],
    ]) {
      await database.pool.query(
        `with batch as (
           insert into batches (id, account, integration, command, status, total, created_by, finished_at)
           values (errand_uuid_v7(), 'default', $1, 'GetInvoiceImage', $2, 250, '{}', case when $2 = 'finished' then now() end) returning id
         )
         insert into batch_ranges (batch, number, first_id, last_id, size, status)
         select id, n, id, id, case n when 2 then 50 else 100 end, case n when 0 then 'running' else 'waiting' end
         from batch cross join generate_series(0, 2) as n`,
        [integration, status],
      );
    }
    expect(await ask('errand-worker-batch', 1)).toBe(150);
  });

  it('is looked up in the indexes of what is open', async () => {
    const query = triggers['errand-worker-interactive']?.[0]?.metadata.query ?? '';
    const plan = await transaction(database.pool, async (connection) => {
      await connection.query('set local enable_seqscan = off');
      return (await connection.query<{ 'QUERY PLAN': string }>(`explain ${query}`)).rows.map(
        (row) => row['QUERY PLAN'],
      );
    });
    expect(plan.filter((line) => line.includes('Index') && line.includes('lane_due_at'))).not.toEqual([]);
    expect(plan.join('\n')).not.toContain('Seq Scan');
  });
});
