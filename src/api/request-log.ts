import type { FastifyInstance } from 'fastify';
import type { Log } from '../platform/log.ts';

/** What api/ needs of the log. */
export type ApiLog = Pick<Log, 'debug' | 'error'>;

/**
 * One line per request, at `debug`, or at `error` if Errand failed it. Neither headers nor bodies nor query parameters:
 * they hold keys and customers' data.
 */
export function logRequests(app: FastifyInstance, log: ApiLog): void {
  app.addHook('onResponse', async (request, reply) => {
    const fields = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      actor: request.principal?.actor.id ?? null,
    };
    const { failure } = request;
    if (reply.statusCode < 500 || reply.statusCode === 502) log.debug('request', fields);
    else log.error('request', failure === null ? fields : { ...fields, error: failure });
  });
}
