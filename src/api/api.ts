import { randomUUID } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Access } from '../access/access.ts';
import type { Audit } from '../audit/list.ts';
import type { Integrations } from '../integrations/use-cases.ts';
import { authorize } from './authorization.ts';
import { acceptJson } from './json-body.ts';
import { answerUnknown } from './methods.ts';
import { describeApi, openapiRoute } from './openapi.ts';
import { problemOf } from './problem-of.ts';
import {
  anyProblemSchema,
  ProblemError,
  type ProblemName,
  problemBody,
  problemCatalogue,
  problemMediaType,
} from './problems.ts';
import { type ApiLog, logRequests } from './request-log.ts';
import { auditRoutes } from './routes/audit.ts';
import { commandTypeRoutes } from './routes/command-types.ts';
import { commandRoutes } from './routes/commands.ts';
import { healthRoutes, type ReadinessChecks } from './routes/health.ts';
import { integrationRoutes } from './routes/integrations.ts';
import { type Invocations, invocationRoutes } from './routes/invocations.ts';
import { keyRoutes } from './routes/keys.ts';
import { secretRoutes } from './routes/secrets.ts';
import { serializerCompiler, validatorCompiler } from './validation.ts';
import { trackClients } from './waiting.ts';

export type ApiDependencies = {
  access: Pick<Access, 'authenticate' | 'create' | 'list' | 'revoke'>;
  audit: Audit;
  integrations: Integrations;
  invocations: Invocations;
  readiness: ReadinessChecks;
  log: ApiLog;
  /** Errand's version, for OpenAPI. */
  version: string;
};

const mebibyte = 1024 * 1024;

/** For answers that are data, never pages: nothing in them may run, be framed, be sniffed or be kept. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * The HTTP API (contract §3). The fastify instance is handed out so that app/ can put the console and Bull Board beside
 * it before `listen`.
 */
export function createApi(dependencies: ApiDependencies) {
  const app = fastify({
    logger: false,
    bodyLimit: mebibyte,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 1024 },
    onConstructorPoisoning: 'ignore',
    // A client that trickles a request may not hold a connection for ever; waiting for an answer is not bounded by it.
    requestTimeout: 60_000,
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply as unknown as FastifyReply),
    clientErrorHandler: answerBrokenHttp,
  });
  app.decorateRequest('failure', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id });
  });
  authorize(app, dependencies.access.authenticate);
  logRequests(app, dependencies.log);
  answerUnknown(app);
  acceptJson(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerProblem);
  completeSchemas(app);
  describeApi(app, dependencies.version);
  const whileConnected = trackClients(app);
  app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypeProvider>();
    openapiRoute(scope);
    healthRoutes(api, dependencies);
    commandTypeRoutes(api, dependencies);
    integrationRoutes(api, dependencies);
    secretRoutes(api, dependencies);
    commandRoutes(api, dependencies);
    invocationRoutes(api, { ...dependencies, whileConnected });
    auditRoutes(api, dependencies);
    keyRoutes(api, dependencies);
  });

  return {
    fastify: app,
    /** Answers the address it listens on; port 0 picks a free one. */
    async listen({ host, port }: { host: string; port: number }): Promise<string> {
      await app.listen({ host, port });
      const address = app.server.address() as AddressInfo;
      return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
    },
    /** Takes no more requests, ends waits early, and resolves when every request was answered. Repeatable. */
    close: (): Promise<void> => app.close(),
  };
}

/** Every route refuses query parameters that it does not know, and tells OpenAPI of its problems. */
function completeSchemas(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.permission === undefined) return;
    const schema = route.schema ?? {};
    if (schema.hide === true) return;
    const response = { ...(schema.response ?? {}), default: anyProblemSchema };
    route.schema = { querystring: z.strictObject({}), ...schema, response };
  });
}

function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A client that goes away within its body is no failure of ours, whatever the socket's error looks like.
  const brokeOff = request.raw.readableAborted ? new ProblemError('malformed-request', 'The body broke off.') : null;
  const problem = brokeOff ?? problemOf(error);
  const { status } = problemCatalogue[problem.problem];
  if (status >= 500) request.failure = problem.cause ?? error;
  // What was prepared for an answer that did not come, such as a result's ETag, goes; Location stays.
  for (const name of ['etag', 'last-modified', 'content-disposition']) reply.removeHeader(name);
  return reply
    .code(status)
    .headers({ ...securityHeaders, 'x-request-id': request.id, ...problem.options.headers })
    .header('content-type', problemMediaType)
    .serializer((body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body)))
    .send(problemBody(problem));
}

/** What is not even HTTP never reaches a route. */
function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const name: ProblemName =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers-too-large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request-timeout'
        : 'malformed-request';
  const body = JSON.stringify(
    problemBody(new ProblemError(name, 'The request is not valid HTTP/1.1, or not complete.')),
  );
  const { status, title } = problemCatalogue[name];
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
