/** `errand/client`: what producers import. Needs nothing but `fetch`; the queue's client needs the package `bullmq`. */
export type { Integration } from '../contract/integration.ts';
export type { Invocation, InvocationBody, InvocationStatus } from '../contract/invocation.ts';
export type { Lane } from '../contract/lane.ts';
export type { Problem } from '../contract/problem.ts';
export type { Tokens } from '../contract/tokens.ts';
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
