import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Principal, Unauthenticated } from '../access/authenticate.ts';
import { can } from '../access/permissions.ts';
import type { Sessions } from '../access/session.ts';
import { ProblemError, problemCatalogue } from './problems.ts';
import { type AuthenticateRequest, principalOrNull } from './session-authenticate.ts';
import { setSessionCookie } from './session-cookie.ts';
import { fromOurPage } from './session-origin.ts';
import { sendPage, signedInPage, signInPage } from './session-page.ts';
import type { Throttle } from './session-throttle.ts';

export type SessionRoutesDependencies = {
  sessions: Pick<Sessions, 'start'>;
  throttle: Throttle;
  authenticateRequest: AuthenticateRequest;
};

/** Room for a key and a path; anything larger is neither. */
const bodyLimit = 16 * 1024;
const home = '/sign-in';

const open = { config: { permission: 'public' as const }, schema: { hide: true } };

/** `/sign-in` and `/sign-out`: how a browser shows its key, without JavaScript. */
export function sessionRoutes(scope: FastifyInstance, dependencies: SessionRoutesDependencies): void {
  const { authenticateRequest } = dependencies;
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });

  scope.get('/sign-in', open, async (request, reply) => {
    const asked = (request.query as { to?: unknown }).to;
    const principal = await principalOrNull(authenticateRequest, request);
    if (principal === null) return sendPage(reply, 200, signInPage({ to: ownPath(asked), wrong: null }));
    if (asked !== undefined) return reply.redirect(ownPath(asked), 303);
    return sendPage(reply, 200, signedInPage(principal, placesOf(principal)));
  });

  scope.post('/sign-in', { ...open, bodyLimit }, async (request, reply) => {
    refuseOtherSites(request);
    const { key, to } = (request.body ?? {}) as { key?: string; to?: string };
    return signIn(dependencies, request, reply, (key ?? '').trim(), ownPath(to));
  });

  scope.post('/sign-out', { ...open, bodyLimit }, async (request, reply) => {
    refuseOtherSites(request);
    setSessionCookie(request, reply, null);
    return reply.redirect(home, 303);
  });
}

async function signIn(
  { sessions, throttle }: SessionRoutesDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  to: string,
): Promise<FastifyReply> {
  try {
    if (key === '') throw new Unauthenticated('An API key is needed.', false);
    setSessionCookie(
      request,
      reply,
      await throttle.attempt(request.ip, key, () => sessions.start(Buffer.from(key, 'utf8'))),
    );
    return reply.redirect(to, 303);
  } catch (error) {
    const held = error instanceof ProblemError && error.problem === 'too-many-requests';
    if (!acceptsPage(request) || !(held || error instanceof Unauthenticated)) throw error;
    if (held) reply.headers(error.options.headers ?? {});
    const status = problemCatalogue[held ? 'too-many-requests' : 'unauthenticated'].status;
    return sendPage(reply, status, signInPage({ to, wrong: error.message }));
  }
}

/** Nobody else's page may sign a browser in, as somebody of its choice, or out. */
function refuseOtherSites(request: FastifyRequest): void {
  if (fromOurPage(request) === false) {
    throw new ProblemError('forbidden', 'Signing in and out works from pages of this host only.');
  }
}

/** Would this client rather have a page than JSON? Browsers say so when a person goes somewhere. */
export const acceptsPage = ({ headers }: Pick<FastifyRequest, 'headers'>) =>
  /\btext\/html\b/i.test(headers.accept ?? '');

const here = 'http://here.invalid';

/** A path on this host, or the console: nobody is sent to another host from here. */
export function ownPath(to: unknown): string {
  if (typeof to !== 'string' || !to.startsWith('/') || !URL.canParse(to, here)) return '/';
  const url = new URL(to, here);
  // A browser reads "//host" and "/\\host" as other hosts, and so does URL; a path may begin with "//" only afterwards.
  return url.origin === here && !url.pathname.startsWith('//') ? url.pathname + url.search + url.hash : '/';
}

function placesOf({ role, accounts }: Principal): { href: string; text: string }[] {
  const board = can(role, 'queues.read') && accounts === '*';
  return [
    { href: '/', text: 'The console' },
    ...(board ? [{ href: '/queues', text: 'Bull Board: the queues and their jobs' }] : []),
    { href: '/docs', text: 'The HTTP API' },
  ];
}
