import { z } from 'zod';
import { errorCodeSchema } from './errors.ts';
import { laneSchema, lanes } from './lane.ts';

export const statisticsBuckets = ['minute', 'hour', 'day', 'all'] as const;
export const statisticsGroups = ['integration', 'command', 'lane'] as const;

const moment = z.iso.datetime({ offset: true });

/** `GET /v1/statistics`. */
export const statisticsQuerySchema = z.strictObject({
  bucket: z
    .enum(statisticsBuckets)
    .default('hour')
    .describe(
      'How much time one item covers; `all`: the whole of what is asked for. Minutes are kept for three days, days are of UTC.',
    ),
  by: z
    .enum(statisticsGroups)
    .optional()
    .describe('One item for each of these, a command being that of one integration; left out: for all together.'),
  account: z.string().optional(),
  integration: z.string().optional(),
  command: z.string().optional(),
  lane: laneSchema.optional(),
  since: moment.optional().describe('Default: 24 hours before `until`; of minutes, one hour.'),
  until: moment.optional().describe('Default: now.'),
});
export type StatisticsQuery = z.infer<typeof statisticsQuerySchema>;

const count = z.number().int();
const durationMs = z.number().nullable();

export const statisticsItemSchema = z.strictObject({
  at: z.iso.datetime().describe('When its time begins.'),
  integration: z.string().nullable(),
  command: z.string().nullable(),
  lane: z.enum(lanes).nullable(),
  succeeded: count.describe('Invocations that ended so.'),
  failed: count.describe('Without those that are absent.'),
  absent: count,
  attempts: count,
  retried: count.describe('Attempts that failed and are followed by another.'),
  durationMs: z
    .strictObject({ p50: durationMs, p99: durationMs })
    .describe('How long attempts took that were sent, to within a tenth.'),
  byCode: z.partialRecord(errorCodeSchema, count).describe('Of failed attempts.'),
});
/** What happened within a bucket of time. */
export type StatisticsItem = z.infer<typeof statisticsItemSchema>;

export const statisticsSchema = z.strictObject({
  bucket: z.enum(statisticsBuckets),
  since: z.iso.datetime().describe('What was asked for, or what is kept of it, in whole buckets.'),
  until: z.iso.datetime(),
  items: z.array(statisticsItemSchema).describe('Oldest first; buckets in which nothing happened are left out.'),
});
export type Statistics = z.infer<typeof statisticsSchema>;

/** How many items one answer has at most. */
export const maxStatisticsItems = 5_000;
/** How many rows an answer may be added up from. */
export const maxStatisticsRows = 250_000;
/** How long minutes are kept; hours and days as long as invocations. */
export const minutesKeptDays = 3;

/** What is counted no further. */
export const maxCounted = 10_000;

export const laneStateSchema = z.strictObject({
  lane: z.enum(lanes),
  waiting: count.describe(
    `Invocations that could be tried now and wait for a worker; of singles counted up to ${maxCounted}.`,
  ),
  running: count,
  retrying: count.describe(
    `Those that wait for their next attempt, or for a hold or pause to end; counted up to ${maxCounted}, as singles and as rows of batches. Those that wait for a \`runAt\` are in no count.`,
  ),
  oldestAt: z.iso.datetime().nullable().describe('Since when the oldest of those that could be tried now waits.'),
  workers: count.describe('Processes with a heartbeat, of all accounts.'),
});
/** How much there is to do in a lane. */
export type LaneState = z.infer<typeof laneStateSchema>;
export const laneStatesSchema = z.strictObject({ items: z.array(laneStateSchema) });
