import type { FastifyInstance } from 'fastify';
import type { Principal } from '../access/authenticate.ts';
import { can, rolesThatCan } from '../access/permissions.ts';
import { ProblemError } from './problems.ts';

export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** Everything under `/v1`. */
export const needsKey = (url: string) => /^\/v1(?:[/?]|$)/.test(url);

/**
 * Lets nobody in without a key that may do what the route does, before a byte of a body is read. What is under `/v1`
 * needs a key even where there is nothing, so that nobody without one can find out what is there.
 */
export function authorize(app: FastifyInstance, authenticate: Authenticate): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', ({ url, config }) => {
    if (needsKey(url) && config?.permission === undefined) throw new Error(`${url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request) => {
    const { permission } = request.routeOptions.config;
    if (permission === 'public' || (permission === undefined && !needsKey(request.url))) return;
    const principal = await authenticate(request.headers.authorization);
    request.principal = principal;
    if (permission === undefined || can(principal.role, permission)) return;
    const roles = rolesThatCan(permission).join(' or ');
    throw new ProblemError('forbidden', `This needs a key with the role ${roles}; this one is a ${principal.role}'s.`);
  });
}
