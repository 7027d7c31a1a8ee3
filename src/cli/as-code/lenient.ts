import { z } from 'zod';
import { commandBodySchema, headerSchema, requestTemplateSchema } from '../../contract/command.ts';
import { commandTypeBodySchema, declaredTokenSchema } from '../../contract/command-type.ts';
import {
  type ConfigurationFile,
  integrationEntrySchema,
  secretReferenceSchema,
} from '../../contract/configuration-file.ts';
import { scheduleBodySchema } from '../../contract/schedule.ts';

/**
 * What of a document is of the right shape, to be checked on. What is not is left out; where that would be missed, and for
 * all that has a name, something stands in for it. Nothing of it may be applied.
 */
export function readLeniently(content: unknown): ConfigurationFile {
  return lenientFile.parse(content) as ConfigurationFile;
}

/** A command of which nothing is known but that it is there. */
export const anyCommand = { request: { method: 'POST' as const, url: 'https://stand-in.invalid/' } };
/** The environment variable of a secret that names none. */
export const noEnvironment = '';

/** Every field by itself: one that is not right is left out. */
const fields = (shape: Readonly<Record<string, z.ZodType>>) =>
  Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.catch(undefined)]));

/** Every value by itself, whatever its name. */
const record = (value: z.ZodType) => z.record(z.string(), value).optional().catch({});

const request = requestTemplateSchema.shape;
const header = headerSchema.shape;
const anyHeader = { key: 'X-Stand-In', value: '' };
const lenientHeader = z.object({
  key: header.key.catch(anyHeader.key),
  value: header.value.catch(anyHeader.value),
});

const lenientRequest = z.object({
  ...fields(request),
  headers: z.array(lenientHeader.catch(anyHeader)).optional().catch(undefined),
  method: request.method.catch(anyCommand.request.method),
  url: request.url.catch(anyCommand.request.url),
});

const lenientCommand = z.object({
  ...fields(commandBodySchema.shape),
  request: lenientRequest.catch(anyCommand.request),
});

const lenientSchedule = z.object({
  ...fields(scheduleBodySchema.shape),
  command: scheduleBodySchema.shape.command.catch(''),
  cron: scheduleBodySchema.shape.cron.catch('0 0 * * *'),
});

const lenientSecret = z.object({
  ...fields(secretReferenceSchema.shape),
  env: secretReferenceSchema.shape.env.catch(noEnvironment),
});

const entry = integrationEntrySchema.shape;
const lenientIntegration = z.object({
  ...fields(entry),
  name: entry.name.catch('?'),
  variables: record(z.string().catch('')),
  secrets: record(lenientSecret.catch({ env: noEnvironment })),
  commands: record(lenientCommand.catch(anyCommand)),
  schedules: record(lenientSchedule.catch({ command: '', cron: '0 0 * * *' })),
});

const lenientToken = z.object({
  ...fields(declaredTokenSchema.shape),
  name: declaredTokenSchema.shape.name.catch('?'),
});
const lenientType = z.object({
  ...fields(commandTypeBodySchema.shape),
  tokens: z.array(lenientToken.catch({ name: '?' })).catch([]),
});

const lenientFile = z
  .object({
    commandTypes: record(lenientType.catch({ tokens: [] })),
    integrations: record(lenientIntegration.catch({ name: '?' })),
  })
  .catch({});
