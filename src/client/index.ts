/** `errand/client`: what producers import. Over HTTP it needs `fetch`; the queue's client needs the package `bullmq`. */
export { InvalidJob } from './errors.ts';
export { type JobOutcome, UnknownJob } from './follow.ts';
export * from './over-http.ts';
export {
  createQueueClient,
  type EnqueuedJob,
  type QueueCallOptions,
  type QueueClient,
  type QueueClientOptions,
} from './queue.ts';
export type { QueuedInvocation } from './queue-job.ts';
