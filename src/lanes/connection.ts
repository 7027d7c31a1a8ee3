import type { ConnectionOptions } from 'bullmq';
import { Cluster, type ClusterOptions, Redis } from 'ioredis';
import type { Pool } from 'pg';
import { clusterAddress, isCluster, keyPrefix } from '../contract/redis-nodes.ts';
import type { Log } from '../platform/log.ts';

/**
 * Where the lanes' queues live. The pool is the queue's own, from `openQueuePool`: BullMQ finds its tables by the
 * connections' search_path, and its LISTEN needs a direct URL (PgBouncer in transaction mode stays silent). A URL of Redis
 * with several nodes is a cluster's.
 */
export type LaneConnection = { kind: 'redis'; url: string } | { kind: 'postgres'; pool: Pool };

export type LaneLog = Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;

/** How long an answer of the queue may take before it counts as away, in milliseconds. */
export const queueTimeoutMs = 2_000;

/** After a lost connection: at once, then within a second each, so that an outage ends for us a second after it ended. */
const reconnectMs = (tries: number): number => Math.min(tries * 100, 1_000);

/** What BullMQ takes as `connection`, and what is to be called when it has closed its own. */
export type PatientRedis = { connection: ConnectionOptions; end(): void };

/**
 * For what blocks or must not be lost: a worker's completions wait in memory until Redis is back, and no command has a
 * time limit. BullMQ opens and closes these itself; only of a cluster it has to be given a client, which it duplicates.
 */
export function openPatientRedis(url: string): PatientRedis {
  const patient = { maxRetriesPerRequest: null };
  if (!isCluster(url)) {
    return { connection: { url, ...patient, retryStrategy: reconnectMs }, end: () => undefined };
  }
  const cluster = openCluster(url, patient, {});
  return { connection: cluster, end: () => cluster.disconnect() };
}

type Limits = { maxRetriesPerRequest: number | null; commandTimeout?: number; connectTimeout?: number };

function openCluster(url: string, limits: Limits, options: ClusterOptions): Cluster {
  const { nodes, credentials } = clusterAddress(url);
  const cluster = new Cluster(nodes, {
    ...options,
    // Names stay names: a certificate is for a name, and where it leads may change.
    dnsLookup: (address, callback) => callback(null, address),
    clusterRetryStrategy: reconnectMs,
    redisOptions: { ...credentials, ...limits },
  });
  // BullMQ listens for as long as it uses the client, which is not to the end.
  cluster.on('error', () => undefined);
  return cluster;
}

/** BullMQ's option `prefix`, for a queue on this connection. */
export function bullPrefix(connection: LaneConnection, queue: string): string {
  return keyPrefix(queue, connection.kind === 'redis' && isCluster(connection.url));
}

/**
 * For what somebody waits for: a command fails at once while Redis is away, and within `queueTimeoutMs` if it does not
 * answer. Nothing is kept to be sent later: the rows wait in PostgreSQL, and the sweep rings for them.
 */
export function openImpatientRedis(url: string): Redis | Cluster {
  const impatient = { maxRetriesPerRequest: 0, commandTimeout: queueTimeoutMs, connectTimeout: queueTimeoutMs };
  if (isCluster(url)) return openCluster(url, impatient, { enableOfflineQueue: false });
  return new Redis(url, { ...impatient, enableOfflineQueue: false, retryStrategy: reconnectMs });
}

/** Resolves if it answers. A cluster is asked for a key: its nodes answer a ping also while keys cannot be reached. */
export async function pingRedis(client: Redis | Cluster): Promise<void> {
  await (client.isCluster ? client.exists('errand') : client.ping());
}
