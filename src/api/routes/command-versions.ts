import { z } from 'zod';
import { commandVersionSchema, pastCommandSchema } from '../../contract/command-check.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import { type Api, principalOf } from '../instance.ts';

const tags = ['commands'];
const params = z.strictObject({ id: z.string(), command: z.string() });
const path = '/v1/integrations/:id/commands/:command/versions';
const config = { permission: 'commands.read' } as const;

/** What a command was, each time that it was saved; also of a deleted one. */
export function commandVersionRoutes(app: Api, { integrations: { versions } }: { integrations: Integrations }): void {
  app.get(
    path,
    {
      config,
      schema: {
        summary: "A command's versions, newest first, and who saved them; also of a deleted command",
        tags,
        params,
        querystring: pageQuerySchema,
        response: { 200: pageSchema(commandVersionSchema) },
      },
    },
    (request) => {
      const { id, command } = request.params;
      return versions.list(principalOf(request).accounts, id, command, request.query);
    },
  );

  app.get(
    `${path}/:version`,
    {
      config,
      schema: {
        summary: 'A command as it was',
        tags,
        params: z.strictObject({ ...params.shape, version: z.string() }),
        response: { 200: pastCommandSchema },
      },
    },
    (request) => {
      const { id, command, version } = request.params;
      return versions.get(principalOf(request).accounts, id, command, version);
    },
  );
}
