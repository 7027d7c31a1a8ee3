/** `errand/client`: what producers import. Over HTTP it needs `fetch`; the queue's client needs the package `bullmq`. */
export type { Batch, BatchItem } from '../contract/batch.ts';
export type { BatchReport, MissingItem } from '../contract/batch-report.ts';
export type { Integration } from '../contract/integration.ts';
export type { Invocation, InvocationBody, InvocationStatus } from '../contract/invocation.ts';
export type { Lane } from '../contract/lane.ts';
export type { Problem } from '../contract/problem.ts';
export type { RunSummary } from '../contract/run.ts';
export type { Schedule, ScheduleBody } from '../contract/schedule.ts';
export type { Tokens } from '../contract/tokens.ts';
export type { WaitForBatchOptions } from './batch-end.ts';
export type { BatchItems, NewBatch } from './batches.ts';
export { ApiError, ApiUnreachable, InvalidJob, WaitTimeout } from './errors.ts';
export { type JobOutcome, UnknownJob } from './follow.ts';
export {
  createHttpClient as createClient,
  type EnqueueOptions,
  type HttpClient as Client,
  type HttpClientOptions as ClientOptions,
  type ResultBytes,
  type WaitOptions,
} from './http.ts';
export {
  createQueueClient,
  type EnqueuedJob,
  type QueueCallOptions,
  type QueueClient,
  type QueueClientOptions,
} from './queue.ts';
export type { QueuedInvocation } from './queue-job.ts';
