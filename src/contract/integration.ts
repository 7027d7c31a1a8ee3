import { z } from 'zod';
import { allowedHostsSchema } from './allowed-hosts.ts';
import { authSchema, tlsSchema } from './authentication.ts';
import { maxConcurrency, maxRates, minSecretLength } from './integration-numbers.ts';
import { accountSchema, integrationIdSchema, lineOfText, text, tokenNameSchema } from './names.ts';

export { defaultConcurrency, minHintedSecretLength, minSecretLength } from './integration-numbers.ts';

export const limitsSchema = z.strictObject({
  concurrency: z.number().int().min(1).max(maxConcurrency).optional(),
  rates: z
    .array(z.strictObject({ count: z.number().int().min(1), perSeconds: z.number().int().min(1).max(86_400) }))
    .max(maxRates)
    .optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

const variablesSchema = z.record(tokenNameSchema, text(8192));

const shownSecretSchema = tokenNameSchema
  .nullable()
  .describe(
    'The secret whose hint stands for the integration in lists, such as its API key; it need not be saved yet.',
  );

/** The body of `PUT /v1/integrations/{id}`. */
export const integrationBodySchema = z.strictObject({
  account: accountSchema.optional(),
  name: lineOfText(200),
  type: z.literal('custom'),
  variables: variablesSchema.optional(),
  limits: limitsSchema.optional(),
  shownSecret: shownSecretSchema.optional(),
  auth: authSchema.nullable().optional(),
  tls: tlsSchema.nullable().optional(),
});
export type IntegrationBody = z.infer<typeof integrationBodySchema>;

/** The body of `PATCH /v1/integrations/{id}`: what is left out stays; a variable set to `null` is removed. */
export const integrationPatchSchema = z.strictObject({
  name: lineOfText(200).optional(),
  variables: z.record(tokenNameSchema, text(8192).nullable()).optional(),
  limits: limitsSchema.optional(),
  shownSecret: shownSecretSchema.optional(),
  auth: authSchema.nullable().optional(),
  tls: tlsSchema.nullable().optional(),
});
export type IntegrationPatch = z.infer<typeof integrationPatchSchema>;

export const integrationStatuses = ['active', 'paused'] as const;

/** Why an integration's work waits instead of failing, and when one invocation is let through to try. */
export const holdSchema = z.strictObject({
  reason: z.string(),
  since: z.iso.datetime(),
  nextProbeAt: z.iso.datetime().nullable(),
});
export type Hold = z.infer<typeof holdSchema>;

export const integrationSchema = z.strictObject({
  id: integrationIdSchema,
  account: accountSchema,
  name: z.string(),
  type: z.literal('custom'),
  status: z.enum(integrationStatuses),
  variables: z.record(z.string(), z.string()),
  limits: limitsSchema,
  shownSecret: z.string().nullable(),
  shownSecretHint: z
    .string()
    .nullable()
    .describe('`null` where none is chosen, none is saved, or it is too short for one.'),
  auth: authSchema.nullable().describe('How Errand says who it is; `null`: only by what commands send.'),
  tls: tlsSchema.nullable().describe('`null`: the usual certificate authorities, and no certificate of its own.'),
  lastSyncAt: z.iso.datetime().nullable(),
  lastSyncQuality: z.enum(['complete', 'partial', 'stale']).nullable(),
  hold: holdSchema.nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Integration = z.infer<typeof integrationSchema>;

/** The body of `PUT …/secrets/{name}`, which replaces the secret as a whole: hosts that are left out are no longer asked for. */
export const secretBodySchema = z.strictObject({
  value: text(8192).min(minSecretLength),
  allowedHosts: allowedHostsSchema.optional(),
});
export type SecretBody = z.infer<typeof secretBodySchema>;
export const secretSchema = z.strictObject({
  name: z.string(),
  hint: z.string().nullable(),
  /** `null`: all. */
  allowedHosts: z.array(z.string()).nullable(),
  updatedAt: z.iso.datetime(),
});
/** What can be known of a secret: never its value. */
export type Secret = z.infer<typeof secretSchema>;
