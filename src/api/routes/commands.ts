import { z } from 'zod';
import { commandBodySchema, commandSchema } from '../../contract/command.ts';
import { commandPreviewSchema, commandTestBodySchema, commandTestSchema } from '../../contract/command-test.ts';
import { commandNameSchema } from '../../contract/names.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';
import type { WhileConnected } from '../waiting.ts';

const tags = ['commands'];
const params = z.strictObject({ id: z.string(), command: z.string() });
const path = '/v1/integrations/:id/commands/:command';

type Dependencies = { integrations: Integrations; whileConnected: WhileConnected };

/** Commands: each save is a new version. */
export function commandRoutes(app: Api, dependencies: Dependencies): void {
  const { integrations } = dependencies;
  readRoutes(app, integrations);
  writeRoutes(app, integrations);
  previewRoute(app, integrations);
  testRoute(app, dependencies);
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
    { config: read, schema: { summary: 'A command, as it is now', tags, params, response: { 200: commandSchema } } },
    (request) => commands.get(principalOf(request).accounts, request.params.id, request.params.command),
  );
}

function writeRoutes(app: Api, { commands }: Integrations): void {
  app.put(
    path,
    {
      config: write,
      schema: {
        summary: 'Save a command, as a new version',
        tags,
        params: z.strictObject({ id: z.string(), command: commandNameSchema }),
        body: commandBodySchema,
        response: { 200: commandSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return commands.put(accounts, actor, request.params.id, request.params.command, request.body);
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

function previewRoute(app: Api, { preview }: Integrations): void {
  app.post(
    `${path}/preview`,
    {
      config: { permission: 'commands.preview' },
      schema: {
        summary: 'The request as it would be sent, secrets masked; sends nothing',
        tags,
        params,
        body: commandTestBodySchema,
        response: { 200: commandPreviewSchema },
      },
    },
    (request) => {
      const { id, command } = request.params;
      return preview(principalOf(request).accounts, id, command, request.body);
    },
  );
}

function testRoute(app: Api, { integrations, whileConnected }: Dependencies): void {
  app.post(
    `${path}/test`,
    {
      config: { permission: 'commands.test' },
      schema: {
        summary: 'Sends the request once and says how the answer would be judged; nothing is kept but an audit entry',
        tags,
        params,
        body: commandTestBodySchema,
        response: { 200: commandTestSchema },
      },
    },
    (request, reply) => {
      const { id: integration, command } = request.params;
      const { accounts, actor } = principalOf(request);
      const test = { integration, command, body: request.body };
      return whileConnected(reply, (signal) => integrations.test({ actor, accounts }, test, signal));
    },
  );
}
