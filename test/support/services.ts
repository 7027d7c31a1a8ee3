import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/migrate.ts';
import { summary } from './run-summary.ts';
import { dockerProblem } from './services/docker.ts';
import { noPgBouncer, pgBouncerProgram, pgBouncerVersion } from './services/own-pgbouncer.ts';
import { acquirePostgres } from './services/postgres.ts';
import { acquireRedis, noRedisProgram, redisProgram } from './services/redis.ts';
import type { Attempt, Service } from './services/service.ts';
import { missingVersions, type Servers, usual } from './services/versions.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database of the server on which test databases are made. */
    postgresUrl: string;
    /** Has the migrations applied; test databases are its clones, and their names begin with its own. */
    templateDatabase: string;
    /** Which of the versions that tests run on these are (services/versions.ts). */
    servers: Servers['name'];
    /** `null`: this machine has no Redis. */
    redisUrl: string | null;
  }
}

type Services = { postgres: Service; redis: Service | null; template: string };

/** Vitest loads this module once per project that names it, but the servers are the run's. */
const key = Symbol.for('errand.test-services');
type Shared = { services: Promise<Services>; users: number };
const holder = globalThis as { [key]?: Map<string, Shared> };
holder[key] ??= new Map();
const running = holder[key];

/** Vitest's global setup of the projects whose tests need PostgreSQL or Redis. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, usual);
}

/** Gives a project's tests servers of these versions; projects that want the same ones share them. */
export async function provideServers(project: TestProject, servers: Servers): Promise<() => Promise<void>> {
  const shared = running.get(servers.name) ?? { services: acquire(servers), users: 0 };
  running.set(servers.name, shared);
  shared.users += 1;
  const { postgres, redis, template } = await shared.services;
  project.provide('servers', servers.name);
  project.provide('postgresUrl', postgres.url);
  project.provide('templateDatabase', template);
  project.provide('redisUrl', redis?.url ?? null);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    running.delete(servers.name);
    await dropDatabases(postgres.url, template);
    await Promise.all([postgres.stop(), redis?.stop()]);
  };
}

async function acquire(servers: Servers): Promise<Services> {
  const docker = await dockerProblem();
  const [postgres, redis] = await Promise.all([acquirePostgres(servers, docker), acquireRedis(servers, docker)]);
  const services = [postgres, redis].flatMap((attempt) => ('service' in attempt ? [attempt.service] : []));
  const on = servers.title === '' ? '' : `, for ${servers.title}`;
  try {
    if ('why' in postgres) throw new Error(`No PostgreSQL for the tests${on}: ${postgres.why}`);
    const { service } = postgres;
    summary.lines.push(`PostgreSQL${on}: ${await postgresVersion(service.url)} (${service.from})`);
    await tellRedis(redis, on);
    if (servers.name === 'usual') {
      await tellMissing();
      refuseMissing(redis);
    }
    return {
      postgres: service,
      redis: 'service' in redis ? redis.service : null,
      template: await makeTemplate(service.url),
    };
  } catch (error) {
    await Promise.all(services.map((service) => service.stop()));
    throw error;
  }
}

async function tellRedis(redis: Attempt, on: string): Promise<void> {
  if ('why' in redis) {
    summary.lines.push(`Redis suites${on} did not run: ${redis.why}`);
    return;
  }
  summary.lines.push(`Redis${on}: ${await redisVersion(redis.service.url)} (${redis.service.from})`);
}

async function tellMissing(): Promise<void> {
  if (redisProgram() === null) {
    summary.lines.push(`Suites that empty or restart Redis did not run: ${noRedisProgram}`);
  }
  summary.lines.push(pgBouncerProgram() === null ? `PgBouncer suites did not run: ${noPgBouncer}` : pgBouncerVersion());
  for (const { servers, why } of await missingVersions()) {
    summary.lines.push(`Suites on ${servers.title} did not run: ${why}`);
  }
}

const requirable = ['postgres', 'redis', 'chromium', 'shell', 'older-node', 'compose'];

/** `ERRAND_TEST_REQUIRE=postgres,redis,chromium,shell`: a machine that should have them must not pass without. */
function refuseMissing(redis: Attempt): void {
  const required = (process.env.ERRAND_TEST_REQUIRE ?? '').split(',').map((name) => name.trim());
  const unknown = required.find((name) => name !== '' && !requirable.includes(name));
  if (unknown !== undefined) {
    throw new Error(`ERRAND_TEST_REQUIRE names "${unknown}"; it knows ${requirable.join(', ')}`);
  }
  if (required.includes('redis') && 'why' in redis) {
    throw new Error(`ERRAND_TEST_REQUIRE names redis, and there is none: ${redis.why}`);
  }
}

async function makeTemplate(url: string): Promise<string> {
  const name = `errand_test_${randomBytes(5).toString('hex')}`;
  await query(url, `create database ${pg.escapeIdentifier(name)}`);
  const template = new URL(url);
  template.pathname = `/${name}`;
  await migrate(template.href);
  return name;
}

/** What tests that were killed or forgot to drop have left, and the template. */
async function dropDatabases(url: string, template: string): Promise<void> {
  const rows = await query(url, 'select datname as name from pg_database where starts_with(datname, $1)', [template]);
  for (const { name } of rows) await query(url, `drop database ${pg.escapeIdentifier(String(name))} with (force)`);
}

async function postgresVersion(url: string): Promise<string> {
  const [row] = await query(url, 'select version() as version');
  return String(row?.version);
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000 });
  redis.on('error', () => undefined);
  try {
    const info = await redis.info('server');
    const valkey = /^valkey_version:(.+)$/m.exec(info)?.[1]?.trim();
    return valkey === undefined ? `Redis ${/^redis_version:(.+)$/m.exec(info)?.[1]?.trim()}` : `Valkey ${valkey}`;
  } finally {
    redis.disconnect();
  }
}

async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
