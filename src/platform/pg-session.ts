import pg from 'pg';
import type { Log } from './log.ts';
import { reasonOf } from './pg-errors.ts';
import { redactUrl } from './redact-url.ts';

/** How long connecting and each heartbeat may take before the session counts as lost. */
const answerTimeoutMs = 5_000;
/**
 * How often an idle session is asked whether it still lives: a cut cable sends no FIN, and a listener that hears nothing
 * or a leader that no longer leads must not go on believing. 5 s + answerTimeoutMs is how late that is noticed.
 */
const heartbeatMs = 5_000;
/** Pause between attempts to connect: short, because a restarted PostgreSQL is back within seconds. */
const reconnectMs = 1_000;

export type SessionOptions = {
  url: string;
  applicationName: string;
  log: Log;
  /** Each new connection; a rejection closes it and connects again. */
  onConnected: (client: pg.Client) => Promise<void>;
  /** The connection broke; always after an `onConnected` that resolved. */
  onLost: () => void;
};

export type Session = {
  /** Closes the connection and resolves when it is closed. Repeatable. */
  stop(): Promise<void>;
};

/**
 * Keeps one dedicated connection open, for what belongs to a session: LISTEN and advisory locks. Needs a direct URL:
 * behind PgBouncer in transaction mode LISTEN is silent and two leaders hold one lock.
 */
export function keepSession(options: SessionOptions): Session {
  const stopping = new AbortController();
  const ended = run(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function run(options: SessionOptions, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    await useOneConnection(options, stopping);
    await pause(reconnectMs, stopping);
  }
}

async function useOneConnection(options: SessionOptions, stopping: AbortSignal): Promise<void> {
  const { url, applicationName, log } = options;
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: answerTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
  });
  const broken = new AbortController();
  let reason = 'connection closed';
  client.on('error', (error) => {
    reason = reasonOf(error);
    broken.abort();
  });
  client.on('end', () => broken.abort());
  let connected = false;
  try {
    await client.connect();
    await options.onConnected(client);
    connected = true;
    await watch(client, AbortSignal.any([stopping, broken.signal]));
  } catch (error) {
    reason = reasonOf(error);
  } finally {
    if (connected) options.onLost();
    if (!stopping.aborted)
      log.warn('database.session-lost', { session: applicationName, database: redactUrl(url), reason });
    await close(client);
  }
}

/** Resolves when `until` fires; rejects when a heartbeat is not answered. */
async function watch(client: pg.Client, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await pause(heartbeatMs, until);
    if (!until.aborted) await client.query('select 1');
  }
}

/** A connection whose other end is gone never says goodbye: after a second it is cut. */
async function close(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => client.connection.stream.destroy(), 1_000);
  await client.end().catch(() => undefined);
  clearTimeout(cut);
}

/** Resolves after `ms` or when `signal` fires, whichever is first; leaves neither timer nor listener behind. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}
