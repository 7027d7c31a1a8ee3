import { z } from 'zod';
import { commandTypeBodySchema, commandTypeSchema } from '../../contract/command-type.ts';
import { commandNameSchema } from '../../contract/names.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import { type Api, principalOf } from '../instance.ts';

const tags = ['command types'];

/** Command types belong to no account: all may read them, only an admin for all accounts may change them. */
export function commandTypeRoutes(app: Api, { integrations: { commandTypes } }: { integrations: Integrations }): void {
  app.get(
    '/v1/command-types',
    {
      config: { permission: 'command-types.read' },
      schema: {
        summary: 'What the billing system can ask for, by name',
        tags,
        querystring: pageQuerySchema,
        response: { 200: pageSchema(commandTypeSchema) },
      },
    },
    (request) => commandTypes.list(principalOf(request).accounts, request.query),
  );

  app.put(
    '/v1/command-types/:name',
    {
      config: { permission: 'command-types.write' },
      schema: {
        summary: 'Add or replace a command type',
        tags,
        params: z.strictObject({ name: commandNameSchema }),
        body: commandTypeBodySchema,
        response: { 200: commandTypeSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return commandTypes.put(accounts, actor, request.params.name, request.body);
    },
  );
}
