import { type Lane, lanes } from '../contract/lane.ts';
import type { Config, Environment } from '../platform/config.ts';
import { obtainAdminKey, obtainSecretKeys, prepareDataDir } from '../platform/data-dir.ts';
import { startEmbeddedPostgres } from '../platform/embedded-postgres.ts';
import { holdDataDir } from '../platform/hold-data-dir.ts';
import { runServices, type Service, service } from '../platform/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import { waitForDatabase } from '../platform/pg.ts';
import { redisProblem } from '../platform/redis.ts';
import { startApi } from './api.ts';
import { CannotStart } from './cannot-start.ts';
import type { ReadyConfig } from './core.ts';
import { startLaneProcesses } from './lane-processes.ts';
import { migrateAll, waitForSchema } from './prepare.ts';
import { startWorker } from './worker.ts';

/** `errand api`: resolves with the exit code when it was asked to stop. */
export async function runApi(config: Config, log: Log): Promise<number> {
  const ready = requireReady(config);
  let url = '';
  const api = service('api', async ({ signal }) => {
    await waitForSchema(ready, log, signal);
    const started = await startApi(ready, log);
    url = started.url;
    return started;
  });
  return run([checkRedis(config, log), api], log, () => ({ role: 'api', url }));
}

/**
 * `errand worker`: one lane, or both in one process.
 *
 * @param parent the process that started it, if that was `errand up`: told when it is ready, and its end is the worker's
 */
export async function runWorker(
  config: Config,
  lane: Lane | undefined,
  log: Log,
  parent: Parent | null,
): Promise<number> {
  const ready = requireReady(config);
  const served = lane === undefined ? lanes : [lane];
  const workers = served.map((each) =>
    service(`worker-${each}`, async ({ signal, fail }) => {
      parent?.onGone(() => fail(new Error('the process that started this worker is gone')));
      await waitForSchema(ready, log, signal);
      return startWorker(ready, each, log);
    }),
  );
  try {
    return await run([checkRedis(config, log), ...workers], log, () => {
      parent?.tellReady();
      return { role: 'worker', lanes: served };
    });
  } finally {
    parent?.leave();
  }
}

export type Parent = {
  tellReady(): void;
  onGone(listener: () => void): void;
  /** Closes the channel, which would keep this process alive. */
  leave(): void;
};

export type UpOptions = {
  /** Done when everything runs, e.g. the demo; what it returns is stopped first. `end` asks for the end of it all. */
  whenReady?: (running: { url: string; adminKey: string }, end: () => void) => Promise<{ stop(): Promise<void> }>;
};

/** `errand up`: everything on one machine, on embedded defaults where nothing is set. */
export async function runUp(config: Config, env: Environment, log: Log, options: UpOptions = {}): Promise<number> {
  await prepareDataDir(config.dataDir);
  const hold = await holdDataDir(config.dataDir);
  try {
    const adminKey = config.adminKey ?? (await obtainAdminKey(config.dataDir));
    const given = config.secretKeys;
    const secretKeys = given.length > 0 ? given : await obtainSecretKeys(config.dataDir);
    let ready: ReadyConfig = { ...config, adminKey, secretKeys, databaseUrl: config.databaseUrl ?? '' };
    let url = '';
    const database = service('database', async ({ signal }) => {
      const embedded =
        config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null;
      if (embedded !== null) ready = { ...ready, databaseUrl: embedded.url };
      try {
        await waitForDatabase(ready.databaseUrl, { log, signal });
        if (!signal.aborted) await migrateAll(ready, log);
      } catch (error) {
        await embedded?.stop();
        throw error;
      }
      return { stop: async () => embedded?.stop() };
    });
    const api = service('api', async () => {
      const started = await startApi(ready, log);
      url = started.url;
      return started;
    });
    const workers = service('workers', async () => {
      const processes = startLaneProcesses(childEnvironment(env, ready), log);
      await processes.ready;
      return processes;
    });
    const { whenReady } = options;
    const last = whenReady === undefined ? [] : [service('demo', () => whenReady({ url, adminKey }, endProcess))];
    const services = [checkRedis(config, log), database, api, workers, ...last];
    return await run(services, log, () => ({ role: 'up', url }));
  } finally {
    await hold.release();
  }
}

/** `errand migrate`. */
export async function runMigrate(config: Config, log: Log): Promise<void> {
  const { databaseUrl, redisUrl } = requireReady(config);
  await waitForDatabase(databaseUrl, { log });
  await migrateAll({ databaseUrl, redisUrl }, log);
  log.info('migrated', {}, 'The database is up to date');
}

/** As if somebody had pressed Ctrl-C: what `demo --once` asks for. */
function endProcess(): void {
  process.kill(process.pid, 'SIGTERM');
}

async function run(services: readonly Service[], log: Log, ready: () => object): Promise<number> {
  let refusal: CannotStart | null = null;
  const watched = services.map((each) => ({
    ...each,
    start: async (context: Parameters<Service['start']>[0]) => {
      try {
        await each.start(context);
      } catch (error) {
        if (error instanceof CannotStart) refusal = error;
        throw error;
      }
    },
  }));
  const code = await runServices(watched, { log, ready: () => ({ ...ready() }) });
  if (refusal !== null) throw refusal;
  return code;
}

/** What the lanes' processes get: the user's environment, and what `up` made where that left it out. */
function childEnvironment(env: Environment, config: ReadyConfig): Environment {
  return {
    ...env,
    DATABASE_URL: config.databaseUrl,
    ERRAND_SECRET_KEYS: config.secretKeys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(','),
  };
}

function requireReady(config: Config): ReadyConfig {
  const { databaseUrl } = config;
  if (databaseUrl === null) throw new Error('the configuration was checked for another role');
  return { ...config, databaseUrl };
}

/** Says what is wrong with Redis; one that is away is waited for by the queues themselves. */
function checkRedis({ redisUrl }: Config, log: Log): Service {
  return service('redis', async () => {
    if (redisUrl !== null) {
      const problem = await redisProblem(redisUrl).catch(() => 'It does not answer; keeps trying.');
      if (problem !== null) log.warn('redis.problem', { problem }, problem);
    }
    return { stop: async () => undefined };
  });
}
