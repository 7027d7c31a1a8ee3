import { createPostgresBackend, withBackend } from 'bullmq';
import type { Pool } from 'pg';
import type { LaneLog } from './connection.ts';
import { createLostInPostgres } from './lost-jobs.ts';
import { createOutageLog } from './outage-log.ts';
import { type BullQueue, depthOf, type Producer } from './producer.ts';
import { asBullPool } from './queue-pool.ts';

const { Queue: PostgresQueue } = withBackend(createPostgresBackend);

/** All queues of a process share the pool; it gives up on a connection within `queueTimeoutMs`. */
export function openPostgresProducer(pool: Pool, log: Pick<LaneLog, 'warn'>): Producer {
  const onError = createOutageLog(log, { part: 'producer' });
  const queues = new Map<string, Promise<BullQueue>>();

  async function open(name: string): Promise<BullQueue> {
    const queue: BullQueue = new PostgresQueue<unknown>(name, { connection: asBullPool(pool) });
    queue.on('error', onError);
    try {
      await queue.waitUntilReady();
      return queue;
    } catch (error) {
      // BullMQ remembers for good that it could not connect at first: the next call needs a new object.
      queues.delete(name);
      await queue.close().catch(onError);
      throw error;
    }
  }

  function queueOf(name: string): Promise<BullQueue> {
    const known = queues.get(name) ?? open(name);
    queues.set(name, known);
    return known;
  }

  return {
    async add(name, entries) {
      await (await queueOf(name)).addBulk([...entries]);
    },
    lost: createLostInPostgres(pool),
    async depth(name) {
      return depthOf(await queueOf(name));
    },
    async ping() {
      await pool.query('select 1');
    },
    async close() {
      const open = await Promise.allSettled(queues.values());
      for (const queue of open) if (queue.status === 'fulfilled') await queue.value.close().catch(onError);
    },
  };
}
