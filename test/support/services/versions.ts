import { embeddedPostgresVersion } from '../../../src/platform/embedded-postgres.ts';
import { dockerProblem } from './docker.ts';
import { findProgram } from './programs.ts';
import { messageOf } from './service.ts';

/** Which servers a project's tests run on. */
export type Servers = {
  /** Projects that say the same name share their servers. */
  name: 'usual' | 'oldest' | 'valkey';
  /** What the run's last lines call them. */
  title: string;
  /** PostgreSQL's major version. */
  postgres: string;
  /** The image of Redis, or of what stands in for it. */
  redis: string;
  /** Where no container can be had: what would do, in this order. */
  redisPrograms: readonly string[];
};

const redisPrograms = ['redis-server', 'valkey-server'];

/** `ERRAND_TEST_POSTGRES=14` and `ERRAND_TEST_REDIS=valkey/valkey:8` choose others, for everything. */
export const usual: Servers = {
  name: 'usual',
  title: '',
  postgres: chosen('ERRAND_TEST_POSTGRES') ?? '18',
  redis: chosen('ERRAND_TEST_REDIS') ?? 'redis:8',
  redisPrograms,
};

/** The oldest versions that Errand promises to run on, as far as they can be had. */
export const oldest: Servers = {
  name: 'oldest',
  title: 'the oldest versions',
  postgres: '14',
  redis: 'redis:7',
  redisPrograms,
};

export const valkey: Servers = {
  name: 'valkey',
  title: 'Valkey',
  postgres: '18',
  redis: 'valkey/valkey:8',
  redisPrograms: ['valkey-server'],
};

/** Whether somebody chose versions, or servers of their own: then the run is about those alone. */
const choseServers = [
  'ERRAND_TEST_POSTGRES',
  'ERRAND_TEST_REDIS',
  'ERRAND_TEST_DATABASE_URL',
  'ERRAND_TEST_REDIS_URL',
].some((name) => chosen(name) !== null);

/** Which of the other versions cannot be had here, and why. */
export async function missingVersions(): Promise<{ servers: Servers; why: string }[]> {
  if (choseServers) return [oldest, valkey].map((servers) => ({ servers, why: 'others were chosen' }));
  const docker = await dockerProblem();
  if (docker === null) return [];
  const missing: { servers: Servers; why: string }[] = [];
  const brought = await embeddedPostgresVersion('embedded-postgres-14').catch(messageOf);
  if (!brought.startsWith('14.')) missing.push({ servers: oldest, why: `${docker}; ${brought}` });
  if (findProgram(valkey.redisPrograms) === null) {
    missing.push({ servers: valkey, why: `${docker}; no ${valkey.redisPrograms.join(' or ')} on the path` });
  }
  return missing;
}

function chosen(name: string): string | null {
  const value = process.env[name];
  return value === undefined || value === '' ? null : value;
}
