import { z } from 'zod';
import { actorSchema } from './audit.ts';
import { commandBodySchema, commandSchema } from './command.ts';
import { sentRequestSchema } from './invocation.ts';
import { fieldErrorSchema } from './problem.ts';

/** The body of `POST …/commands/{command}/check`. */
export const commandCheckBodySchema = z.strictObject({
  draft: z
    .unknown()
    .describe('A command that is being written: what is wrong with it is said in `errors`, with a 200.'),
});
export type CommandCheckBody = z.infer<typeof commandCheckBodySchema>;

export const tokenSources = ['command-type', 'variable', 'secret', 'errand'] as const;

export const availableTokenSchema = z.strictObject({
  name: z.string(),
  from: z.enum(tokenSources),
  description: z.string().nullable(),
  example: z.string().nullable().describe("A variable's value; a secret's hint."),
  required: z.boolean(),
  sensitive: z.boolean(),
  aliasOf: z.string().nullable(),
});
/** A token that a command's templates may name. */
export type AvailableToken = z.infer<typeof availableTokenSchema>;

/** How a value is written where it stands (contract §5). */
export const placeEncodings = [
  'url-base',
  'url-path',
  'url-query',
  'header',
  'json-string',
  'json-value',
  'form',
  'xml',
  'as-is',
] as const;
export type PlaceEncoding = (typeof placeEncodings)[number];

export const usedTokenSchema = z.strictObject({
  path: z.string().describe('`request.url`, `request.headers.0.value` or `request.body`.'),
  start: z.number().int().describe('Where its `{{` begins, in UTF-16 code units.'),
  end: z.number().int().describe('After its `}}`.'),
  name: z.string(),
  from: z.enum(tokenSources).nullable().describe('`null`: there is no such token.'),
  encoding: z.enum(placeEncodings).nullable().describe('`null` where the template does not tell.'),
  suggestions: z.array(z.string()).describe('Of a name that there is not: those that are close.'),
});
/** A token where it stands in a draft. */
export type UsedToken = z.infer<typeof usedTokenSchema>;

const attemptTimeSchema = z.strictObject({
  number: z.number().int(),
  earliestMs: z.number().int().describe('After the first attempt began, if every attempt fails at once.'),
  latestMs: z.number().int().describe('If every attempt takes its whole time; a Retry-After can make it later.'),
});
const attemptPlanSchema = z.strictObject({
  timeoutMs: z.number().int(),
  deadlineMs: z.number().int(),
  attempts: z.array(attemptTimeSchema),
});
/** When a command would be tried, and tried again. */
export type AttemptPlan = z.infer<typeof attemptPlanSchema>;

export const commandCheckSchema = z.strictObject({
  errors: z.array(fieldErrorSchema).describe('Why it could not be saved; none: it could.'),
  available: z.array(availableTokenSchema),
  used: z.array(usedTokenSchema).describe('The first thousand, URL first, then headers, then body.'),
  plan: z
    .strictObject({ interactive: attemptPlanSchema, batch: attemptPlanSchema })
    .nullable()
    .describe('`null` while its times or `retry` have no shape.'),
});
export type CommandCheck = z.infer<typeof commandCheckSchema>;

export const commandVersionSchema = z.strictObject({
  version: z.number().int(),
  savedAt: z.iso.datetime(),
  savedBy: actorSchema,
  current: z.boolean(),
});
/** That a command was saved. */
export type CommandVersion = z.infer<typeof commandVersionSchema>;
export const pastCommandSchema = z.strictObject({ ...commandSchema.shape, savedBy: actorSchema });
/** A command as it was. */
export type PastCommand = z.infer<typeof pastCommandSchema>;

export const defaultDryRun = 20;
/** The body of `POST …/commands/{command}/dry-run`. */
export const dryRunBodySchema = z.strictObject({
  draft: commandBodySchema,
  last: z.number().int().min(1).max(200).default(defaultDryRun).describe('How many of its newest invocations.'),
});
export type DryRunBody = z.input<typeof dryRunBodySchema>;

export const dryRunItemSchema = z.strictObject({
  invocation: z.uuid(),
  at: z.iso.datetime(),
  changed: z.boolean(),
  before: sentRequestSchema.nullable().describe('As its command is saved now; `null`: it could not be rendered.'),
  after: sentRequestSchema.nullable().describe('As the draft has it; `null`: it could not be rendered, see `problem`.'),
  problem: z.string().nullable().describe('Why the draft cannot be rendered, or would not be sent.'),
});
export type DryRunItem = z.infer<typeof dryRunItemSchema>;
export const dryRunSchema = z.strictObject({
  compared: z.number().int().describe('Fewer than asked for where there are no more, or the requests are very large.'),
  changed: z.number().int().describe('Also those that only one of the two can be rendered for.'),
  failing: z.number().int().describe('Those that have a `problem` with the draft.'),
  items: z.array(dryRunItemSchema).describe('Newest first.'),
});
/** What an edited command would change on the wire, had it been there before. */
export type DryRun = z.infer<typeof dryRunSchema>;
