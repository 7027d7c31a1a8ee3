import type { FastifyRequest } from 'fastify';
import type { Access } from '../access/access.ts';
import { type Principal, Unauthenticated } from '../access/authenticate.ts';
import { type Portal, portalToken } from '../access/portal.ts';
import type { Sessions } from '../access/session.ts';
import { ProblemError } from './problems.ts';
import { sessionCookie } from './session-cookie.ts';
import { fromOurPage, isSafe } from './session-origin.ts';
import type { Throttle } from './session-throttle.ts';

export type AuthenticateRequest = (request: FastifyRequest) => Promise<Principal>;

export type AuthenticateRequestDependencies = {
  access: Pick<Access, 'authenticate'>;
  sessions: Pick<Sessions, 'resume'>;
  portal: Pick<Portal, 'resume'>;
  throttle: Throttle;
};

/**
 * Finds out who makes a request: by the key or the portal session's token in `Authorization`, or else by a browser's
 * session.
 *
 * A browser sends its cookie along with whatever a page makes it ask for, so a request that changes something and comes
 * with a cookie must come from a page of ours (RFC 6265bis §8.8); a key is sent on purpose.
 */
export function createAuthenticateRequest(dependencies: AuthenticateRequestDependencies): AuthenticateRequest {
  const { access, sessions, portal, throttle } = dependencies;
  return async (request) => {
    const { authorization } = request.headers;
    const cookie = authorization === undefined ? sessionCookie(request) : undefined;
    if (cookie !== undefined) {
      if (!isSafe(request) && fromOurPage(request) !== true) {
        throw new ProblemError('forbidden', 'A session may be used from pages of this host only.');
      }
      return sessions.resume(cookie);
    }
    if (authorization === undefined) return access.authenticate(authorization);
    // Nobody can guess what is sealed, and a page that goes on asking when its session is over must not hold off others.
    const token = portalToken(authorization);
    if (token !== null) return portal.resume(token);
    return throttle.attempt(request.ip, authorization, () => access.authenticate(authorization));
  };
}

/** As `authenticate`, and `null` for whoever is nobody. */
export async function principalOrNull(
  authenticate: AuthenticateRequest,
  request: FastifyRequest,
): Promise<Principal | null> {
  try {
    return await authenticate(request);
  } catch (error) {
    if (error instanceof Unauthenticated) return null;
    throw error;
  }
}
