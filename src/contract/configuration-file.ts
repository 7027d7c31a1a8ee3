import { z } from 'zod';
import { allowedHostsSchema } from './allowed-hosts.ts';
import { commandBodySchema } from './command.ts';
import { commandTypeBodySchema } from './command-type.ts';
import { integrationBodySchema } from './integration.ts';
import { commandNameSchema, integrationIdSchema, tokenNameSchema } from './names.ts';
import { scheduleBodySchema, scheduleNameSchema } from './schedule.ts';

const byReference = 'must be a reference such as { env: ACME_API_KEY }: a secret itself has no place in a file';

/** The name of an environment variable, as shells can set it. */
export const environmentNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable, such as ACME_API_KEY');

export const secretReferenceSchema = z.strictObject(
  {
    env: environmentNameSchema.describe('The environment variable that holds the secret where `errand apply` runs.'),
    allowedHosts: allowedHostsSchema.optional(),
  },
  {
    error: (issue) => {
      if (issue.code === 'invalid_type') return byReference;
      if (issue.code !== 'unrecognized_keys' || !issue.keys.includes('value')) return undefined;
      return issue.keys.map((key) => (key === 'value' ? byReference : 'is not known here')).join('\n');
    },
  },
);
/** Where a secret is to be had, and where it may go. */
export type SecretReference = z.infer<typeof secretReferenceSchema>;

const { type, ...integrationFields } = integrationBodySchema.shape;

/** Sections: nothing is deleted of one that the file does not have. */
const section = (things: string) =>
  `Left out: ${things} that are there stay. With \`--prune\` those that are not named here are deleted; \`{}\`: all of them.`;

/** An integration with all that is configured for it. */
export const integrationEntrySchema = z.strictObject({
  ...integrationFields,
  type: type.optional(),
  variables: integrationFields.variables.describe(section('variables')),
  secrets: z.record(tokenNameSchema, secretReferenceSchema).optional().describe(section('secrets')),
  commands: z.record(commandNameSchema, commandBodySchema).optional().describe(section('commands')),
  schedules: z.record(scheduleNameSchema, scheduleBodySchema).optional().describe(section('schedules')),
});
export type IntegrationEntry = z.infer<typeof integrationEntrySchema>;

export const configurationFileSchema = z
  .strictObject({
    commandTypes: z.record(commandNameSchema, commandTypeBodySchema).optional(),
    integrations: z.record(integrationIdSchema, integrationEntrySchema).optional(),
  })
  .describe('What `errand apply` reads, in the words of the HTTP API.');
/** A document that `errand apply` reads and `errand export` writes. */
export type ConfigurationFile = z.infer<typeof configurationFileSchema>;
