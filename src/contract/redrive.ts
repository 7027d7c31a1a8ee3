import { z } from 'zod';
import { errorCodeSchema, sides } from './errors.ts';
import { text } from './names.ts';

/** Of one call: a body of 1 MiB would hold some more. */
export const maxRedriveIds = 10_000;

const when = z.iso.datetime({ offset: true });

/** The body of `POST /v1/invocations/redrive`. Filters narrow each other; without any, `all` must say that all are meant. */
export const redriveBodySchema = z
  .strictObject({
    integration: text(1000).optional(),
    command: text(1000).optional(),
    batch: z.uuid().optional(),
    run: text(1000).optional(),
    codes: z.array(errorCodeSchema).min(1).optional(),
    side: z.enum(sides).optional(),
    ids: z.array(z.uuid()).min(1).max(maxRedriveIds).optional(),
    since: when.optional(),
    until: when.optional(),
    all: z.boolean().optional(),
    dryRun: z.boolean().optional(),
  })
  .superRefine(({ all, dryRun: _, ...filters }, context) => {
    if (all === true || Object.values(filters).some((value) => value !== undefined)) return;
    const known = 'integration, command, batch, run, codes, side, ids, since or until';
    context.addIssue({ code: 'custom', message: `must have at least one filter (${known}), or "all": true` });
  });
export type RedriveBody = z.infer<typeof redriveBodySchema>;

export const redriveSchema = z.strictObject({
  matched: z.number().int().describe('How many ended invocations fit.'),
  redriven: z.number().int().describe('How many of them were opened again: none for a dry run.'),
});
export type Redrive = z.infer<typeof redriveSchema>;
