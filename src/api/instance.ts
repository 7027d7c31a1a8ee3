import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Principal } from '../access/authenticate.ts';
import type { Permission } from '../access/permissions.ts';

/** The server as routes see it: bodies and parameters have the types of their zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the request; `null` where no key is needed. */
    principal: Principal | null;
    /** What made Errand fail the request, for its log line. */
    failure: unknown;
  }
  interface FastifyContextConfig {
    /** What a key must be allowed for this route; `public`: no key is needed. Every route of the API has one. */
    permission?: Permission | 'public';
    /** Its body comes as a stream, for as long as something comes. */
    streams?: boolean;
  }
}

/** Who makes the request, on a route that needs a key. */
export function principalOf({ principal }: Pick<FastifyRequest, 'principal'>): Principal {
  if (principal === null) throw new Error('A route without a permission asks who makes the request');
  return principal;
}
