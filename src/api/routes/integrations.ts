import { z } from 'zod';
import {
  integrationBodySchema,
  integrationPatchSchema,
  integrationSchema,
  integrationStatuses,
} from '../../contract/integration.ts';
import { accountSchema, integrationIdSchema } from '../../contract/names.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const tags = ['integrations'];
const params = z.strictObject({ id: z.string() });
const listQuery = z.strictObject({
  account: accountSchema.optional(),
  q: z.string().max(200).optional(),
  status: z.enum(integrationStatuses).optional(),
  ...pageQuerySchema.shape,
});

/** Integrations: `PUT` makes or replaces, `PATCH` changes what is given. */
export function integrationRoutes(app: Api, { integrations }: { integrations: Integrations }): void {
  readRoutes(app, integrations);
  saveRoutes(app, integrations);
  removeRoute(app, integrations);
  pauseRoutes(app, integrations);
}

const read = { permission: 'integrations.read' } as const;
const write = { permission: 'integrations.write' } as const;

function readRoutes(app: Api, integrations: Integrations): void {
  app.get(
    '/v1/integrations',
    {
      config: read,
      schema: {
        summary: 'Integrations, newest first; `q` is looked for in ids and names',
        tags,
        querystring: listQuery,
        response: { 200: pageSchema(integrationSchema) },
      },
    },
    (request) => {
      const { limit, cursor, account, q, status } = request.query;
      const filter = {
        ...(account === undefined ? {} : { account }),
        ...(q === undefined ? {} : { q }),
        ...(status === undefined ? {} : { status }),
      };
      return integrations.list(principalOf(request).accounts, filter, { limit, cursor });
    },
  );

  app.get(
    '/v1/integrations/:id',
    { config: read, schema: { summary: 'An integration', tags, params, response: { 200: integrationSchema } } },
    (request) => integrations.get(principalOf(request).accounts, request.params.id),
  );
}

function saveRoutes(app: Api, integrations: Integrations): void {
  app.put(
    '/v1/integrations/:id',
    {
      config: write,
      schema: {
        summary: 'Make an integration, or replace its name, variables, limits and which secret is shown',
        tags,
        params: z.strictObject({ id: integrationIdSchema }),
        body: integrationBodySchema,
        response: { 200: integrationSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return integrations.put(accounts, actor, request.params.id, request.body);
    },
  );

  app.patch(
    '/v1/integrations/:id',
    {
      config: write,
      schema: {
        summary: 'Change what is given; a variable set to null is removed',
        tags,
        params,
        body: integrationPatchSchema,
        response: { 200: integrationSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return integrations.patch(accounts, actor, request.params.id, request.body);
    },
  );
}

function removeRoute(app: Api, integrations: Integrations): void {
  app.delete(
    '/v1/integrations/:id',
    {
      config: write,
      preValidation: takesNoBody,
      schema: {
        summary: 'Delete an integration with its values and commands; its records stay',
        tags,
        params,
        response: { 204: z.null().describe('Deleted.') },
      },
    },
    async (request, reply) => {
      const { accounts, actor } = principalOf(request);
      await integrations.remove(accounts, actor, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function pauseRoutes(app: Api, integrations: Integrations): void {
  const config = { permission: 'integrations.pause' } as const;
  const response = { 200: integrationSchema };
  app.post(
    '/v1/integrations/:id/pause',
    {
      config,
      preValidation: takesNoBody,
      schema: {
        summary: 'Pause: batch work waits, interactive work fails at once with `integration-paused`',
        tags,
        params,
        response,
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return integrations.pause(accounts, actor, request.params.id);
    },
  );

  app.post(
    '/v1/integrations/:id/resume',
    { config, preValidation: takesNoBody, schema: { summary: 'Resume: what waited goes on', tags, params, response } },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return integrations.resume(accounts, actor, request.params.id);
    },
  );
}
