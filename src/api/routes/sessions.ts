import type { FastifyRequest } from 'fastify';
import { can, permissions } from '../../access/permissions.ts';
import type { Portal } from '../../access/portal.ts';
import {
  openedPortalSchema,
  openPortalBodySchema,
  portalSessionBodySchema,
  portalSessionSchema,
  sessionSchema,
} from '../../contract/session.ts';
import { type Api, principalOf } from '../instance.ts';
import { ProblemError } from '../problems.ts';
import { overHttps } from '../session-cookie.ts';

export type SessionRoutesDependencies = {
  portal: Pick<Portal, 'create' | 'open'>;
  version: string;
  /** The addresses that requests to customers' servers come from. */
  egressIps: readonly string[];
  /** Where browsers reach the API; `null`: where the request did. */
  publicUrl: string | null;
};

const tags = ['sessions'];

/** Who asks; and portal sessions, for customers' own admins. */
export function sessionInfoRoutes(app: Api, dependencies: SessionRoutesDependencies): void {
  const { version, egressIps } = dependencies;
  app.get(
    '/v1/session',
    {
      config: { permission: 'session.read' },
      schema: { summary: 'Who asks, and what they may do', tags, response: { 200: sessionSchema } },
    },
    async (request) => {
      const { actor, role, accounts, portal = false } = principalOf(request);
      const own = permissions.filter((permission) => can(role, permission));
      return { actor, role, accounts, permissions: own, version, egressIps: [...egressIps], portal };
    },
  );
  portalRoutes(app, dependencies);
}

function portalRoutes(app: Api, { portal, publicUrl }: SessionRoutesDependencies): void {
  app.post(
    '/v1/portal-sessions',
    {
      config: { permission: 'portal-sessions.create' },
      schema: {
        summary: "Make a one-time address for a customer's own admin",
        tags,
        body: portalSessionBodySchema,
        response: { 201: portalSessionSchema },
      },
    },
    async (request, reply) => {
      const base = publicUrl ?? baseOf(request);
      const { ticket, ...session } = await portal.create(principalOf(request), request.body);
      return reply.code(201).send({ ...session, url: `${base}/portal/${ticket}` });
    },
  );

  app.post(
    '/v1/portal-sessions/open',
    {
      config: { permission: 'public' },
      schema: {
        summary: 'Open such an address, once',
        tags,
        security: [],
        body: openPortalBodySchema,
        response: { 200: openedPortalSchema },
      },
    },
    // Not slowed down: 256 random bits cannot be guessed, and behind a proxy all customers have one address.
    ({ body: { ticket } }) => portal.open(ticket),
  );
}

/** As whoever asks reaches us. */
function baseOf(request: FastifyRequest): string {
  const url = URL.parse(`${overHttps(request) ? 'https' : 'http'}://${request.headers.host ?? ''}`);
  if (url !== null && url.pathname === '/' && url.username === '') return url.origin;
  throw new ProblemError('malformed-request', 'The Host header does not say where browsers reach Errand.');
}
