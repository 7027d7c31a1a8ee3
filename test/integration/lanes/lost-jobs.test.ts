import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLostInPostgres } from '../../../src/lanes/lost-jobs.ts';
import { migrateQueue, openQueuePool } from '../../../src/lanes/queue-pool.ts';
import { openLaneQueues } from '../../../src/lanes/queues.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';

const queue = 'errand-batch';

/** A worker whose clock is a minute ahead died over a job: by the others' clocks its lock is good for long. */
describe('jobs in the hands of a worker that died, on PostgreSQL (contract §7)', () => {
  let database: TestDatabase;
  let clock = 0;
  let lost: ReturnType<typeof createLostInPostgres>;
  const close: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    await migrateQueue({ kind: 'postgres', pool: database.pool });
    const pool = openQueuePool(database.url, silentLog);
    const queues = openLaneQueues({ kind: 'postgres', pool }, { prefix: 'errand', log: silentLog });
    close.push(
      () => queues.close(),
      () => pool.end(),
    );
    for (const invocation of ['a', 'b', 'c']) {
      await queues.ring('batch', [
        { invocation: `01890000-0000-7000-8000-00000000000${invocation}`, integration: 'acme', generation: 1 },
      ]);
    }
    lost = createLostInPostgres(database.pool, () => clock);
  });
  afterAll(async () => {
    for (const each of close) await each();
    await database?.drop();
  });

  const id = (invocation: string) => `01890000-0000-7000-8000-00000000000${invocation}.1`;
  const look = async () => [...(await lost(queue, ['a', 'b', 'c'].map(id)))];
  const lock = (invocation: string, until: number) =>
    database.pool.query("update bullmq.job set state = 'active', locked_until_ms = $2 where id = $1", [
      id(invocation),
      until,
    ]);

  it('are lost once their locks were not renewed for as long as they are good, whatever their clocks say', async () => {
    const ahead = Date.now() + 60_000;
    await lock('a', ahead);
    await lock('b', ahead);
    expect(await look()).toEqual([]);
    clock = 9_999;
    expect(await look()).toEqual([]);
    // The other's worker lives: it renews its lock.
    await lock('b', ahead + 5_000);
    clock = 10_000;
    expect(await look()).toEqual([id('a')]);
    clock = 19_999;
    expect(await look()).toEqual([id('a')]);
  });
});
