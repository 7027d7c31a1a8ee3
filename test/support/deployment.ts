import { randomBytes } from 'node:crypto';
import { createHttpClient, type HttpClient } from '../../src/client/http.ts';
import { hasEnded, type Invocation } from '../../src/contract/invocation.ts';
import type { Lane } from '../../src/contract/lane.ts';
import { migrateQueue } from '../../src/lanes/queue-pool.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { type ErrandProcess, startErrand } from './errand.ts';
import type { QueueBackend } from './queues.ts';

/** Errand as a platform team runs it: an API and workers, processes of their own, on one database and queue. */
export type Deployment = {
  api: ErrandProcess;
  url: string;
  adminKey: string;
  client: HttpClient;
  database: TestDatabase;
  env: Record<string, string>;
  prefix: string;
  worker(lane: Lane): Promise<ErrandProcess>;
  /** Those that were started, killed ones too. */
  workers: readonly ErrandProcess[];
  /** Waits for the end of an invocation by asking, as a client would. */
  ended(id: string, timeoutMs?: number): Promise<Invocation>;
  /** @param before what has to go before the database, and after the processes */
  stop(before?: () => Promise<void>): Promise<void>;
};

type Variables = Record<string, string>;

/** @param extra variables, or what makes the database ready and answers some */
export async function deploy(
  backend: QueueBackend,
  extra: Variables | ((database: TestDatabase) => Promise<Variables>) = {},
): Promise<Deployment> {
  const database = await createDatabase();
  // Errand's own migrations come with the template.
  if (backend.name === 'postgres') await migrateQueue({ kind: 'postgres', pool: database.pool });
  const adminKey = randomBytes(24).toString('base64url');
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const env: Record<string, string> = {
    DATABASE_URL: database.url,
    ERRAND_ADMIN_KEY: adminKey,
    ERRAND_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ERRAND_QUEUE_PREFIX: prefix,
    ERRAND_EGRESS_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'debug',
    PORT: '0',
    ...(backend.name === 'redis' ? { REDIS_URL: backend.url } : {}),
    ...(typeof extra === 'function' ? await extra(database) : extra),
  };
  const processes: ErrandProcess[] = [];
  const workers: ErrandProcess[] = [];
  const start = async (args: string[]) => {
    const started = startErrand(args, env);
    processes.push(started);
    await started.event('ready');
    return started;
  };
  const api = await start(['api']);
  const url = (await api.event('ready')).url as string;
  const client = createHttpClient({ url, apiKey: adminKey });
  return {
    api,
    url,
    adminKey,
    client,
    database,
    env,
    prefix,
    worker: async (lane) => {
      const started = await start(['worker', '--lane', lane]);
      workers.push(started);
      return started;
    },
    workers,
    async ended(id, timeoutMs = 40_000) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const invocation = await client.getInvocation(id);
        if (hasEnded(invocation.status)) return invocation;
        if (performance.now() > until) throw new Error(`${id} did not end: ${JSON.stringify(invocation)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop(before) {
      await Promise.all(processes.map((each) => each.kill('SIGTERM')));
      await before?.();
      await database.drop();
    },
  };
}
