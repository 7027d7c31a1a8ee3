import type { ConnectionOptions, PostgresConnectionOptions } from 'bullmq';
import { parseUrl } from '../contract/parse-url.ts';
import { clusterAddress, isCluster, keyPrefix } from '../contract/redis-nodes.ts';

/**
 * What BullMQ takes as `connection`. Not by its own types: whoever imports this client would have to compile those, and
 * what they import, also to use HTTP alone.
 */
export type BullConnection = object;

/** Where the lanes' queues live: where Errand's own `REDIS_URL` or, without one, `DATABASE_URL` points to. */
export type QueueConnection =
  /** `redis://…`, `rediss://…` (several of a cluster, comma-separated), `postgres://…` or `postgresql://…` */
  | { connection: string; backend?: undefined }
  /** Options of ioredis, or a client of it (also a `Cluster`): for certificates and the like. */
  | { backend: 'redis'; connection: BullConnection }
  /** Options of node-postgres, or a pool, whose `search_path` must be `bullmq`. */
  | { backend: 'postgres'; connection: BullConnection };

/** What this client reads of a job. */
export type BullJob = {
  id?: string | undefined;
  finishedOn?: number | undefined;
  failedReason?: string | undefined;
  returnvalue: unknown;
  progress: unknown;
};

/** Options of a job, as far as this client sets them. */
export type BullJobOptions = { jobId: string; delay?: number; priority?: number };

/** A lane's queue and its events, as far as this client uses them, whatever the backend. */
export type BullQueue = {
  add(name: string, data: unknown, options: BullJobOptions): Promise<unknown>;
  getJob(id: string): Promise<BullJob | undefined>;
  waitUntilReady(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
  getBackend(): { close(force?: boolean): Promise<void> };
};
export type BullEvents = {
  on(event: 'completed', listener: (args: { jobId: string; returnvalue: unknown }) => void): unknown;
  on(event: 'failed', listener: (args: { jobId: string; failedReason: string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'completed' | 'failed', listener: (args: never) => void): unknown;
  setMaxListeners(count: number): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  getBackend(): { close(force?: boolean): Promise<void> };
};

export type Backend = {
  openQueue(name: string): BullQueue;
  openEvents(name: string): BullEvents;
  /** Ends the connection that was made here, if BullMQ does not do so itself. */
  end(): void;
};

/** A queue and its events hold a LISTEN and a query each; the rest of a pool would stand idle. */
const postgresPoolSize = 2;

function ofUrl(url: string): Exclude<QueueConnection, { connection: string; backend?: undefined }> {
  const protocol = parseUrl(url)?.protocol ?? '';
  // Never give up on a command: a client that follows a job outlives an outage of Redis.
  if (/^rediss?:$/.test(protocol)) return { backend: 'redis', connection: { url, maxRetriesPerRequest: null } };
  if (/^postgres(?:ql)?:$/.test(protocol)) {
    return { backend: 'postgres', connection: { connectionString: url, max: postgresPoolSize } };
  }
  throw new TypeError('connection: must be a URL that begins with redis://, rediss://, postgres:// or postgresql://');
}

/** BullMQ makes no clients of clusters: it has to be given one. */
async function openCluster(url: string) {
  const { Cluster } = await import('ioredis').catch((cause: unknown) => {
    throw new Error('Clients of a Redis Cluster need the package "ioredis": npm install ioredis', { cause });
  });
  const { nodes, credentials } = clusterAddress(url);
  const cluster = new Cluster(nodes, {
    // Names stay names: a certificate is for a name.
    dnsLookup: (address, callback) => callback(null, address),
    redisOptions: { ...credentials, maxRetriesPerRequest: null },
  });
  cluster.on('error', () => undefined);
  return cluster;
}

/** @throws TypeError if a URL is none of Redis or PostgreSQL; Error if BullMQ is not installed */
export async function openBackend(options: QueueConnection): Promise<Backend> {
  const { backend, connection } = options;
  // Before a cluster's client connects, which nobody would end if this failed.
  const bullmq = await import('bullmq').catch((cause: unknown) => {
    throw new Error('Clients of the queue need the package "bullmq": npm install bullmq', { cause });
  });
  if (backend === undefined && isCluster(connection)) {
    const cluster = await openCluster(connection);
    return { ...openOn(bullmq, { backend: 'redis', connection: cluster }), end: () => cluster.disconnect() };
  }
  return openOn(bullmq, backend === undefined ? ofUrl(connection) : options);
}

function openOn(bullmq: typeof import('bullmq'), given: ReturnType<typeof ofUrl>): Backend {
  if (given.backend === 'redis') {
    const connection = given.connection as ConnectionOptions;
    const clustered = 'isCluster' in connection && connection.isCluster === true;
    const of = (name: string) => ({ connection, prefix: keyPrefix(name, clustered) });
    return {
      openQueue: (name) => new bullmq.Queue(name, of(name), bullmq.createRedisBackend) as BullQueue,
      openEvents: (name) => new bullmq.QueueEvents(name, of(name), bullmq.createRedisBackend) as BullEvents,
      end: () => undefined,
    };
  }
  const connection = given.connection as PostgresConnectionOptions;
  const { Queue, QueueEvents } = bullmq.withBackend(bullmq.createPostgresBackend);
  return {
    openQueue: (name) => new Queue(name, { connection }) as BullQueue,
    openEvents: (name) => new QueueEvents(name, { connection }) as unknown as BullEvents,
    end: () => undefined,
  };
}
