import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Log } from '../platform/log.ts';

/**
 * Where the lanes' queues live. The pool is the queue's own, from `openQueuePool`: BullMQ finds its tables by the
 * connections' search_path, and its LISTEN needs a direct URL (PgBouncer in transaction mode stays silent).
 */
export type LaneConnection = { kind: 'redis'; url: string } | { kind: 'postgres'; pool: Pool };

export type LaneLog = Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;

/** How long an answer of the queue may take before it counts as away, in milliseconds. */
export const queueTimeoutMs = 2_000;

/** After a lost connection: at once, then within a second each, so that an outage ends for us a second after it ended. */
const reconnectMs = (tries: number): number => Math.min(tries * 100, 1_000);

/**
 * For what blocks or must not be lost: a worker's completions wait in memory until Redis is back, and no command has a
 * time limit. BullMQ opens, duplicates and closes these itself.
 */
export function patientRedis(url: string) {
  return { url, maxRetriesPerRequest: null, retryStrategy: reconnectMs };
}

/**
 * For what somebody waits for: a command fails at once while Redis is away, and within `queueTimeoutMs` if it does not
 * answer. Nothing is kept to be sent later: the rows wait in PostgreSQL, and the sweep rings for them.
 */
export function openImpatientRedis(url: string): Redis {
  return new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: queueTimeoutMs,
    connectTimeout: queueTimeoutMs,
    retryStrategy: reconnectMs,
  });
}
