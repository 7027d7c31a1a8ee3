import type { FastifyInstance } from 'fastify';
import { can, rolesThatCan } from '../access/permissions.ts';
import { ProblemError } from './problems.ts';
import type { AuthenticateRequest } from './session-authenticate.ts';

/** Everything under `/v1` and `/queues`. */
export const needsKey = (url: string) => /^\/(?:v1|queues)(?:[/?]|$)/.test(url);

/**
 * Lets nobody in without a key that may do what the route does, before a byte of a body is read. What is under `/v1`
 * or `/queues` needs a key even where there is nothing, so that nobody without one can find out what is there.
 */
export function authorize(app: FastifyInstance, authenticate: AuthenticateRequest): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', ({ url, config }) => {
    if (needsKey(url) && config?.permission === undefined) throw new Error(`${url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request) => {
    const { permission } = request.routeOptions.config;
    if (permission === 'public' || (permission === undefined && !needsKey(request.url))) return;
    const principal = await authenticate(request);
    request.principal = principal;
    if (permission === undefined || can(principal.role, permission)) return;
    const roles = rolesThatCan(permission).join(' or ');
    throw new ProblemError(
      'forbidden',
      `This needs a key with the role ${roles}; this one has the role ${principal.role}.`,
    );
  });
}
