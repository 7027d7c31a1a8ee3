import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';
import { createLog } from '../src/platform/log.ts';
import { freePort } from '../test/support/ports.ts';
import { noRedisProgram, redisProgram, runRedis } from '../test/support/services/redis.ts';
import { type Part, startPart } from './part.ts';

/** The servers that everything is measured on: of the benchmark's own, on loopback, each a process. */
export type Machine = {
  databaseUrl: string;
  /** A database beside Errand's, for the worker that is written by hand. */
  byHandDatabaseUrl: string;
  redisUrl: string;
  endpointUrl: string;
  /** What it is all measured on, for the table. */
  description: Record<string, string>;
  stop(): Promise<void>;
};

export async function startMachine(): Promise<Machine> {
  const program = redisProgram();
  if (program === null) throw new Error(`The benchmark needs Redis: ${noRedisProgram}`);
  const directory = await mkdtemp(path.join(tmpdir(), 'errand-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (let each = stops.pop(); each !== undefined; each = stops.pop()) await each();
  };
  try {
    const log = createLog({ level: 'warn', destination: 2 });
    // Durable, as in production: commits wait for the disk.
    const postgres = await startEmbeddedPostgres({ dataDir: path.join(directory, 'postgres'), log });
    stops.push(postgres.stop);
    const port = await freePort();
    const persistence = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
    const place = ['--port', String(port), '--dir', directory];
    const redis = await runRedis(program, [...place, ...persistence, '--maxmemory-policy', 'noeviction']);
    stops.push(redis.kill);
    const redisUrl = `redis://127.0.0.1:${port}`;
    const endpoint: Part<{ url: string }, null> = await startPart('endpoint');
    stops.push(endpoint.stop);
    return {
      databaseUrl: postgres.url,
      byHandDatabaseUrl: await createDatabase(postgres.url, 'by_hand'),
      redisUrl,
      endpointUrl: endpoint.ready.url,
      description: await describe(postgres.url, redisUrl),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createDatabase(url: string, name: string): Promise<string> {
  await withClient(url, (client) => client.query(`create database ${pg.escapeIdentifier(name)}`));
  const created = new URL(url);
  created.pathname = `/${name}`;
  return created.href;
}

/** One connection for as long as `work` runs. */
export async function withClient<Answer>(url: string, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function describe(databaseUrl: string, redisUrl: string): Promise<Record<string, string>> {
  const { rows } = await withClient(databaseUrl, (client) => client.query('show server_version'));
  const redis = new Redis(redisUrl);
  const info = await redis.info('server');
  redis.disconnect();
  const [processor] = cpus();
  return {
    machine: `${cpus().length} × ${processor?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB`,
    node: process.version,
    postgresql: `${rows[0].server_version} (embedded, fsync on)`,
    redis: `${/^redis_version:(.+)$/m.exec(info)?.[1]?.trim()} (AOF every second)`,
  };
}
