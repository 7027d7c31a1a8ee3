import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { uuidv7 } from 'uuidv7';
import { type Access, createAccess } from '../access/access.ts';
import { Unauthenticated } from '../access/authenticate.ts';
import { can } from '../access/permissions.ts';
import { metricsMediaType } from '../contract/metrics.ts';
import type { Meters } from '../meters/meters.ts';
import type { Log } from '../platform/log.ts';
import { openPool } from '../platform/pg.ts';
import { createKeyStore } from '../store/api-keys.ts';
import { type ReadyConfig, statementTimeoutMs } from './core.ts';
import { listenFailure } from './listening.ts';

/**
 * A worker's own `/metrics`, for keys as the API's, and `/healthz`, on `ERRAND_METRICS_HOST` and `ERRAND_METRICS_PORT`.
 *
 * @throws CannotStart if it cannot listen
 */
export async function startMetricsServer(
  { metricsHost: host, metricsPublic, adminKey, databaseUrl, ...config }: ReadyConfig & { metricsPort: number },
  meters: Meters,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  const pool = openPool({ url: databaseUrl, max: 1, applicationName: 'errand-metrics', log, statementTimeoutMs });
  const access = createAccess({ store: createKeyStore(pool), adminKey, now: Date.now, newId: () => uuidv7() });
  const mayRead = async (authorization: string | undefined) =>
    metricsPublic || (await isOperator(access, authorization));
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/healthz') return answer(response, 200, 'ok\n');
    if (path !== '/metrics') return answer(response, 404, 'Here are /metrics and /healthz\n');
    mayRead(request.headers.authorization)
      .then(async (may) => {
        if (may) answer(response, 200, await meters.text(), metricsMediaType);
        else answer(response, 401, 'This needs an operator\'s or admin\'s key for "*"\n');
      })
      .catch((error) => {
        log.warn('metrics.failed', { error }, 'Could not answer /metrics');
        answer(response, 503, 'The key cannot be checked now\n');
      });
  });
  async function stop(): Promise<void> {
    server.close();
    server.closeAllConnections();
    await access.idle();
    await pool.end();
  }
  try {
    await once(server.listen({ host, port: config.metricsPort }), 'listening');
  } catch (error) {
    await stop();
    throw listenFailure(error, { host, port: config.metricsPort }, 'ERRAND_METRICS_PORT');
  }
  const { port } = server.address() as { port: number };
  log.info('metrics.listening', { host, port }, 'Serves /metrics and /healthz');
  return { stop };
}

async function isOperator(access: Access, authorization: string | undefined): Promise<boolean> {
  try {
    const { role, accounts } = await access.authenticate(authorization);
    return can(role, 'metrics.read') && accounts === '*';
  } catch (error) {
    if (error instanceof Unauthenticated) return false;
    throw error;
  }
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="errand"' } : {};
  response.writeHead(status, { 'content-type': type, ...challenge }).end(body);
}
