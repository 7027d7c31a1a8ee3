import { z } from 'zod';
import { batchCountsSchema } from './batch.ts';
import { errorCodeSchema } from './errors.ts';
import { invocationStatusSchema } from './invocation.ts';
import { tokensSchema } from './tokens.ts';

const count = z.number().int().min(0);

/** How many ended with which code: what to mend first. */
export const countsByCodeSchema = z.record(z.string(), count).describe('Error code to count.');

export const missingItemSchema = z.strictObject({
  id: z.uuid(),
  item: z.number().int().min(1).describe('Which of the items handed over: 1 is the first.'),
  reference: z.string().nullable(),
  tokens: tokensSchema.describe('Sensitive values masked.'),
  status: invocationStatusSchema,
  code: errorCodeSchema.nullable(),
  message: z.string().nullable(),
});
/** An item of a batch that has no result: failed, absent, cancelled, or not ended yet. */
export type MissingItem = z.infer<typeof missingItemSchema>;

export const batchReportSchema = z.strictObject({
  batch: z.uuid(),
  expected: count,
  succeeded: count,
  unchanged: count.describe('Of `succeeded`: the same bytes as before.'),
  absent: batchCountsSchema.shape.absent,
  failed: count,
  cancelled: count,
  byCode: countsByCodeSchema,
  missing: z.array(missingItemSchema),
  nextCursor: z.string().nullable(),
});
/** What a batch was to bring, what it brought, and a page of what it did not. */
export type BatchReport = z.infer<typeof batchReportSchema>;
