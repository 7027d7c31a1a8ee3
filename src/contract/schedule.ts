import { z } from 'zod';
import { batchItemSchema, batchOutcomes, maxJsonItems } from './batch.ts';
import { commandNameSchema, text, tokenNameSchema } from './names.ts';
import { tokensSchema } from './tokens.ts';

/** Schedules stand in URLs and in the labels of their runs. */
export const scheduleNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/,
    'must be 1 to 64 letters, digits, "_", "." or "-", beginning and ending with a letter or digit',
  );

export const scheduleItemSchema = batchItemSchema;
export type ScheduleItem = z.infer<typeof scheduleItemSchema>;

const pointerSchema = text(1000).regex(
  /^(?:\/(?:[^~/]|~[01])*)*$/,
  'must be a JSON Pointer (RFC 6901) such as /invoices',
);

/** Another command of the same integration, whose JSON answer lists the items of a run. */
export const scheduleSourceSchema = z.strictObject({
  command: commandNameSchema,
  tokens: tokensSchema.optional(),
  itemsPointer: pointerSchema,
  /** Token name to the pointer, within an item, of its value. */
  map: z.record(tokenNameSchema, pointerSchema),
  /** Where a page names the next one: a URL, or a value for `{{errand.next}}` if the command uses that. */
  next: z.strictObject({ pointer: pointerSchema }).optional(),
  /** `errand.since` of the first run; without it that is empty. */
  initialSince: z.iso.datetime({ offset: true }).optional(),
  /** By how much `errand.since` lies before the last complete run's start. Covers clocks that differ. Default: 300. */
  overlapSeconds: z
    .number()
    .int()
    .min(0)
    .max(7 * 86_400)
    .optional(),
});
export type ScheduleSource = z.infer<typeof scheduleSourceSchema>;

/** The body of `PUT …/schedules/{name}`: `items` or `source`, not both. */
export const scheduleBodySchema = z
  .strictObject({
    command: commandNameSchema,
    cron: z.string().min(1).max(200),
    timezone: z.string().min(1).max(100).optional(),
    enabled: z.boolean().optional(),
    spreadSeconds: z.number().int().min(0).max(86_400).optional(),
    finishWithinSeconds: z
      .number()
      .int()
      .min(60)
      .max(7 * 86_400)
      .optional(),
    items: z.array(scheduleItemSchema).min(1).max(maxJsonItems).optional(),
    source: scheduleSourceSchema.optional(),
  })
  .superRefine(({ items, source }, context) => {
    if ((items === undefined) !== (source === undefined)) return;
    const message =
      items === undefined
        ? 'is required, or source: what to run is needed'
        : 'must be left out where there is a source';
    context.addIssue({ code: 'custom', path: ['items'], message });
  });
export type ScheduleBody = z.infer<typeof scheduleBodySchema>;

/** How a schedule's last run ended; `running`: it has not; `skipped`: the run before it had not. */
export const runOutcomes = [...batchOutcomes, 'running', 'skipped', 'cancelled'] as const;
export type RunOutcome = (typeof runOutcomes)[number];

export const scheduleSchema = z.strictObject({
  name: z.string(),
  command: z.string(),
  cron: z.string(),
  timezone: z.string(),
  enabled: z.boolean(),
  spreadSeconds: z.number().int(),
  finishWithinSeconds: z.number().int().nullable(),
  items: z.array(scheduleItemSchema).nullable(),
  source: scheduleSourceSchema.nullable(),
  nextRunAt: z.iso.datetime().nullable(),
  lastRun: z
    .strictObject({
      at: z.iso.datetime(),
      batch: z.uuid().nullable(),
      outcome: z.enum(runOutcomes),
      reason: z.string().nullable().describe('Why it was skipped, or could not start.'),
    })
    .nullable(),
});
/** A cron entry with a time zone that starts a batch. */
export type Schedule = z.infer<typeof scheduleSchema>;

export const listedScheduleSchema = z.strictObject({ integration: z.string(), ...scheduleSchema.shape });
/** A schedule among those of all integrations. */
export type ListedSchedule = z.infer<typeof listedScheduleSchema>;
export const scheduleFilterSchema = z.strictObject({
  account: z.string().optional(),
  integration: z.string().optional(),
});
export type ScheduleFilter = z.infer<typeof scheduleFilterSchema>;
