import { z } from 'zod';
import { type InvocationStatus, idempotencyKeySchema, referenceSchema } from './invocation.ts';
import type { Lane } from './lane.ts';
import { commandNameSchema, integrationIdSchema } from './names.ts';
import { tokensSchema } from './tokens.ts';

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
});
export type ProducerJob = z.infer<typeof producerJobSchema>;

/** A job that Errand itself adds: ids only, never a value, a secret or a request. */
export const doorbellJobSchema = z.strictObject({ invocation: z.uuid(), integration: integrationIdSchema });
export type DoorbellJob = z.infer<typeof doorbellJobSchema>;

/** What a finished job returns. */
export type JobReturn = { invocation: string; status: InvocationStatus };
