import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_SCHEMA, LATEST_SCHEMA_VERSION, type PgPool, runMigrations } from 'bullmq';
import { Pool } from 'pg';
import { type LaneConnection, type LaneLog, queueTimeoutMs } from './connection.ts';

/**
 * Connections of a process's queue pool. Both lanes' workers and both lanes' events each hold one for LISTEN, so four
 * are left for queries at most; half a process (`errand api`, one lane) needs fewer, and idle ones are closed.
 */
const maxConnections = 8;

/**
 * Opens the one pool that all queues and workers of a process share; BullMQ on its own would open about 14 connections.
 *
 * @param url a direct URL of PostgreSQL: LISTEN does not work through a pooler in transaction mode
 */
export function openQueuePool(url: string, log: Pick<LaneLog, 'warn'>): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'errand queue',
    // BullMQ's statements name its tables without a schema.
    options: `-c search_path=${DEFAULT_SCHEMA}`,
    max: maxConnections,
    // Without this, a query waits for ever while PostgreSQL is away.
    connectionTimeoutMillis: queueTimeoutMs,
    keepAlive: true,
  });
  // Each BullMQ backend adds a listener of its own and never takes it away.
  pool.setMaxListeners(0);
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn('queue.connection-lost', { error }, 'Lost a queue connection');
  });
  return pool;
}

/** Closing a connection takes a round trip; one to a server that went silent is left alone after so long. */
const closeMs = 1_000;

/**
 * Ends the pool when the server has let go of its connections. `Pool.end` resolves before that, and a server that is
 * stopped next would break them: BullMQ's backends still listen to the pool, and each would report it.
 */
export async function endQueuePool(pool: Pool): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    let left = pool.totalCount;
    if (left === 0) resolve();
    pool.on('remove', () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
  await pool.end();
  await Promise.race([gone, delay(closeMs, undefined, { ref: false })]);
}

/** The pool as BullMQ's types have it: they describe node-postgres by hand, and its overloaded `on` does not fit them. */
export function asBullPool(pool: Pool): PgPool {
  return pool as unknown as PgPool;
}

/**
 * Creates or updates BullMQ's own schema. Nothing else does: queues and workers refuse to run on an old one. Safe to run
 * twice and from several processes at the same time, for BullMQ takes an advisory lock. Redis needs none.
 */
export async function migrateQueue(connection: LaneConnection): Promise<void> {
  if (connection.kind === 'redis') return;
  const client = await connection.pool.connect();
  try {
    await runMigrations(client, DEFAULT_SCHEMA);
  } finally {
    client.release();
  }
}

/** Does the database have BullMQ's schema in the version that this process works with? */
export async function isQueueMigrated(connection: LaneConnection): Promise<boolean> {
  if (connection.kind === 'redis') return true;
  const { rows } = await connection.pool.query<{ ledger: string | null }>({
    text: 'select to_regclass($1) as ledger',
    values: [`${DEFAULT_SCHEMA}.migration`],
  });
  if (rows[0]?.ledger === null) return false;
  const found = await connection.pool.query<{ version: number }>(
    `select coalesce(max(version), 0)::int as version from ${DEFAULT_SCHEMA}.migration`,
  );
  return (found.rows[0]?.version ?? 0) >= LATEST_SCHEMA_VERSION;
}
