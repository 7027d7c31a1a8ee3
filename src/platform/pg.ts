import pg from 'pg';
import type { Log } from './log.ts';
import { isUnavailable, reasonOf } from './pg-errors.ts';
import { adaptToPooler, pooledClient } from './pg-pooled.ts';
import { pause } from './pg-session.ts';
import { redactUrl } from './redact-url.ts';

export { isTransient, isUnavailable, isUnmigrated } from './pg-errors.ts';
export { type LeaderOptions, openLeader } from './pg-leader.ts';
export { openListener } from './pg-listener.ts';
export { sharesSessions } from './pg-pooled.ts';

export type PoolOptions = {
  url: string;
  /** The most connections; PostgreSQL's default `max_connections` of 100 is shared by all processes. */
  max: number;
  /** In `pg_stat_activity`, e.g. `errand-api`. */
  applicationName: string;
  log: Log;
  /**
   * Longest that one statement may take, for pools whose callers wait for an answer (the API). The client waits a little
   * longer than the server, for a server that is gone without a word. Default: no bound.
   */
  statementTimeoutMs?: number;
  /** The URL leads through a pooler in transaction mode: nothing may be kept in a session. Default: no. */
  pooled?: boolean;
};

/** Connecting takes milliseconds; what takes longer is a database that is away, and callers want to know. */
const connectTimeoutMs = 5_000;
/** A process that was frozen in the middle of a transaction must not hold its locks for ever. */
const idleInTransactionMs = 60_000;
const clientGraceMs = 2_000;

/**
 * A pool whose idle connections may break without ending the process, and whose `bigint` columns are numbers where a
 * number can hold them exactly, and otherwise text, as the driver has it.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const { url, max, applicationName, log, statementTimeoutMs, pooled = false } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    ...(pooled ? throughPooler(statementTimeoutMs, log) : inSession(statementTimeoutMs)),
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
    ...(statementTimeoutMs === undefined ? {} : { query_timeout: statementTimeoutMs + clientGraceMs }),
  });
  // Without a listener, a restart of PostgreSQL ends the process. The pool drops the connection by itself; while it is
  // being closed, a server that stops at the same time is no news.
  pool.on('error', (error) => {
    if (pool.ending) return;
    log.warn('database.connection-lost', { pool: applicationName, reason: reasonOf(error) });
  });
  return pool;
}

/** What is said once, when the session begins. */
function inSession(statementTimeoutMs: number | undefined): pg.PoolConfig {
  return {
    idle_in_transaction_session_timeout: idleInTransactionMs,
    onConnect: async (client) => void (await client.query(noPruning)),
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: statementTimeoutMs }),
  };
}

function throughPooler(statementTimeoutMs: number | undefined, log: Log): pg.PoolConfig {
  const Client = pooledClient({ statementTimeoutMs, idleInTransactionMs });
  return { Client, onConnect: (client) => adaptToPooler(client as InstanceType<typeof Client>, log) };
}

/**
 * PostgreSQL 18 (to 18.4 at least) keeps what it needs for pruning partitions during execution once per statement, and
 * makes it anew when a row that is to be locked or updated was changed meanwhile: rows are then missed, or the server
 * crashes. So partitions are not pruned there; each is looked at by its index instead. See docs/adr/0015.
 */
const noPruning = `select set_config('enable_partition_pruning', 'off', false)
  where current_setting('server_version_num')::int >= 180000`;

const int8 = pg.types.builtins.INT8;

function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === int8 && format !== 'binary') return parseInt8;
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
}

export function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** Where the driver connects to for this URL; a socket in the file system is a server of this machine. */
export function databaseAddress(url: string): { host: string; port: number } {
  const { host, port } = new pg.Client({ connectionString: url });
  return { host: host.startsWith('/') ? 'localhost' : host, port };
}

/** The role that this URL signs in with. */
export const databaseUser = (url: string): string => new pg.Client({ connectionString: url }).user ?? '';

/** `server_version_num` of PostgreSQL 14, the oldest that works (contract §2). */
const oldestVersion = 140_000;
const waitRetryMs = 2_000;

/**
 * Resolves when the database answers; while it is away, says so every 2 s. Resolves, too, when `signal` fires.
 *
 * @throws Error when waiting cannot help: a wrong password, no such database, a PostgreSQL that is too old.
 */
export async function waitForDatabase(url: string, options: { log: Log; signal?: AbortSignal }): Promise<void> {
  const signal = options.signal ?? new AbortController().signal;
  while (!signal.aborted) {
    try {
      await checkVersion(url);
      return;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      const fields = { database: redactUrl(url), reason: reasonOf(error) };
      options.log.warn('database.unreachable', fields, 'PostgreSQL does not answer; tries again in 2 s');
      await pause(waitRetryMs, signal);
    }
  }
}

async function checkVersion(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: connectTimeoutMs,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ number: number; version: string }>(
      "select current_setting('server_version_num')::int as number, current_setting('server_version') as version",
    );
    const [row] = rows;
    if (row === undefined || row.number >= oldestVersion) return;
    throw new Error(`${redactUrl(url)} is PostgreSQL ${row.version}; Errand needs 14 or newer`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
