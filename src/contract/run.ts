import { z } from 'zod';
import { batchCountsSchema, batchOutcomes } from './batch.ts';
import { countsByCodeSchema } from './batch-report.ts';
import { holdSchema } from './integration.ts';

const when = z.iso.datetime().nullable();
const batches = z.number().int().min(1).describe('How many batches.');

export const runOfIntegrationSchema = z.strictObject({
  integration: z.string(),
  batches,
  ...batchCountsSchema.shape,
  outcome: z.enum(batchOutcomes).nullable().describe('`null` until all of its batches have ended.'),
  hold: holdSchema.nullable().describe('Why what has not ended waits; `null`: it does not, or nothing is left.'),
});

export type RunOfIntegration = z.infer<typeof runOfIntegrationSchema>;

export const runSummarySchema = z.strictObject({
  run: z.string(),
  batches,
  ...batchCountsSchema.shape,
  byIntegration: z.array(runOfIntegrationSchema),
  byCode: countsByCodeSchema,
  startedAt: when,
  finishedAt: when.describe('`null` until all of its batches have ended.'),
  expectedEnd: when.describe('By the pace so far; `null` where that cannot be told, as while an integration of it is held, or all has ended.'),
});
/** All batches of one label together: a whole night. */
export type RunSummary = z.infer<typeof runSummarySchema>;
