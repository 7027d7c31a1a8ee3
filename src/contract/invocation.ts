import { z } from 'zod';
import { callbackSchema } from './callback.ts';
import { methods } from './command.ts';
import { errorCodeSchema, failureSchema, sides } from './errors.ts';
import { invocationStatuses } from './invocation-status.ts';
import { laneSchema } from './lane.ts';
import { commandNameSchema, integrationIdSchema, lineOfText } from './names.ts';
import { tokensSchema } from './tokens.ts';
import { callbackUrlSchema } from './webhook-url.ts';

export { endedStatuses, hasEnded, type InvocationStatus, invocationStatuses } from './invocation-status.ts';
export const invocationStatusSchema = z.enum(invocationStatuses);

export const attemptOutcomes = ['succeeded', 'retryable', 'permanent', 'unknown'] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const referenceSchema = lineOfText(200);
export const idempotencyKeySchema = lineOfText(200);

const latestRunAt = Date.parse('9999-12-31T00:00:00Z');

/** The body of `POST /v1/invocations`. */
export const invocationBodySchema = z.strictObject({
  integration: integrationIdSchema,
  command: commandNameSchema,
  tokens: tokensSchema.optional(),
  lane: laneSchema.optional(),
  reference: referenceSchema.optional(),
  idempotencyKey: idempotencyKeySchema.optional(),
  runAt: z.iso
    .datetime({ offset: true })
    .refine((text) => !(Date.parse(text) > latestRunAt), 'must not lie beyond the year 9999')
    .optional(),
  callbackUrl: callbackUrlSchema.optional(),
  fallback: z
    .literal('stored')
    .optional()
    .describe(
      'Answer with the newest good result for these tokens where this invocation fails or has not ended in time, and at ' +
        'once where its integration is held. Not where it ends as `absent`.',
    ),
});
export type InvocationBody = z.infer<typeof invocationBodySchema>;

const headersSchema = z.array(z.strictObject({ key: z.string(), value: z.string() }));

export const sentRequestSchema = z.strictObject({
  method: z.enum(methods),
  url: z.string(),
  headers: headersSchema,
  body: z.string().nullable(),
});
/** A request as sent, secrets and sensitive values masked. */
export type SentRequest = z.infer<typeof sentRequestSchema>;

const phaseMs = z.number().int().nullable();
export const phasesSchema = z.strictObject({
  dnsMs: phaseMs.describe(
    'Resolving the name; this and the next two are `null` on a connection that was open already.',
  ),
  connectMs: phaseMs,
  tlsMs: phaseMs.describe('`null` over plain HTTP, too.'),
  firstByteMs: phaseMs.describe('From the request to the first byte of the answer.'),
  bodyMs: phaseMs.describe('From there to its end.'),
});
/** The parts of an exchange, in milliseconds; of the last hop, where redirects were followed. `null`: it did not come to that. */
export type Phases = z.infer<typeof phasesSchema>;

export const attemptSchema = z.strictObject({
  number: z.number().int(),
  commandVersion: z.number().int().nullable(),
  startedAt: z.iso.datetime(),
  durationMs: z.number().int(),
  outcome: z.enum(attemptOutcomes),
  status: z.number().int().nullable(),
  error: failureSchema.nullable(),
  phases: phasesSchema.nullable().describe('Where its time went; `null`: nothing was sent, or it is not known.'),
  request: sentRequestSchema.nullable(),
  response: z
    .strictObject({
      status: z.number().int(),
      headers: headersSchema,
      bytes: z.number().int(),
      bodyPreview: z.string().nullable(),
    })
    .nullable(),
});
/** One HTTP exchange of an invocation. */
export type Attempt = z.infer<typeof attemptSchema>;

export const resultSchema = z.strictObject({
  status: z.number().int(),
  contentType: z.string().nullable(),
  bytes: z.number().int(),
  sha256: z.string(),
  unchanged: z.boolean(),
});
export type Result = z.infer<typeof resultSchema>;

export const invocationSchema = z.strictObject({
  id: z.uuid(),
  account: z.string(),
  integration: z.string(),
  command: z.string(),
  lane: laneSchema,
  status: invocationStatusSchema,
  tokens: tokensSchema,
  reference: z.string().nullable(),
  idempotencyKey: z.string().nullable(),
  batch: z.uuid().nullable(),
  attempts: z.array(attemptSchema),
  result: resultSchema.nullable(),
  error: failureSchema.nullable(),
  createdAt: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  callback: callbackSchema.optional(),
});
/** One use of a command. */
export type Invocation = z.infer<typeof invocationSchema>;

/** The stored result that stands in for an invocation's own. */
export const fallbackSchema = z.strictObject({
  invocation: z.uuid().describe('The invocation that it is the result of.'),
  at: z.iso.datetime().describe("When the customer's server last answered with it, or that it still holds."),
  contentType: z.string().nullable(),
  bytes: z.number().int(),
  sha256: z.string(),
});
export type Fallback = z.infer<typeof fallbackSchema>;

/** The answer to `POST /v1/invocations`. */
export const enqueuedSchema = z.strictObject({
  ...invocationSchema.shape,
  fallback: fallbackSchema.optional().describe('Only where `fallback` was asked for and stands in.'),
});
export type EnqueuedInvocation = z.infer<typeof enqueuedSchema>;

export const invocationFilterSchema = z.strictObject({
  account: z.string().optional(),
  integration: z.string().optional(),
  command: z.string().optional(),
  status: invocationStatusSchema.optional(),
  lane: laneSchema.optional(),
  batch: z.uuid().optional(),
  code: errorCodeSchema.optional(),
  side: z.enum(sides).optional().describe('Whose move it is.'),
  reference: z.string().optional(),
  httpStatus: z.coerce.number().int().min(100).max(599).optional().describe("Of the last attempt's answer."),
  q: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'The beginning of a token value, of any case, or a whole reference or id. Sensitive values are not searched, nor ' +
        'what comes after the first 100 characters of a value.',
    ),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});
export type InvocationFilter = z.infer<typeof invocationFilterSchema>;
