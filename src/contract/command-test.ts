import { z } from 'zod';
import { commandBodySchema } from './command.ts';
import { errorCodeSchema, sides } from './errors.ts';
import { attemptSchema, sentRequestSchema } from './invocation.ts';
import { tokensSchema } from './tokens.ts';

/** The body of `POST …/commands/{command}/preview` and `/test`; `draft` is a command that is not saved yet. */
export const commandTestBodySchema = z.strictObject({
  tokens: tokensSchema.optional(),
  draft: commandBodySchema.optional(),
});
export type CommandTestBody = z.infer<typeof commandTestBodySchema>;

export const commandPreviewSchema = z.strictObject({
  ...sentRequestSchema.shape,
  egress: z.strictObject({ allowed: z.boolean().nullable(), reason: z.string().nullable() }),
});
/** A request as it would be sent, secrets and sensitive values masked. `egress.allowed` is `null` if that cannot be told now. */
export type CommandPreview = z.infer<typeof commandPreviewSchema>;

export const commandTestSchema = z.strictObject({
  request: sentRequestSchema,
  response: attemptSchema.shape.response.describe('`null` if the server did not answer.'),
  durationMs: z.number().int().describe('Of the whole exchange, from DNS to the last byte.'),
  verdict: z.strictObject({
    outcome: z.enum(['succeeded', 'retryable', 'permanent']),
    code: errorCodeSchema.nullable(),
    side: z.enum(sides).nullable(),
    message: z.string().nullable(),
  }),
});
/** What came of sending a command once, to try it. */
export type CommandTest = z.infer<typeof commandTestSchema>;
