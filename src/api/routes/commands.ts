import { z } from 'zod';
import { actorTold } from '../../access/portal.ts';
import { commandBodySchema, commandSchema } from '../../contract/command.ts';
import { commandNameSchema } from '../../contract/names.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import { expectedVersion } from '../if-match.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const tags = ['commands'];
const params = z.strictObject({ id: z.string(), command: z.string() });
const path = '/v1/integrations/:id/commands/:command';

/** Commands: each save is a new version. */
export function commandRoutes(app: Api, { integrations }: { integrations: Integrations }): void {
  readRoutes(app, integrations);
  writeRoutes(app, integrations);
}

const read = { permission: 'commands.read' } as const;
const write = { permission: 'commands.write' } as const;

function readRoutes(app: Api, { commands }: Integrations): void {
  app.get(
    '/v1/integrations/:id/commands',
    {
      config: read,
      schema: {
        summary: "An integration's commands, by name",
        tags,
        params: z.strictObject({ id: z.string() }),
        querystring: pageQuerySchema,
        response: { 200: pageSchema(commandSchema) },
      },
    },
    (request) => commands.list(principalOf(request).accounts, request.params.id, request.query),
  );

  app.get(
    path,
    {
      config: read,
      schema: {
        summary: 'A command, as it is now; its version is the `ETag`',
        tags,
        params,
        response: { 200: commandSchema },
      },
    },
    async (request, reply) => {
      const command = await commands.get(principalOf(request).accounts, request.params.id, request.params.command);
      reply.header('etag', `"${command.version}"`);
      return command;
    },
  );
}

function writeRoutes(app: Api, { commands }: Integrations): void {
  app.put(
    path,
    {
      config: write,
      schema: {
        summary: 'Save a command, as a new version',
        description:
          'With `If-Match` only if its version is still that one, so that nobody undoes unseen what somebody else has ' +
          'saved meanwhile: 412 `changed-meanwhile` if it is not. With `If-None-Match: *` only if it is not there. ' +
          'What is there already is 200 in any case.',
        tags,
        headers: z.looseObject({
          'if-match': z.string().optional().describe('`"3"`; `*`: if it is there at all.'),
          'if-none-match': z.string().optional().describe('`*`: if it is not there, or was deleted.'),
        }),
        params: z.strictObject({ id: z.string(), command: commandNameSchema }),
        body: commandBodySchema,
        response: { 200: commandSchema },
      },
    },
    (request) => {
      const principal = principalOf(request);
      const { accounts, actor } = principal;
      const { id, command } = request.params;
      const expected = expectedVersion(request.headers);
      return commands.put(accounts, actor, id, command, request.body, expected, (by) => actorTold(principal, by));
    },
  );

  app.delete(
    path,
    {
      config: write,
      preValidation: takesNoBody,
      schema: { summary: 'Delete a command', tags, params, response: { 204: z.null().describe('Deleted.') } },
    },
    async (request, reply) => {
      const { accounts, actor } = principalOf(request);
      await commands.remove(accounts, actor, request.params.id, request.params.command);
      return reply.code(204).send(null);
    },
  );
}
