import { once } from 'node:events';
import { createRedisBackend, Queue } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { bullPrefix, type LaneLog, openImpatientRedis, pingRedis, queueTimeoutMs } from './connection.ts';
import { lostInRedis } from './lost-jobs.ts';
import { createOutageLog } from './outage-log.ts';
import { type BullQueue, depthOf, type Producer } from './producer.ts';
import { QueueAway } from './queue-away.ts';

/** All queues of a process share one connection for adding and looking. */
export function openRedisProducer(url: string, log: Pick<LaneLog, 'warn'>): Producer {
  const client = openImpatientRedis(url);
  const prefixOf = (name: string) => bullPrefix({ kind: 'redis', url }, name);
  const onError = createOutageLog(log, { part: 'producer' });
  const queues = new Map<string, BullQueue>();
  const connected = connectionCheck(client);
  client.on('error', onError);

  async function queueOf(name: string): Promise<BullQueue> {
    await connected();
    const known = queues.get(name);
    if (known !== undefined) return known;
    const queue: BullQueue = new Queue<unknown>(
      name,
      { connection: client, prefix: prefixOf(name) },
      createRedisBackend,
    );
    queue.on('error', onError);
    queues.set(name, queue);
    return queue;
  }

  return {
    async add(name, entries) {
      await (await queueOf(name)).addBulk([...entries]);
    },
    async lost(name, ids) {
      await connected();
      return lostInRedis(client, { prefix: prefixOf(name), name }, ids);
    },
    async depth(name) {
      return depthOf(await queueOf(name));
    },
    async ping() {
      await connected();
      await pingRedis(client);
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close().catch(onError)));
      client.disconnect();
    },
  };
}

/**
 * BullMQ waits for a connection for ever, and sends then what was asked long ago: ask only where there is one. Only a
 * process that has just started waits for its first.
 */
function connectionCheck(client: Redis | Cluster): () => Promise<void> {
  let connectedBefore = false;
  client.once('ready', () => {
    connectedBefore = true;
  });
  return async () => {
    if (client.status === 'ready') return;
    if (connectedBefore) throw new QueueAway('Redis is not connected');
    await once(client, 'ready', { signal: AbortSignal.timeout(queueTimeoutMs) });
  };
}
