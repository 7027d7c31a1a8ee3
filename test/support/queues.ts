import { randomBytes } from 'node:crypto';
import { createPostgresBackend, type Job, type JobsOptions, Queue, QueueEvents, withBackend } from 'bullmq';
import { inject } from 'vitest';

export { clusterClient, type OwnCluster, ownCluster } from './services/own-cluster.ts';
export { type OwnRedis, ownRedis } from './services/own-redis.ts';

/** Where queues live: Redis, or the database that Errand itself uses. */
export type QueueBackend = { name: 'redis'; url: string } | { name: 'postgres' };

/** A lane as a billing engineer's own code sees it: plain BullMQ. */
export type ProducerQueue = {
  add(name: string, data: unknown, options?: JobsOptions): Promise<Job>;
  /** The job's return value. @throws Error with the job's failed reason */
  finished(job: Job): Promise<unknown>;
  close(): Promise<void>;
};

/** What a suite that runs on every backend is given. */
export type AvailableBackend = QueueBackend & {
  /** @param databaseUrl has BullMQ's migrations, if the queue lives there */
  openQueue(queue: string, databaseUrl: string): Promise<ProducerQueue>;
};

const redisConnection = (url: string) => ({ url, maxRetriesPerRequest: null });

/**
 * The backends of this machine, for `describe.each(queueBackends())('… on $name', …)`. A missing Redis is told in the
 * run's last lines.
 */
export function queueBackends(): AvailableBackend[] {
  const url = inject('redisUrl');
  const postgres: AvailableBackend = { name: 'postgres', openQueue: openPostgresQueue };
  if (url === null) return [postgres];
  return [{ name: 'redis', url, openQueue: (queue) => openRedisQueue(queue, url) }, postgres];
}

/** For `ERRAND_QUEUE_PREFIX`: tests share a Redis. */
export function uniquePrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}

async function openRedisQueue(name: string, url: string): Promise<ProducerQueue> {
  const connection = redisConnection(url);
  return opened(new Queue(name, { connection }), new QueueEvents(name, { connection }));
}

async function openPostgresQueue(name: string, databaseUrl: string): Promise<ProducerQueue> {
  const connection = { connectionString: databaseUrl };
  const { Queue: PostgresQueue, QueueEvents: PostgresEvents } = withBackend(createPostgresBackend);
  return opened(new PostgresQueue(name, { connection }), new PostgresEvents(name, { connection }));
}

type Finishes = { waitUntilFinished(events: unknown): Promise<unknown> };

async function opened(
  queue: {
    add(name: string, data: unknown, options?: JobsOptions): Promise<unknown>;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  },
  events: { waitUntilReady(): Promise<unknown>; close(): Promise<void> },
): Promise<ProducerQueue> {
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  return {
    add: async (name, data, options) => (await queue.add(name, data, options)) as Job,
    finished: (job) => (job as unknown as Finishes).waitUntilFinished(events),
    close: async () => {
      await events.close();
      await queue.close();
    },
  };
}
