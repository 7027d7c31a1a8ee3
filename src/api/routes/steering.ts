import type { FastifyReply } from 'fastify';
import { hasEnded, invocationSchema } from '../../contract/invocation.ts';
import { redriveBodySchema, redriveSchema } from '../../contract/redrive.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';
import { preferredWait } from '../prefer.ts';
import { applyPreference, type InvocationDependencies, idParams, settleFor, waitHeaders } from './invocations.ts';

const tags = ['invocations'];

/** What operators do with invocations: retry, cancel, redrive. */
export function steeringRoutes(app: Api, dependencies: InvocationDependencies): void {
  retryRoute(app, dependencies);
  cancelRoute(app, dependencies);
  redriveRoute(app, dependencies);
}

function retryRoute(app: Api, dependencies: InvocationDependencies): void {
  app.post(
    '/v1/invocations/:id/retry',
    {
      config: { permission: 'invocations.retry' },
      preValidation: takesNoBody,
      schema: {
        summary: 'Retry an ended invocation: numbering goes on, attempts and deadline begin anew',
        description:
          'After a definite failure the `Idempotency-Key` becomes `<id>-2`, `<id>-3` …; where the outcome is not known it ' +
          'stays. 409 while it has not ended. `Prefer: wait=N` waits for the new end.',
        tags,
        headers: waitHeaders,
        params: idParams,
        response: { 200: invocationSchema, 202: invocationSchema },
      },
    },
    async (request, reply) => {
      const { accounts, actor } = principalOf(request);
      const { id } = request.params;
      await dependencies.invocations.retry({ accounts, actor }, id);
      const seconds = preferredWait(request.headers.prefer);
      reply.header('location', `/v1/invocations/${id}`);
      applyPreference(reply as FastifyReply, seconds);
      const invocation = await settleFor(dependencies, reply as FastifyReply, { accounts, id, seconds: seconds ?? 0 });
      return reply.code(seconds !== null && hasEnded(invocation.status) ? 200 : 202).send(invocation);
    },
  );
}

function cancelRoute(app: Api, { invocations }: InvocationDependencies): void {
  app.post(
    '/v1/invocations/:id/cancel',
    {
      config: { permission: 'invocations.cancel' },
      preValidation: takesNoBody,
      schema: {
        summary: 'Cancel an open invocation; a request in flight is aborted, its attempt kept as `unknown`',
        description: '409 if it has ended.',
        tags,
        params: idParams,
        response: { 200: invocationSchema },
      },
    },
    async (request) => {
      const { accounts, actor } = principalOf(request);
      await invocations.cancel({ accounts, actor }, request.params.id);
      return invocations.get(accounts, request.params.id);
    },
  );
}

function redriveRoute(app: Api, { invocations }: InvocationDependencies): void {
  app.post(
    '/v1/invocations/redrive',
    {
      config: { permission: 'invocations.redrive' },
      schema: {
        summary: 'Retry many failed invocations at once',
        description:
          'Those that ended `failed` and fit all the filters; `cancelled` ones only if `ids` or the code `cancelled` are ' +
          'given. `since` and `until` are of their creation. At least one filter, or `"all": true`. A dry run counts only. ' +
          '404 for a batch or run that is not there.',
        tags,
        body: redriveBodySchema,
        response: { 200: redriveSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return invocations.redrive({ accounts, actor }, request.body);
    },
  );
}
