import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { GenericContainer, Wait } from 'testcontainers';
import type { Brought } from '../../../src/platform/embedded-binaries.ts';
import { startEmbeddedPostgres } from '../../../src/platform/embedded-postgres.ts';
import { createLog } from '../../../src/platform/log.ts';
import { type Attempt, firstOf, messageOf } from './service.ts';
import type { Servers } from './versions.ts';

/** PostgreSQL for the run: the one that was named, else a container, else the embedded one. */
export function acquirePostgres(servers: Servers, dockerProblem: string | null): Promise<Attempt> {
  const ways = [() => container(`postgres:${servers.postgres}`, dockerProblem), () => embedded(servers.postgres)];
  return firstOf(servers.name === 'usual' ? [named, ...ways] : ways);
}

async function named(): Promise<Attempt> {
  const url = process.env.ERRAND_TEST_DATABASE_URL;
  if (url === undefined || url === '') return { why: 'ERRAND_TEST_DATABASE_URL is not set' };
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // Asked for by name: tests on something else would not be what was wanted.
  await client.connect().catch((cause: unknown) => {
    throw new Error(`ERRAND_TEST_DATABASE_URL cannot be connected to: ${messageOf(cause)}`, { cause });
  });
  await client.end();
  return { service: { url, from: 'ERRAND_TEST_DATABASE_URL', stop: async () => undefined } };
}

async function container(image: string, dockerProblem: string | null): Promise<Attempt> {
  if (dockerProblem !== null) return { why: dockerProblem };
  try {
    const running = await new GenericContainer(image)
      .withEnvironment({ POSTGRES_USER: 'errand', POSTGRES_PASSWORD: 'errand', POSTGRES_DB: 'errand' })
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
      .withExposedPorts(5432)
      // Once for the server that initialises, once for the one that stays.
      .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
      .start();
    const url = `postgres://errand:errand@${running.getHost()}:${running.getMappedPort(5432)}/errand`;
    return { service: { url, from: `container ${image}`, stop: () => running.stop().then(() => undefined) } };
  } catch (error) {
    return { why: `the container ${image} did not start (${messageOf(error)})`, broken: true };
  }
}

const embeddedVersions: Record<string, Brought> = { '14': 'embedded-postgres-14', '18': 'embedded-postgres' };

async function embedded(major: string): Promise<Attempt> {
  const brought = embeddedVersions[major];
  if (brought === undefined) {
    return { why: `no embedded PostgreSQL ${major}, only ${Object.keys(embeddedVersions).join(' and ')}` };
  }
  const dataDir = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  try {
    const log = createLog({ level: 'error', destination: 2 });
    const server = await startEmbeddedPostgres({ dataDir, log, durable: false, brought });
    const stop = async () => {
      await server.stop();
      await removeData(dataDir);
    };
    return { service: { url: server.url, from: 'embedded', stop } };
  } catch (error) {
    await removeData(dataDir);
    return { why: `the embedded PostgreSQL did not start (${messageOf(error)})` };
  }
}

/** Where the cluster is: elsewhere, if its user may not go to the data directory (root's tests with a TMPDIR below /root). */
async function homeOf(dataDir: string): Promise<string> {
  const elsewhere = await readFile(path.join(dataDir, 'postgres-location'), 'utf8').catch(() => '');
  return elsewhere === '' ? path.join(dataDir, 'postgres') : elsewhere.trim();
}

/** What the embedded server has logged since its start. */
export async function serverLogOf(dataDir: string): Promise<string> {
  return readFile(path.join(await homeOf(dataDir), 'server.log'), 'utf8');
}

export async function removeData(dataDir: string): Promise<void> {
  await rm(await homeOf(dataDir), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
