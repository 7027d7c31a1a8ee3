import { z } from 'zod';
import { callbackSchema } from './callback.ts';
import { idempotencyKeySchema, referenceSchema } from './invocation.ts';
import { commandNameSchema, integrationIdSchema, lineOfText } from './names.ts';
import { tokensSchema } from './tokens.ts';
import { callbackUrlSchema } from './webhook-url.ts';

export const batchStatuses = ['receiving', 'queued', 'running', 'finished', 'cancelled'] as const;
export const batchStatusSchema = z.enum(batchStatuses);
export type BatchStatus = z.infer<typeof batchStatusSchema>;

/** Of a finished batch: all that could be had (`clean`), some of it, or nothing. What is absent is no failure. */
export const batchOutcomes = ['clean', 'partial', 'failed'] as const;
export type BatchOutcome = (typeof batchOutcomes)[number];

/** A label over batches: a whole night. */
export const runSchema = lineOfText(200);

export const batchItemSchema = z.strictObject({ tokens: tokensSchema, reference: referenceSchema.optional() });
/** One line of a batch. */
export type BatchItem = z.infer<typeof batchItemSchema>;

const when = z.iso.datetime({ offset: true });

/** What a batch is of: the query of a streamed one, beside the items of one that is sent as JSON. */
export const batchHeadSchema = z.strictObject({
  integration: integrationIdSchema,
  command: commandNameSchema,
  run: runSchema.optional(),
  finishBy: when.optional(),
  callbackUrl: callbackUrlSchema.optional(),
});
export type BatchHead = z.infer<typeof batchHeadSchema>;

/** Of one JSON body; more come as NDJSON, which has no such bound. */
export const maxJsonItems = 10_000;

/** The body of `POST /v1/batches`. */
export const batchBodySchema = z.strictObject({
  ...batchHeadSchema.shape,
  items: z.array(batchItemSchema).min(1).max(maxJsonItems),
  idempotencyKey: idempotencyKeySchema.optional(),
});
export type BatchBody = z.infer<typeof batchBodySchema>;

const count = z.number().int().min(0);

export const batchCountsSchema = z.strictObject({
  total: count,
  queued: count,
  running: count,
  retrying: count,
  succeeded: count,
  unchanged: count.describe('Of `succeeded`: the same bytes as before.'),
  absent: count.describe('Ended as `absent`; not among `failed`.'),
  failed: count,
  cancelled: count,
});
export type BatchCounts = z.infer<typeof batchCountsSchema>;

export const batchSchema = z.strictObject({
  id: z.uuid(),
  account: z.string(),
  integration: z.string(),
  command: z.string(),
  run: z.string().nullable(),
  schedule: z.string().nullable(),
  status: batchStatusSchema,
  outcome: z.enum(batchOutcomes).nullable(),
  ...batchCountsSchema.shape,
  finishBy: z.iso.datetime().nullable(),
  warnings: z.array(z.string()).describe('What was seen when it was accepted, e.g. that limits leave too little time.'),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  callback: callbackSchema.optional(),
});
/** Many invocations of one command handed over together, with their progress. */
export type Batch = z.infer<typeof batchSchema>;

export const batchFilterSchema = z.strictObject({
  account: z.string().optional(),
  integration: z.string().optional(),
  run: z.string().optional(),
  status: batchStatusSchema.optional(),
});
export type BatchFilter = z.infer<typeof batchFilterSchema>;
