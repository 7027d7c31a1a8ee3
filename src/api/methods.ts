import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { needsKey } from './authorization.ts';
import { ProblemError } from './problems.ts';

/**
 * What is not a route: 404, or 405 with `Allow` where other methods are known (RFC 9110 §15.5.6); `OPTIONS` answers with
 * `Allow` alone. There are no CORS headers: the API is not for scripts of other origins.
 */
export function answerUnknown(app: FastifyInstance): void {
  const known: { pattern: RegExp; method: string }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const source = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+');
    const pattern = new RegExp(`^${source}$`);
    for (const each of [method].flat()) known.push({ pattern, method: each });
  });
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.replace(/\?.*$/s, '');
    const allowed = new Set(known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method));
    if (allowed.size === 0) throw new ProblemError('not-found', `There is nothing at ${path.slice(0, 200)}.`);
    const allow = [...allowed, 'OPTIONS'].join(', ');
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
    const detail = `${request.method} is not known here; known are ${allow}.`;
    throw new ProblemError('method-not-allowed', detail, { headers: { allow } });
  };
  app.setNotFoundHandler(answer);
  // Before a body is read, so that its type or syntax cannot hide that there is nothing to take it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 && needsKey(request.url)) return answer(request, reply);
  });
}
