import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { anyProblemSchema, problemMediaType } from './problems.ts';

/** What operations are called in OpenAPI, so that generated clients have good names. They never change. */
const operationIds: Readonly<Record<string, string>> = {
  'GET /healthz': 'getHealth',
  'GET /readyz': 'getReadiness',
  'GET /metrics': 'getMetrics',
  'GET /v1/command-types': 'listCommandTypes',
  'PUT /v1/command-types/:name': 'putCommandType',
  'GET /v1/integrations': 'listIntegrations',
  'GET /v1/integrations/:id': 'getIntegration',
  'PUT /v1/integrations/:id': 'putIntegration',
  'PATCH /v1/integrations/:id': 'patchIntegration',
  'DELETE /v1/integrations/:id': 'deleteIntegration',
  'POST /v1/integrations/:id/pause': 'pauseIntegration',
  'POST /v1/integrations/:id/resume': 'resumeIntegration',
  'GET /v1/integrations/:id/secrets': 'listSecrets',
  'PUT /v1/integrations/:id/secrets/:name': 'putSecret',
  'DELETE /v1/integrations/:id/secrets/:name': 'deleteSecret',
  'GET /v1/integrations/:id/commands': 'listCommands',
  'GET /v1/integrations/:id/commands/:command': 'getCommand',
  'PUT /v1/integrations/:id/commands/:command': 'putCommand',
  'DELETE /v1/integrations/:id/commands/:command': 'deleteCommand',
  'POST /v1/integrations/:id/commands/:command/check': 'checkCommand',
  'POST /v1/integrations/:id/commands/:command/preview': 'previewCommand',
  'POST /v1/integrations/:id/commands/:command/test': 'testCommand',
  'POST /v1/integrations/:id/commands/:command/dry-run': 'dryRunCommand',
  'GET /v1/integrations/:id/commands/:command/versions': 'listCommandVersions',
  'GET /v1/integrations/:id/commands/:command/versions/:version': 'getCommandVersion',
  'GET /v1/integrations/:id/commands/:command/latest': 'getLatestResult',
  'GET /v1/integrations/:id/schedules': 'listSchedules',
  'GET /v1/integrations/:id/schedules/:name': 'getSchedule',
  'PUT /v1/integrations/:id/schedules/:name': 'putSchedule',
  'DELETE /v1/integrations/:id/schedules/:name': 'deleteSchedule',
  'POST /v1/integrations/:id/schedules/:name/run': 'runSchedule',
  'GET /v1/schedules': 'listAllSchedules',
  'POST /v1/invocations': 'enqueue',
  'GET /v1/invocations': 'listInvocations',
  'GET /v1/invocations/:id': 'getInvocation',
  'GET /v1/invocations/:id/result': 'getResult',
  'POST /v1/invocations/:id/retry': 'retryInvocation',
  'POST /v1/invocations/:id/cancel': 'cancelInvocation',
  'POST /v1/invocations/redrive': 'redriveInvocations',
  'GET /v1/problems': 'listProblems',
  'POST /v1/problems/acknowledge': 'acknowledgeProblem',
  'POST /v1/batches': 'enqueueBatch',
  'GET /v1/batches': 'listBatches',
  'GET /v1/batches/:id': 'getBatch',
  'GET /v1/batches/:id/report': 'getBatchReport',
  'GET /v1/batches/:id/events': 'followBatch',
  'POST /v1/batches/:id/cancel': 'cancelBatch',
  'GET /v1/runs': 'listRuns',
  'GET /v1/runs/:run': 'getRun',
  'GET /v1/statistics': 'getStatistics',
  'GET /v1/lanes': 'getLanes',
  'GET /v1/audit': 'listAudit',
  'GET /v1/audit/verify': 'verifyAudit',
  'GET /v1/notification-endpoints': 'listNotificationEndpoints',
  'POST /v1/notification-endpoints': 'createNotificationEndpoint',
  'GET /v1/notification-endpoints/:id': 'getNotificationEndpoint',
  'PATCH /v1/notification-endpoints/:id': 'patchNotificationEndpoint',
  'DELETE /v1/notification-endpoints/:id': 'deleteNotificationEndpoint',
  'POST /v1/notification-endpoints/:id/rotate-secret': 'rotateNotificationSecret',
  'POST /v1/notification-endpoints/:id/test': 'testNotificationEndpoint',
  'GET /v1/notifications': 'listNotifications',
  'POST /v1/notifications/:id/retry': 'retryNotification',
  'GET /v1/callback-secrets/:account': 'getCallbackSecret',
  'POST /v1/callback-secrets/:account/rotate': 'rotateCallbackSecret',
  'GET /v1/keys': 'listKeys',
  'POST /v1/keys': 'createKey',
  'DELETE /v1/keys/:id': 'revokeKey',
  'GET /v1/session': 'getSession',
  'POST /v1/portal-sessions': 'createPortalSession',
  'POST /v1/portal-sessions/open': 'openPortalSession',
};

/** Every route refuses query parameters that it does not know, has a name, and tells OpenAPI of its problems. */
export function completeSchemas(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const permission = route.config?.permission;
    const schema = route.schema ?? {};
    if (permission === undefined || schema.hide === true) return;
    // HEAD comes with GET and is not described.
    const operationId = operationIds[`${String(route.method)} ${route.url}`];
    const problems = problemsOf({ open: permission === 'public', path: route.url, reads: schema.body !== undefined });
    route.schema = {
      querystring: z.strictObject({}),
      ...schema,
      ...(operationId === undefined ? {} : { operationId }),
      response: { ...problems, ...(schema.response ?? {}) },
    };
  });
}

/** The problems that are to be reckoned with; `default` stands for the others. */
function problemsOf({ open, path, reads }: { open: boolean; path: string; reads: boolean }): Record<string, object> {
  const problem = (description: string) => ({
    description,
    content: { [problemMediaType]: { schema: anyProblemSchema } },
  });
  return {
    ...(reads ? { 400: problem('The body is not JSON.') } : {}),
    ...(open ? {} : { 401: problem('No API key, or none that is valid.') }),
    ...(open ? {} : { 403: problem('The role of the key is too small.') }),
    ...(path.includes(':')
      ? { 404: problem('There is no such thing, or it lies outside the accounts of the key.') }
      : {}),
    422: problem('The input is not valid: `errors` says what and where.'),
    default: problem('Any other problem.'),
  };
}
