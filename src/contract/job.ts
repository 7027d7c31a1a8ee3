import { z } from 'zod';
import { type InvocationStatus, idempotencyKeySchema, referenceSchema } from './invocation.ts';
import type { Lane } from './lane.ts';
import { commandNameSchema, integrationIdSchema } from './names.ts';
import { tokensSchema } from './tokens.ts';
import { callbackUrlSchema } from './webhook-url.ts';

/** The name of every job that asks for an invocation (contract §4). */
export const invokeJobName = 'invoke';

/** The queue of a lane: `errand-interactive`, `errand-batch`. */
export function queueName(prefix: string, lane: Lane): string {
  return `${prefix}-${lane}`;
}

/** A job that a billing engineer's own BullMQ code adds. */
export const producerJobSchema = z.strictObject({
  integration: integrationIdSchema,
  command: commandNameSchema,
  tokens: tokensSchema.optional(),
  reference: referenceSchema.optional(),
  idempotencyKey: idempotencyKeySchema.optional(),
  callbackUrl: callbackUrlSchema.optional(),
});
export type ProducerJob = z.infer<typeof producerJobSchema>;

/** A job that Errand itself adds: ids only, never a value, a secret or a request. */
export const doorbellJobSchema = z.strictObject({ invocation: z.uuid(), integration: integrationIdSchema });
export type DoorbellJob = z.infer<typeof doorbellJobSchema>;

const rank = z.number().int().min(1);

/** A range of a batch: ids only, too; `from` and `to` count its items from 1 on. */
export const rangeJobSchema = z.strictObject({
  batch: z.uuid(),
  integration: integrationIdSchema,
  command: commandNameSchema,
  from: rank,
  to: rank,
});

/** What must be tried again of a batch. */
export const sweepJobSchema = z.strictObject({
  batch: z.uuid(),
  integration: integrationIdSchema,
  command: commandNameSchema,
});

/** What a finished job for an invocation returns. */
export type JobReturn = { invocation: string; status: InvocationStatus };
/** What a finished job for a range or for leftovers returns: how many attempts it made. */
export type BatchReturn = { batch: string; from?: number; to?: number; attempts: number };
