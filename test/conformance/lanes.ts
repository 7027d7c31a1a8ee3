import { randomUUID } from 'node:crypto';
import { createPostgresBackend, createRedisBackend, Queue, withBackend } from 'bullmq';
import { type Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { queueName } from '../../src/contract/job.ts';
import type { Lane } from '../../src/contract/lane.ts';
import { isCluster } from '../../src/contract/redis-nodes.ts';
import type { LaneConnection, LaneLog } from '../../src/lanes/connection.ts';
import type { JobEnding, LaneJob, Ring } from '../../src/lanes/lane-job.ts';
import { openQueuePool } from '../../src/lanes/queue-pool.ts';
import { type LaneQueues, openLaneQueues } from '../../src/lanes/queues.ts';
import { type LaneWorker, type LaneWorkerOptions, openLaneWorker } from '../../src/lanes/worker.ts';
import type { LogFields } from '../../src/platform/log.ts';
import { clusterClient } from '../support/queues.ts';
import type { Backend } from './backends.ts';

/** Values in the order in which they came, each to be awaited. */
export type Channel<Value> = {
  push(value: Value): void;
  next(): Promise<Value>;
  take(count: number): Promise<Value[]>;
};

export function createChannel<Value>(): Channel<Value> {
  const values: Value[] = [];
  const takers: ((value: Value) => void)[] = [];
  const next = () => {
    const value = values.shift();
    return value === undefined ? new Promise<Value>((resolve) => takers.push(resolve)) : Promise.resolve(value);
  };
  return {
    push(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    next,
    async take(count) {
      const taken: Value[] = [];
      while (taken.length < count) taken.push(await next());
      return taken;
    },
  };
}

export type LogLine = { level: string; event: string; error: Error | undefined };

/** One prefix's lanes, and all that a test opens on them. */
export type Lanes = {
  prefix: string;
  connection: LaneConnection;
  queues: LaneQueues;
  log: LaneLog;
  /** What was logged, line by line. */
  logged: Channel<LogLine>;
  /** A worker that has started. */
  worker(options: Partial<LaneWorkerOptions> & Pick<LaneWorkerOptions, 'handle'>): Promise<LaneWorker>;
  /** The lane as a billing engineer's own code sees it: plain BullMQ. */
  producer(lane?: Lane): Pick<Queue, 'add' | 'addBulk' | 'getJob' | 'getJobCounts'>;
  /** A job put there by another client, field by field. */
  addRaw(id: string, name: string, data: string): Promise<void>;
  close(): Promise<void>;
};

const { Queue: PostgresQueue } = withBackend(createPostgresBackend);

export function openLanes({ kind, url }: Pick<Backend, 'kind' | 'url'>): Lanes {
  const prefix = `test${randomUUID().slice(0, 8)}`;
  const logged = createChannel<LogLine>();
  const write = (level: string) => (event: string, fields?: LogFields) => {
    logged.push({ level, event, error: fields?.error as Error | undefined });
  };
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const pool = kind === 'postgres' ? openQueuePool(url, log) : null;
  const connection: LaneConnection = pool === null ? { kind: 'redis', url } : { kind: 'postgres', pool };
  const queues = openLaneQueues(connection, { prefix, log });
  const closing: (() => Promise<unknown>)[] = [() => queues.close()];

  return {
    prefix,
    connection,
    queues,
    log,
    logged,
    async worker(options) {
      const worker = openLaneWorker(connection, { lane: 'batch', prefix, concurrency: 1, log, ...options });
      closing.unshift(() => worker.stop({ graceMs: 1_000 }));
      await worker.start();
      return worker;
    },
    producer(lane = 'batch') {
      const name = queueName(prefix, lane);
      const queue =
        kind === 'redis'
          ? redisQueue(url, name, closing)
          : new PostgresQueue(name, { connection: { connectionString: url } });
      closing.unshift(() => queue.close());
      return queue as Queue;
    },
    async addRaw(id, name, data) {
      const queue = queueName(prefix, 'batch');
      await (kind === 'redis' ? addToRedis(url, queue, id, name, data) : addToPostgres(url, queue, id, name, data));
    },
    async close() {
      for (const close of closing) await close();
      if (pool !== null) await pool.end();
      else await forget(url, prefix);
    },
  };
}

/** As docs/producing.md has it, with what is to be closed after it. */
function redisQueue(url: string, name: string, closing: (() => Promise<unknown>)[]): Queue {
  if (!isCluster(url)) return new Queue(name, { connection: { url } }, createRedisBackend);
  const connection = clusterClient(url);
  closing.unshift(async () => connection.disconnect());
  return new Queue(name, { connection, prefix: `{${name}}` }, createRedisBackend);
}

const openClient = (url: string): Redis | Cluster => (isCluster(url) ? clusterClient(url) : new Redis(url));

async function addToRedis(url: string, queue: string, id: string, name: string, data: string): Promise<void> {
  const client = openClient(url);
  const key = isCluster(url) ? `{${queue}}:${queue}` : `bull:${queue}`;
  const fields = { name, data, opts: '{}', timestamp: Date.now(), delay: 0, priority: 0 };
  await client.multi().hset(`${key}:${id}`, fields).lpush(`${key}:wait`, id).zadd(`${key}:marker`, 0, '0').exec();
  await client.quit();
}

async function addToPostgres(url: string, queue: string, id: string, name: string, data: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into bullmq.job (queue, id, seq, name, state, data, added_at_ms)
     values ($1, $2, nextval('bullmq.job_seq'), $3, 'waiting', $4, $5)`,
    [queue, id, name, data, Date.now()],
  );
  await client.query('select pg_notify($1, $2)', ['bullmq_jobs', queue]);
  await client.end();
}

/** A cluster is a test's own, and goes with it. */
async function forget(url: string, prefix: string): Promise<void> {
  if (isCluster(url)) return;
  const client = new Redis(url);
  const keys = await client.keys(`bull:${prefix}-*`);
  if (keys.length > 0) await client.del(keys);
  await client.quit();
}

let counter = 0;
/** A ring for a row that no other test has. */
export function aRing(generation = 1): Ring {
  counter += 1;
  return { invocation: randomUUID(), integration: `acme-${counter}`, generation };
}

/** What a job is about. */
export function subjectOf(job: LaneJob): string {
  if (job.kind === 'producer') return job.jobId;
  return job.kind === 'doorbell' ? job.invocation : job.batch;
}

/** The ending of a job whose invocation succeeded. */
export function succeeded(job: LaneJob): JobEnding {
  const invocation = subjectOf(job);
  return { status: 'completed', returns: { invocation, status: 'succeeded' } };
}

/** A promise and what settles it. */
export const gate = () => Promise.withResolvers<void>();
