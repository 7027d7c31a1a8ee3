import { z } from 'zod';
import { actorTold } from '../../access/portal.ts';
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
    async (request) => {
      const { id, command } = request.params;
      const principal = principalOf(request);
      const { items, nextCursor } = await versions.list(principal.accounts, id, command, request.query);
      const told = items.map((item) => ({ ...item, savedBy: actorTold(principal, item.savedBy) }));
      return { items: told, nextCursor };
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
    async (request) => {
      const { id, command, version } = request.params;
      const principal = principalOf(request);
      const past = await versions.get(principal.accounts, id, command, version);
      return { ...past, savedBy: actorTold(principal, past.savedBy) };
    },
  );
}
