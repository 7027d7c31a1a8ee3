import { z } from 'zod';
import {
  commandCheckBodySchema,
  commandCheckSchema,
  dryRunBodySchema,
  dryRunSchema,
} from '../../contract/command-check.ts';
import { commandPreviewSchema, commandTestBodySchema, commandTestSchema } from '../../contract/command-test.ts';
import { commandNameSchema } from '../../contract/names.ts';
import type { Integrations } from '../../integrations/use-cases.ts';
import type { DryRunUse } from '../../invocations/dry-run.ts';
import { type Api, principalOf } from '../instance.ts';
import type { WhileConnected } from '../waiting.ts';

const tags = ['commands'];
const params = z.strictObject({ id: z.string(), command: z.string() });
/** Where no command need have been saved yet, its name is checked as when it is. */
const draftParams = z.strictObject({ id: z.string(), command: commandNameSchema });
const path = '/v1/integrations/:id/commands/:command';

type Dependencies = { integrations: Integrations; dryRun: DryRunUse; whileConnected: WhileConnected };

/** What can be known of a command before it is saved: what is wrong with it, what it would send, what comes of it. */
export function commandDraftRoutes(app: Api, dependencies: Dependencies): void {
  checkRoute(app, dependencies);
  previewRoute(app, dependencies.integrations);
  testRoute(app, dependencies);
  dryRunRoute(app, dependencies);
}

function checkRoute(app: Api, { integrations }: Dependencies): void {
  app.post(
    `${path}/check`,
    {
      config: { permission: 'commands.preview' },
      schema: {
        summary: 'What is wrong with a draft, which tokens it may name and where it does, and when it would be tried',
        tags,
        params: draftParams,
        body: commandCheckBodySchema,
        response: { 200: commandCheckSchema },
      },
    },
    (request) => {
      const { id, command } = request.params;
      return integrations.check(principalOf(request).accounts, id, command, request.body.draft);
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

function dryRunRoute(app: Api, { dryRun }: Dependencies): void {
  app.post(
    `${path}/dry-run`,
    {
      config: { permission: 'commands.dry-run' },
      schema: {
        summary: "What a draft would change in the requests of its command's newest invocations; sends nothing",
        tags,
        params: draftParams,
        body: dryRunBodySchema,
        response: { 200: dryRunSchema },
      },
    },
    (request) => {
      const { id: integration, command } = request.params;
      return dryRun(principalOf(request).accounts, { integration, command, ...request.body });
    },
  );
}
