import { once } from 'node:events';
import { get } from 'node:http';
import { hostname } from 'node:os';
import { type Config, isPooled, loadConfig, processEnvironment } from './platform/config.ts';

/** An API that does not answer within this is not well; the image's HEALTHCHECK gives up later. */
const answerMs = 3_000;
/** Three heartbeats missed; after five, others take a worker's rows. */
const silentMs = 6_000;

/**
 * The image's HEALTHCHECK: exits 0 if the role in this container is well. An API answers `/healthz`. A worker listens on
 * nothing, but says every 2 s in the database that it lives: that its process is there the container knows by itself,
 * that it still works only the heartbeat tells.
 */
async function isWell(config: Config): Promise<boolean> {
  const status = await healthz(config.port);
  return status === 'refused' ? workerBeats(config) : status === 200;
}

async function healthz(port: number): Promise<number | 'refused' | 'silent'> {
  const asking = get({ host: '127.0.0.1', port, path: '/healthz', timeout: answerMs });
  asking.once('timeout', () => asking.destroy(new Error('no answer')));
  try {
    const [response] = await once(asking, 'response');
    response.resume();
    return response.statusCode;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'silent';
  }
}

/** With the database away a worker counts as well: it waits for it, and a restart would only lose what it holds. */
async function workerBeats(config: Config): Promise<boolean> {
  const { databaseUrl: url } = config;
  if (url === null) return false;
  // Asked every few seconds, an API's check is not to load what it does not need.
  const [{ silentLog }, { isUnavailable, openPool }, { hasBeaten }] = await Promise.all([
    import('./platform/log.ts'),
    import('./platform/pg.ts'),
    import('./store/workers.ts'),
  ]);
  const named = { max: 1, applicationName: 'errand-healthcheck' };
  const pool = openPool({ url, ...named, log: silentLog, pooled: isPooled(config) });
  try {
    return await hasBeaten(pool, hostname(), silentMs);
  } catch (error) {
    return isUnavailable(error);
  } finally {
    await pool.end();
  }
}

process.exitCode = (await isWell(loadConfig(processEnvironment(), { role: 'migrate' }))) ? 0 : 1;
