import { fieldErrors } from '../contract/field-errors.ts';
import { type ProducerJob, producerJobSchema } from '../contract/job.ts';
import { type Lane, laneSchema } from '../contract/lane.ts';
import { wording } from '../contract/wording.ts';
import { InvalidJob } from './errors.ts';
import type { BullJobOptions } from './queue-backend.ts';

/** What a job asks for, and when: `runAt` becomes BullMQ's `delay`; of two jobs the lower `priority` (from 1) is first. */
export type QueuedInvocation = ProducerJob & { lane?: Lane; runAt?: Date | string; priority?: number };

export type ComposedJob = { lane: Lane; data: ProducerJob; options: BullJobOptions };

/** BullMQ keeps priorities in 21 bits. */
const greatestPriority = 2_097_152;

/** Checks what the worker will check, so that a mistake is told to the one who made it. @throws InvalidJob */
export function composeJob(invocation: QueuedInvocation, now: number): ComposedJob {
  const { lane = 'batch', runAt, priority, ...data } = invocation;
  const shape = producerJobSchema.safeParse(data, { error: wording });
  const errors = fieldErrors(shape.error?.issues ?? []).map(({ path, message }) => ({ path: path || 'data', message }));
  if (!laneSchema.safeParse(lane).success) errors.push({ path: 'lane', message: 'must be interactive or batch' });
  const at = runAt === undefined ? now : new Date(runAt).getTime();
  if (Number.isNaN(at)) errors.push({ path: 'runAt', message: 'must be a Date, or a time as of ISO 8601' });
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 1 && priority <= greatestPriority)) {
    errors.push({ path: 'priority', message: `must be a whole number from 1 to ${greatestPriority}` });
  }
  if (errors.length > 0) throw new InvalidJob(errors);
  const delay = Math.max(0, at - now);
  const options = {
    // An id of its own: BullMQ ignores one that it knows, so a command that is sent again adds no second job.
    jobId: crypto.randomUUID(),
    ...(delay === 0 ? {} : { delay }),
    ...(priority === undefined ? {} : { priority }),
  };
  return { lane, data, options };
}
