import type { Config, Environment } from '../platform/config.ts';
import { obtainAdminKey, obtainSecretKeys, prepareDataDir } from '../platform/data-dir.ts';
import { NoEmbeddedPostgres, startEmbeddedPostgres } from '../platform/embedded-postgres.ts';
import { holdDataDir } from '../platform/hold-data-dir.ts';
import { type Service, service } from '../platform/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import { CannotStart } from './cannot-start.ts';
import type { ReadyConfig } from './core.ts';
import { startLaneProcesses } from './lane-processes.ts';
import { requireFreeAddress } from './listening.ts';
import { portOf } from './own-services.ts';
import { migrateAll, waitForSessions } from './prepare.ts';
import { openProcessMeters } from './process-meters.ts';
import { apiService, checkRedis, run } from './roles.ts';
import { startTracing, tracingService } from './tracing.ts';

export type UpOptions = {
  /** Done when everything runs, e.g. the demo; what it returns is stopped first. `end` asks for the end of it all. */
  whenReady?: (running: { url: string; adminKey: string }, end: () => void) => Promise<{ stop(): Promise<void> }>;
};

/** `errand up`: everything on one machine, on embedded defaults where nothing is set. */
export async function runUp(config: Config, env: Environment, log: Log, options: UpOptions = {}): Promise<number> {
  await prepareDataDir(config.dataDir);
  const hold = await holdDataDir(config.dataDir);
  try {
    await requireFreeAddress(config);
    const adminKey = config.adminKey ?? (await obtainAdminKey(config.dataDir));
    const given = config.secretKeys;
    const secretKeys = given.length > 0 ? given : await obtainSecretKeys(config.dataDir);
    let ready: ReadyConfig = {
      ...config,
      adminKey,
      secretKeys,
      databaseUrl: config.databaseUrl ?? '',
      directUrl: config.directUrl ?? '',
    };

    const embedded = service('embedded', async (keep) => {
      const started = await startEmbeddedPostgres({ dataDir: config.dataDir, log, keep }).catch((error: unknown) => {
        throw error instanceof NoEmbeddedPostgres ? new CannotStart(error.message) : error;
      });
      ready = { ...ready, databaseUrl: started.url, directUrl: started.url };
      return started;
    });
    let lanes: ReturnType<typeof startLaneProcesses> | null = null;
    const meters = openProcessMeters('api', ['api', 'database']);
    const tracing = await startTracing(log, env);
    const others = async () => (await lanes?.meters()) ?? [];
    const api = apiService(() => ready, log, { meters, others, tracing });
    const database = service('database', async ({ signal }) => {
      await waitForSessions(ready, log, signal);
      if (!signal.aborted) await migrateAll(ready, log);
      return { stop: async () => undefined };
    });
    const workers = service('workers', async () => {
      lanes = startLaneProcesses(childEnvironment(env, ready, api.url()), log);
      await lanes.ready;
      return lanes;
    });
    const { whenReady } = options;
    const services: Service[] = [tracingService(tracing), checkRedis(config, log)];
    if (config.databaseUrl === null) services.push(embedded);
    services.push(api.service, database, workers);
    if (whenReady !== undefined) {
      services.push(service('demo', () => whenReady({ url: api.url(), adminKey }, endProcess)));
    }
    return await run(services, log, () => ({ role: 'up', url: api.url() }));
  } finally {
    await hold.release();
  }
}

/** As if somebody had pressed Ctrl-C: what `demo --once` asks for. */
function endProcess(): void {
  process.kill(process.pid, 'SIGTERM');
}

/** What the lanes' processes get: the user's environment, and what `up` made or picked where that left it out. */
function childEnvironment(env: Environment, config: ReadyConfig, apiUrl: string): Environment {
  return {
    ...env,
    // Their meters are told by the API: both would take the same port.
    ERRAND_METRICS_PORT: undefined,
    PORT: String(portOf(apiUrl)),
    DATABASE_URL: config.databaseUrl,
    ERRAND_SECRET_KEYS: config.secretKeys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(','),
  };
}
