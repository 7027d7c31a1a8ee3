import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LaneJob } from '../../src/lanes/lane-job.ts';
import { QueueAway } from '../../src/lanes/queue-away.ts';
import { endQueuePool, isQueueMigrated, migrateQueue, openQueuePool } from '../../src/lanes/queue-pool.ts';
import { openLaneQueues } from '../../src/lanes/queues.ts';
import { openLaneWorker } from '../../src/lanes/worker.ts';
import { freePort } from '../support/ports.ts';
import { type Backend, openPostgresBackend } from './backends.ts';
import { aRing, createChannel, type Lanes, openLanes, succeeded } from './lanes.ts';

describe('contract §7: queues in PostgreSQL', { timeout: 30_000 }, () => {
  let backend: Backend;
  let lanes: Lanes;
  let admin: pg.Client;
  beforeAll(async () => {
    backend = await openPostgresBackend();
    admin = new pg.Client({ connectionString: backend.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.end();
    await backend?.close();
  });
  beforeEach(() => {
    lanes = openLanes(backend);
  });
  afterEach(() => lanes?.close());

  const handle = async (job: LaneJob) => succeeded(job);

  it('are not migrated by anything but migrateQueue, which several processes may run at a time', async () => {
    await admin.query('drop schema if exists bullmq cascade');
    expect(await isQueueMigrated(lanes.connection)).toBe(false);
    await expect(lanes.queues.ring('batch', [aRing()])).rejects.toBeInstanceOf(QueueAway);
    const { connection } = lanes;
    const early = openLaneWorker(connection, { ...lanes, lane: 'batch', concurrency: 1, handle });
    await expect(early.start()).rejects.toThrow('is not initialized');
    await early.stop({ graceMs: 0 });
    expect(await isQueueMigrated(connection)).toBe(false);
    await Promise.all([migrateQueue(connection), migrateQueue(connection), migrateQueue(connection)]);
    await migrateQueue(connection);
    expect(await isQueueMigrated(connection)).toBe(true);
    await lanes.queues.ring('batch', [aRing()]);
  });

  it('share one small pool: a process with both lanes, their workers and events holds eight connections at most', async () => {
    await migrateQueue(lanes.connection);
    const ended = createChannel<unknown>();
    lanes.queues.onEnded((end) => ended.push(end));
    for (const lane of ['interactive', 'batch'] as const) await lanes.worker({ lane, concurrency: 20, handle });
    const rings = Array.from({ length: 200 }, () => aRing());
    await lanes.queues.ring('interactive', rings.slice(100));
    await lanes.queues.ring('batch', rings.slice(0, 100));
    let waiting = 1;
    while (waiting > 0) {
      const depths = [await lanes.queues.depth('interactive'), await lanes.queues.depth('batch')];
      waiting = depths.reduce((sum, depth) => sum + depth.waiting + depth.active, 0);
      const { rows } = await admin.query<{ count: number }>(
        `select count(*)::int from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
      expect(rows[0]?.count).toBeLessThanOrEqual(8);
    }
  });

  it('that are away make ringing, looking and pinging fail soon', async () => {
    const pool = openQueuePool(`postgres://127.0.0.1:${await freePort()}/none`, lanes.log);
    const queues = openLaneQueues({ kind: 'postgres', pool }, lanes);
    const startedAt = performance.now();
    await expect(queues.ring('batch', [aRing()])).rejects.toBeInstanceOf(QueueAway);
    await expect(queues.lost('batch', [aRing()])).rejects.toBeInstanceOf(QueueAway);
    await expect(queues.depth('batch')).rejects.toBeInstanceOf(QueueAway);
    await expect(queues.ping()).rejects.toBeInstanceOf(QueueAway);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    const worker = openLaneWorker({ kind: 'postgres', pool }, { ...lanes, lane: 'batch', concurrency: 1, handle });
    const started = worker.start();
    await worker.stop({ graceMs: 1_000 });
    await started;
    await queues.close();
    await pool.end();
  });

  it('that are not migrated yet are waited for without a word, and their endings are heard then', async () => {
    await admin.query('drop schema if exists bullmq cascade');
    const ended = createChannel<{ invocation: string }>();
    const looked = createChannel<void>();
    if (lanes.connection.kind === 'postgres') lanes.connection.pool.on('release', () => looked.push());
    lanes.queues.onEnded((end) => ended.push(end));
    // Both lanes' events have looked for BullMQ's tables, and look again.
    await looked.take(4);
    await migrateQueue(lanes.connection);
    await lanes.worker({ handle });
    let heard = false;
    void ended.next().then(() => {
      heard = true;
    });
    while (!heard) {
      await lanes.queues.ring('batch', [aRing()]);
      await new Promise(setImmediate);
    }
    lanes.log.info('the end');
    expect(await lanes.logged.next()).toMatchObject({ event: 'the end' });
  });

  it('are let go of before the pool has ended, so that a server that stops next breaks nothing', async () => {
    await migrateQueue(lanes.connection);
    const pool = openQueuePool(backend.url, lanes.log);
    await Promise.all(Array.from({ length: 8 }, () => pool.query('select pg_sleep(0.05)')));
    expect(pool.totalCount).toBe(8);
    let removed = 0;
    pool.on('remove', () => {
      removed += 1;
    });
    await endQueuePool(pool);
    expect(removed).toBe(8);
  });

  it('whose connections all break are reached again: a worker takes the next job, endings are heard', async () => {
    await migrateQueue(lanes.connection);
    const jobs = createChannel<LaneJob>();
    const ended = createChannel<{ invocation: string }>();
    lanes.queues.onEnded((end) => ended.push(end));
    await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        return succeeded(job);
      },
    });
    await lanes.queues.ring('batch', [aRing()]);
    await jobs.next();
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    const ring = aRing();
    while (
      !(await lanes.queues.ring('batch', [ring]).then(
        () => true,
        () => false,
      ))
    )
      await new Promise(setImmediate);
    expect(await jobs.next()).toMatchObject(ring);
    let heard = false;
    void ended.next().then(() => {
      heard = true;
    });
    while (!heard) {
      await lanes.queues.ring('batch', [aRing()]);
      await jobs.next();
    }
  });
});
