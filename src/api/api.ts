import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Access } from '../access/access.ts';
import type { Portal } from '../access/portal.ts';
import type { Sessions } from '../access/session.ts';
import type { Integrations } from '../integrations/use-cases.ts';
import type { DryRunUse } from '../invocations/dry-run.ts';
import type { Problems } from '../invocations/problems.ts';
import type { CallbackSecretUses } from '../notifications/callback-secrets.ts';
import type { EndpointUses } from '../notifications/endpoints.ts';
import type { MessageUses } from '../notifications/messages.ts';
import type { Schedules } from '../schedules/use-cases.ts';
import { answerBrokenHttp, answerProblem, securityHeaders } from './answer-problem.ts';
import { authorize } from './authorization.ts';
import { addBoard, type BoardDependencies } from './board.ts';
import { addConsole, type ConsoleDependencies } from './console.ts';
import { docsPage } from './docs-page.ts';
import { acceptJson } from './json-body.ts';
import { answerUnknown } from './methods.ts';
import { describeApi, openapiRoute } from './openapi.ts';
import { completeSchemas } from './operations.ts';
import { type ApiLog, logRequests } from './request-log.ts';
import { type AuditRoutesDependencies, auditRoutes } from './routes/audit.ts';
import type { Batches } from './routes/batch-dependencies.ts';
import { batchRoutes } from './routes/batches.ts';
import { commandDraftRoutes } from './routes/command-drafts.ts';
import { commandTypeRoutes } from './routes/command-types.ts';
import { commandVersionRoutes } from './routes/command-versions.ts';
import { commandRoutes } from './routes/commands.ts';
import { healthRoutes, type ReadinessChecks } from './routes/health.ts';
import { integrationRoutes } from './routes/integrations.ts';
import { type Invocations, invocationRoutes } from './routes/invocations.ts';
import { keyRoutes } from './routes/keys.ts';
import { type MetricsDependencies, measureRequests, metricsRoutes } from './routes/metrics.ts';
import { notificationEndpointRoutes } from './routes/notification-endpoints.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { problemGroupRoutes } from './routes/problem-groups.ts';
import { resultRoutes } from './routes/results.ts';
import { type Runs, runRoutes } from './routes/runs.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { secretRoutes } from './routes/secrets.ts';
import { type SessionRoutesDependencies, sessionInfoRoutes } from './routes/sessions.ts';
import { type StatisticsReader, statisticsRoutes } from './routes/statistics.ts';
import { steeringRoutes } from './routes/steering.ts';
import { createAuthenticateRequest } from './session-authenticate.ts';
import { sessionRoutes } from './session-routes.ts';
import type { Throttle } from './session-throttle.ts';
import { headerLimits, limitSlowClients, type Patience, patienceDefaults } from './slow-clients.ts';
import type { StoredResults } from './stored-results.ts';
import { serializerCompiler, validatorCompiler } from './validation.ts';
import { trackClients, type WhileConnected } from './waiting.ts';

export type ApiDependencies = AuditRoutesDependencies &
  MetricsDependencies &
  Pick<SessionRoutesDependencies, 'egressIps' | 'publicUrl'> & {
    access: Pick<Access, 'authenticate' | 'create' | 'list' | 'revoke'>;
    sessions: Sessions;
    portal: Portal;
    /** Slows down whoever tries keys. */
    throttle: Throttle;
    board: BoardDependencies;
    console: ConsoleDependencies;
    integrations: Integrations;
    invocations: Invocations;
    batches: Batches & Runs;
    schedules: Schedules;
    results: StoredResults;
    statistics: StatisticsReader;
    problems: Problems;
    dryRun: DryRunUse;
    notifications: { endpoints: EndpointUses; messages: MessageUses; callbackSecrets: CallbackSecretUses };
    readiness: ReadinessChecks;
    log: ApiLog;
    /** Errand's version, for OpenAPI. */
    version: string;
    /** With slow clients. */
    patience?: Partial<Patience>;
  };

const mebibyte = 1024 * 1024;

/**
 * The HTTP API (contract §3), with the pages for people beside it: signing in, Bull Board, the API's description. The
 * fastify instance is handed out for tests.
 */
export function createApi(dependencies: ApiDependencies) {
  const patience = { ...patienceDefaults, ...dependencies.patience };
  const app = fastify({
    logger: false,
    http: headerLimits(patience),
    bodyLimit: mebibyte,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 1024 },
    onConstructorPoisoning: 'ignore',
    // Requests on connections that are already open are still answered while it closes.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply as unknown as FastifyReply),
    clientErrorHandler: answerBrokenHttp,
  });
  app.decorateRequest('failure', null);
  limitSlowClients(app, patience);
  app.addHook('onRequest', async (request, reply) => {
    // What app/ puts beside the API, pages above all, has headers of its own.
    const ours = request.is404 || request.routeOptions.config.permission !== undefined;
    reply.headers({ ...(ours ? securityHeaders : {}), 'x-request-id': request.id });
  });
  const authenticateRequest = createAuthenticateRequest(dependencies);
  authorize(app, authenticateRequest);
  logRequests(app, dependencies.log);
  measureRequests(app, dependencies);
  answerUnknown(app);
  app.setErrorHandler(answerProblem);
  completeSchemas(app);
  describeApi(app, dependencies.version);
  const whileConnected = trackClients(app);
  app.register(async (scope) => sessionRoutes(scope, { ...dependencies, authenticateRequest }));
  addBoard(app, dependencies.board);
  docsPage(app);
  addConsole(app, dependencies.console);
  app.register(async (scope) => addRoutes(scope, { ...dependencies, whileConnected }));

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

function addRoutes(scope: FastifyInstance, dependencies: ApiDependencies & { whileConnected: WhileConnected }): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  acceptJson(scope);
  scope.setValidatorCompiler(validatorCompiler);
  scope.setSerializerCompiler(serializerCompiler);
  openapiRoute(scope);
  healthRoutes(api, dependencies);
  metricsRoutes(api, dependencies);
  commandTypeRoutes(api, dependencies);
  integrationRoutes(api, dependencies);
  secretRoutes(api, dependencies);
  commandRoutes(api, dependencies);
  commandDraftRoutes(api, dependencies);
  commandVersionRoutes(api, dependencies);
  scheduleRoutes(api, dependencies);
  invocationRoutes(api, dependencies);
  resultRoutes(api, dependencies);
  steeringRoutes(api, dependencies);
  problemGroupRoutes(api, dependencies);
  batchRoutes(api, dependencies);
  runRoutes(api, dependencies);
  statisticsRoutes(api, dependencies);
  auditRoutes(api, dependencies);
  notificationEndpointRoutes(api, dependencies);
  notificationRoutes(api, dependencies);
  keyRoutes(api, dependencies);
  sessionInfoRoutes(api, dependencies);
}
