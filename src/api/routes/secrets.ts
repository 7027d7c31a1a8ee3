import { z } from 'zod';
import { secretBodySchema, secretSchema } from '../../contract/integration.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const tags = ['secrets'];
const params = z.strictObject({ id: z.string(), name: z.string() });

/** Secrets go in and never come out: lists show a hint at most. */
export function secretRoutes(app: Api, { integrations: { secrets } }: { integrations: Integrations }): void {
  app.get(
    '/v1/integrations/:id/secrets',
    {
      config: { permission: 'secrets.read' },
      schema: {
        summary: "An integration's secrets, by name, without their values",
        tags,
        params: z.strictObject({ id: z.string() }),
        querystring: pageQuerySchema,
        response: { 200: pageSchema(secretSchema) },
      },
    },
    (request) => secrets.list(principalOf(request).accounts, request.params.id, request.query),
  );

  app.put(
    '/v1/integrations/:id/secrets/:name',
    {
      config: { permission: 'secrets.write' },
      schema: {
        summary: 'Save a secret, with the hosts that it may be sent to',
        tags,
        params,
        body: secretBodySchema,
        response: { 200: secretSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      const { id, name } = request.params;
      return secrets.put(accounts, actor, id, name, request.body);
    },
  );

  app.delete(
    '/v1/integrations/:id/secrets/:name',
    {
      config: { permission: 'secrets.write' },
      preValidation: takesNoBody,
      schema: { summary: 'Delete a secret', tags, params, response: { 204: z.null().describe('Deleted.') } },
    },
    async (request, reply) => {
      const { accounts, actor } = principalOf(request);
      const { id, name } = request.params;
      await secrets.remove(accounts, actor, id, name);
      return reply.code(204).send(null);
    },
  );
}
