import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiKeySchema } from '../contract/api-key.ts';
import { auditEntrySchema } from '../contract/audit.ts';
import { commandBodySchema, commandSchema } from '../contract/command.ts';
import { commandTestSchema } from '../contract/command-test.ts';
import { commandTypeBodySchema, commandTypeSchema } from '../contract/command-type.ts';
import {
  integrationBodySchema,
  integrationPatchSchema,
  integrationSchema,
  secretSchema,
} from '../contract/integration.ts';
import { attemptSchema, enqueuedSchema, invocationBodySchema, invocationSchema } from '../contract/invocation.ts';
import { redriveBodySchema } from '../contract/redrive.ts';
import { scheduleBodySchema, scheduleSchema } from '../contract/schedule.ts';
import { tokenValueSchema } from '../contract/tokens.ts';
import { type Paths, withOtherForms } from './other-forms.ts';
import { anyProblemSchema } from './problems.ts';

/** What OpenAPI shows as a component of its own; recursive schemas must be among them. */
const components = {
  ApiKey: apiKeySchema,
  Attempt: attemptSchema,
  AuditEntry: auditEntrySchema,
  Command: commandSchema,
  CommandBody: commandBodySchema,
  CommandTest: commandTestSchema,
  CommandType: commandTypeSchema,
  CommandTypeBody: commandTypeBodySchema,
  EnqueuedInvocation: enqueuedSchema,
  Integration: integrationSchema,
  IntegrationBody: integrationBodySchema,
  IntegrationPatch: integrationPatchSchema,
  Invocation: invocationSchema,
  InvocationBody: invocationBodySchema,
  Problem: anyProblemSchema,
  RedriveBody: redriveBodySchema,
  Schedule: scheduleSchema,
  ScheduleBody: scheduleBodySchema,
  Secret: secretSchema,
  TokenValue: tokenValueSchema,
};

/** Describes the API as OpenAPI 3.1, from the very schemas that it checks by. Routes registered before are not in it. */
export function describeApi(app: FastifyInstance, version: string): void {
  const schemaRegistry = z.registry<{ id?: string | undefined }>();
  for (const [id, schema] of Object.entries(components)) schemaRegistry.add(schema, { id });
  const transformObject = createJsonSchemaTransformObject({ schemaRegistry });
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Errand',
        version,
        description: "Runs a billing system's custom integrations. Errors are RFC 9457 problem details.",
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'errand_…' } } },
      security: [{ apiKey: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: (document) => finished(transformObject(document)),
  });
}

/**
 * The provider makes two components of each schema, for what goes in and what comes out. Ours are the same in both
 * directions, for none of them transforms a value or fills in a default: one of each is enough. Then what it cannot say
 * is added.
 */
function finished<Description>(description: Description): Description {
  const text = JSON.stringify(description).replace(/("#\/components\/schemas\/[A-Za-z]+)Input"/g, '$1"');
  const clean = JSON.parse(text) as Description & { components?: { schemas?: Record<string, unknown> }; paths?: Paths };
  for (const id of Object.keys(components)) delete clean.components?.schemas?.[`${id}Input`];
  withOtherForms(clean.paths ?? {});
  return clean;
}

/** `/openapi.json`; made once, since it cannot change while the process runs. */
export function openapiRoute(app: FastifyInstance): void {
  let description: string | null = null;
  app.get('/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    description ??= JSON.stringify(app.swagger());
    return reply.header('content-type', 'application/json; charset=utf-8').send(description);
  });
}
