import { type Lane, lanes } from '../contract/lane.ts';
import type { Config } from '../platform/config.ts';
import { runServices, type Service, service } from '../platform/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import { reasonOf } from '../platform/pg-errors.ts';
import { redisProblem } from '../platform/redis.ts';
import type { ApiPorts, RunningApi } from './api.ts';
import { CannotStart } from './cannot-start.ts';
import type { ReadyConfig } from './core.ts';
import { migrateAll, waitForSchema, waitForSessions } from './prepare.ts';
import { openProcessMeters } from './process-meters.ts';
import { startTracing, tracingService } from './tracing.ts';

// Each role loads its own modules when it starts: a worker needs no HTTP server's, the API none of a worker's.

/** `errand api`: resolves with the exit code when it was asked to stop. */
export async function runApi(config: Config, log: Log): Promise<number> {
  const ready = requireReady(config);
  const tracing = await startTracing(log);
  const api = apiService(() => ready, log, { meters: openProcessMeters('api', ['api', 'database']), tracing });
  const database = service('database', async ({ signal }) => {
    await waitForSchema(ready, log, signal);
    if (!signal.aborted) await api.requireAdmin();
    return { stop: async () => undefined };
  });
  return run([tracingService(tracing), checkRedis(config, log), api.service, database], log, () => ({
    role: 'api',
    url: api.url(),
  }));
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
  const meters = openProcessMeters(lane === undefined ? 'worker' : `worker-${lane}`, ['worker']);
  parent?.onAsked(() => meters.text());
  const tracing = await startTracing(log);
  const { metricsPort } = ready;
  const metricsServer = service('metrics', async () => {
    if (metricsPort === null) return { stop: async () => undefined };
    const { startMetricsServer } = await import('./metrics-server.ts');
    return startMetricsServer({ ...ready, metricsPort }, meters, log);
  });
  const workers = served.map((each) =>
    service(`worker-${each}`, async ({ signal, fail }) => {
      parent?.onGone(() => fail(new Error('the process that started this worker is gone')));
      await waitForSchema(ready, log, signal);
      const { startWorker } = await import('./worker.ts');
      return startWorker(ready, each, log, { meters, tracing });
    }),
  );
  try {
    return await run([tracingService(tracing), checkRedis(config, log), metricsServer, ...workers], log, () => {
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
  /** Answers its question for this process's meters. */
  onAsked(text: () => Promise<string>): void;
  /** Closes the channel, which would keep this process alive. */
  leave(): void;
};

/** `errand migrate`. */
export async function runMigrate(config: Config, log: Log): Promise<void> {
  const ready = requireReady(config);
  await waitForSessions(ready, log);
  await migrateAll(ready, log);
  log.info('migrated', {}, 'The database is up to date');
}

/** The API as a service: it listens before the database is there, so that `/readyz` can say what is missing. */
export function apiService(config: () => ReadyConfig, log: Log, ports: ApiPorts) {
  let running: RunningApi | null = null;
  const started = () => {
    if (running === null) throw new Error('the API has not been started');
    return running;
  };
  return {
    service: service('api', async () => {
      const { startApi } = await import('./api.ts');
      running = await startApi(config(), log, ports);
      log.info('api.listening', { url: running.url });
      return running;
    }),
    url: () => started().url,
    requireAdmin: () => started().requireAdmin(),
  };
}

/** Runs services to their end; what they cannot start with is the caller's to tell. */
export async function run(services: readonly Service[], log: Log, ready: () => object): Promise<number> {
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

function requireReady(config: Config): ReadyConfig {
  const { databaseUrl, directUrl } = config;
  if (databaseUrl === null || directUrl === null) throw new Error('the configuration was checked for another role');
  return { ...config, databaseUrl, directUrl };
}

/** Says what is wrong with Redis; one that is away is waited for by the queues themselves. */
export function checkRedis({ redisUrl }: Config, log: Log): Service {
  return service('redis', async () => {
    if (redisUrl !== null) {
      const away = (error: unknown) => `Redis does not answer (${reasonOf(error)}); keeps trying.`;
      const problem = await redisProblem(redisUrl).catch(away);
      if (problem !== null) log.warn('redis.problem', { problem }, problem);
    }
    return { stop: async () => undefined };
  });
}
