import { z } from 'zod';
import { actorSchema } from './audit.ts';
import { errorCodeSchema, sides } from './errors.ts';
import { commandNameSchema, integrationIdSchema, text } from './names.ts';

export const problemGroupQuerySchema = z.strictObject({
  account: z.string().optional(),
  integration: z.string().optional(),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Of invocations created since then; default: 7 days ago.'),
});
export type ProblemGroupQuery = z.infer<typeof problemGroupQuerySchema>;

const keyShape = { integration: integrationIdSchema, command: commandNameSchema, code: errorCodeSchema };

export const acknowledgementSchema = z.strictObject({
  at: z.iso.datetime(),
  by: actorSchema,
  note: z.string().nullable(),
});

export const problemGroupSchema = z.strictObject({
  integration: z.string(),
  command: z.string(),
  code: errorCodeSchema,
  side: z.enum(sides),
  message: z.string().describe('Of the newest of them.'),
  failed: z
    .number()
    .int()
    .describe(
      'Invocations that have ended so and were not retried; of the newest 10,000, of fewer where there are more than 20 problems.',
    ),
  retrying: z.number().int().describe('Those that failed so and are tried again; of the same newest, too.'),
  limited: z.boolean().describe('There are more than were counted.'),
  since: z.iso.datetime().describe('When the oldest of them was created.'),
  lastAt: z.iso.datetime().describe('When the newest of them was created.'),
  sample: z.uuid().describe('The newest invocation of them.'),
  held: z.boolean().describe('Does Errand hold the integration?'),
  acknowledged: acknowledgementSchema
    .nullable()
    .describe('A person has seen it, and nothing newer has failed so since.'),
});
/** What is wrong now, once for each integration, command, code and side: a key that is refused is not the same as a number that is wrong. */
export type ProblemGroup = z.infer<typeof problemGroupSchema>;
export const problemGroupsSchema = z.strictObject({ items: z.array(problemGroupSchema) });

/** The body of `POST /v1/problems/acknowledge`. */
export const acknowledgeBodySchema = z.strictObject({
  ...keyShape,
  acknowledged: z.boolean().default(true).describe('`false` takes it back.'),
  note: text(2000).optional(),
  sample: z
    .uuid()
    .optional()
    .describe('The newest invocation that was seen, as it was listed: anything newer is not acknowledged.'),
});
export type AcknowledgeBody = z.input<typeof acknowledgeBodySchema>;
