import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';
import { build } from './building.ts';

describe('Last Sync quality (contract §3)', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    for (const id of ['acme', 'globex']) await insertIntegration(database.pool, id);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query('truncate batches, schedules');
    await database.pool.query('update integrations set last_sync_at = now()');
  });

  const quality = async (id = 'acme') => (await build(database.pool).integrations.get('*', id)).lastSyncQuality;
  const batch = (outcome: string | null, integration = 'acme') =>
    database.pool.query(
      `insert into batches (id, account, integration, command, status, outcome, created_by, finished_at)
       values ($1, 'default', $2, 'GetInvoiceImage', $3, $4, '{}', case when $4::text is not null then now() end)`,
      [uuidv7(), integration, outcome === null ? 'running' : 'finished', outcome],
    );
  /** Times in hours from now. */
  const schedule = (
    times: { next: number | null; last?: number; complete?: number; enabled?: number },
    enabled = true,
  ) =>
    database.pool.query(
      `insert into schedules (integration, name, command, cron, timezone, enabled, next_run_at, last_run_at,
         complete_run_at, enabled_since)
       values ('acme', 'nightly', 'GetInvoiceImage', '0 2 * * *', 'UTC', $1, now() + $2 * interval '1 hour',
         now() + $3 * interval '1 hour', now() + $4 * interval '1 hour', now() + $5 * interval '1 hour')`,
      [enabled, times.next, times.last ?? null, times.complete ?? null, times.enabled ?? -1000],
    );

  it('is null before any sync', async () => {
    await database.pool.query('update integrations set last_sync_at = null');
    await schedule({ next: -5 });
    expect(await quality()).toBeNull();
  });

  it('is complete where nothing says otherwise', async () => {
    expect(await quality()).toBe('complete');
  });

  it.each([
    ['partial', 'partial'],
    ['failed', 'partial'],
    ['clean', 'complete'],
  ])('after a batch that ended %s is %s', async (outcome, wanted) => {
    await batch(outcome === 'clean' ? 'failed' : 'clean');
    await batch(outcome);
    await batch(null);
    await batch('partial', 'globex');
    expect(await quality()).toBe(wanted);
  });

  it.each<[string, Parameters<typeof schedule>[0]]>([
    ['its next run was due more than an hour ago', { next: -1.1, last: -25, complete: -25 }],
    ['none was complete for two runs', { next: 20, last: -4, complete: -52 }],
    ['none was ever complete, in two runs', { next: 20, last: -4, enabled: -30 }],
  ])('is stale where %s', async (_why, times) => {
    await batch('partial');
    await schedule(times);
    expect(await quality()).toBe('stale');
    expect(await quality('globex')).toBe('complete');
  });

  it.each<[string, Parameters<typeof schedule>[0]]>([
    ['its run is due, within the hour', { next: -0.9, last: -25, complete: -25 }],
    ['its last run was complete', { next: 20, last: -4, complete: -4 }],
    ['only its last run was not complete', { next: 20, last: -4, complete: -28 }],
    ['it is new, and its first run was not complete', { next: 20, last: -4, enabled: -10 }],
    ['it was disabled meanwhile', { next: 20, last: -4, complete: -500, enabled: -10 }],
    ['it never ran and is not due yet', { next: 20 }],
    ['it never runs again', { next: null, last: -400, complete: -800 }],
  ])('is not stale where %s', async (_why, times) => {
    await schedule(times);
    expect(await quality()).toBe('complete');
  });

  it('asks nothing of a disabled schedule', async () => {
    await schedule({ next: -50, last: -100, complete: -500 }, false);
    expect(await quality()).toBe('complete');
  });

  it('is the same in lists', async () => {
    await schedule({ next: -5 });
    const { items } = await build(database.pool).integrations.list('*', {}, { limit: 50 });
    expect(Object.fromEntries(items.map(({ id, lastSyncQuality }) => [id, lastSyncQuality]))).toEqual({
      acme: 'stale',
      globex: 'complete',
    });
  });
});
