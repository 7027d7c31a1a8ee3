import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { Lane } from '../../../src/contract/lane.ts';
import { startEmbeddedPostgres } from '../../../src/platform/embedded-postgres.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { type ErrandProcess, runErrand, startErrand } from '../../support/errand.ts';
import { freePort } from '../../support/ports.ts';
import { type OwnRedis, ownRedis } from '../../support/services/own-redis.ts';
import { removeData, serverLogOf } from '../../support/services/postgres.ts';
import { type Customer, startCustomer } from './customer.ts';

/** One of Errand's processes; when a fault ended it, the same place gets another one. */
export type Place = {
  name: string;
  role: 'api' | Lane;
  process: ErrandProcess;
  /** Ends it by a signal and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Ends whatever was started here. */
  close(): Promise<void>;
  /** Another one, whose clock is wrong by so much. Resolves when it is ready, or when it ended. */
  start(clockShiftMs: number): Promise<void>;
};

/** Errand as it is deployed, with servers of its own that may be broken in any way. */
export type World = {
  backend: 'redis' | 'postgres';
  url: string;
  adminKey: string;
  /** Connections to Errand's database that are not Errand's: some faults spare them. */
  beside: pg.ClientConfig;
  /** Of a pool beside Errand's; breaks whenever the server does. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  redis: OwnRedis | null;
  customer: Customer;
  places: readonly Place[];
  /** Processes that ended although nobody ended them. */
  unexpected: string[];
  /** What PostgreSQL says of processes of its own that crashed, but for those that were killed. */
  crashes(): Promise<string[]>;
  stop(): Promise<void>;
};

const roles: [string, Place['role']][] = [
  ['api', 'api'],
  ['interactive', 'interactive'],
  ['batch 1', 'batch'],
  ['batch 2', 'batch'],
];
const clock = new URL('shifted-clock.mjs', import.meta.url).href;

export async function startWorld(backend: World['backend']): Promise<World> {
  const directory = await mkdtemp(path.join(tmpdir(), `errand-faults-${process.pid}-`));
  const postgres = await startEmbeddedPostgres({ dataDir: directory, log: silentLog, durable: false });
  const redis = backend === 'redis' ? await ownRedis.start() : null;
  const customer = await startCustomer();
  const port = await freePort();
  const env: Record<string, string> = {
    DATABASE_URL: postgres.url,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    PORT: String(port),
    ERRAND_ADMIN_KEY: randomBytes(24).toString('base64url'),
    ERRAND_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ERRAND_EGRESS_ALLOW: '127.0.0.1',
    ERRAND_CONCURRENCY_BATCH: '16',
    ERRAND_CONCURRENCY_INTERACTIVE: '16',
  };
  const migrated = await runErrand(['migrate'], env);
  if (migrated.code !== 0) throw new Error(`errand migrate failed: ${migrated.stderr}`);
  const beside = {
    connectionString: postgres.url,
    application_name: 'faults',
    options: '-c default_transaction_read_only=off',
  };
  const pool = openPool(beside);
  const unexpected: string[] = [];
  const places = roles.map(([name, role]) => openPlace(name, role, env, unexpected));
  await Promise.all(places.map((place) => place.start(0)));
  return {
    backend,
    url: `http://127.0.0.1:${port}`,
    adminKey: env.ERRAND_ADMIN_KEY ?? '',
    beside,
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    redis,
    customer,
    places,
    unexpected,
    crashes: async () => (await serverLogOf(directory)).match(/.*terminated by signal (?!9\b)\d+.*/g) ?? [],
    async stop() {
      await Promise.all(places.map((place) => place.close()));
      await customer.close();
      await pool.end();
      await redis?.stop();
      await postgres.stop();
      await removeData(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function openPool(beside: pg.ClientConfig): pg.Pool {
  const pool = new pg.Pool({ ...beside, max: 3, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  return pool;
}

function openPlace(name: string, role: Place['role'], env: Record<string, string>, unexpected: string[]): Place {
  let ending = false;
  /** Two faults at a time may start another process each. */
  const started: ErrandProcess[] = [];
  const spawn = (clockShiftMs: number): ErrandProcess => {
    ending = false;
    const shifted =
      clockShiftMs === 0 ? {} : { NODE_OPTIONS: `--import=${clock}`, TEST_CLOCK_SHIFT_MS: String(clockShiftMs) };
    const process = startErrand(role === 'api' ? ['api'] : ['worker', '--lane', role], { ...env, ...shifted });
    started.push(process);
    void process.exited.then(([code, signal]) => {
      if (ending) return;
      unexpected.push(
        `${name} ended (${code ?? signal}): ${process.output().trim().split('\n').slice(-3).join(' | ')}`,
      );
    });
    return process;
  };
  const place: Place = {
    name,
    role,
    process: null as never,
    async end(signal) {
      ending = true;
      await place.process?.kill(signal);
    },
    async close() {
      ending = true;
      await Promise.all(started.map((each) => each.kill('SIGKILL')));
    },
    async start(clockShiftMs) {
      place.process = spawn(clockShiftMs);
      await place.process.event('ready').catch(() => undefined);
    },
  };
  return place;
}
