import { type ErrorCode, errorCodeSchema } from '../contract/errors.ts';
import { hasEnded, type InvocationStatus, invocationStatusSchema } from '../contract/invocation.ts';
import type { JobReturn } from '../contract/job.ts';
import type { BullEvents, BullJob, BullQueue } from './queue-backend.ts';
import { withResolvers } from './resolvers.ts';

/** How a job's invocation ended. */
export type JobOutcome = {
  /** `null`: there is none, because the job was refused (`invalid-job`). */
  invocation: string | null;
  status: 'succeeded' | 'failed' | 'cancelled';
  /** For those that failed, if the queue still knows it. */
  code: ErrorCode | null;
  /** `code: message`, as Bull Board shows it. */
  reason: string | null;
};

/** The queue does not have the job: it was never added, or ended so long ago that it was removed. */
export class UnknownJob extends Error {
  constructor(id: string) {
    super(`There is no job "${id}" in the queue (any more). Its invocation, if it has one, can be read over HTTP.`);
    this.name = 'UnknownJob';
  }
}

/** Events can be lost in an outage, and come late on PostgreSQL under load: so often the jobs themselves are looked at. */
const lookMs = 3_000;
/** A retry's job has the next generation as its id, unless a process died before it could add it. */
const generationsAhead = 3;

const unended = { ended: false } as const;
type Seen = { ended: true; outcome: JobOutcome } | typeof unended;

/**
 * Follows a job and then the retries of its invocation, which are jobs of their own, `<invocation>.<generation>`:
 *
 *     job ──completed, {invocation, status: ended}──────────────► outcome
 *      │ └─completed, {invocation, status: retrying, …}─► the invocation's other jobs ──► outcome
 *      └───failed, its progress says which invocation─────────────────────────────────► outcome
 *
 * Resolves with the outcome; `stop` ends it without one.
 */
export function followJob(
  queue: BullQueue,
  events: BullEvents,
  id: string,
): { ended: Promise<JobOutcome>; stop(): void } {
  const { promise: ended, resolve, reject } = withResolvers<JobOutcome>();
  let invocation: string | null = null;
  let generation = 0;

  const see = (seen: Seen) => {
    if (!seen.ended) return;
    stop();
    resolve(seen.outcome);
  };
  function returned(value: unknown): Seen {
    const answer = readReturn(value);
    if (answer === null) return unended;
    invocation = answer.invocation;
    return ofStatus(answer.invocation, answer.status, null);
  }
  function lookAt(job: BullJob): Seen {
    const { failedReason = '', progress, returnvalue } = job;
    if (job.finishedOn === undefined || job.finishedOn === null) return unended;
    if (failedReason === '') return returned(returnvalue);
    return ofStatus(readReturn(progress)?.invocation ?? invocation, 'failed', failedReason);
  }
  async function look(): Promise<void> {
    if (invocation === null) {
      const job = await queue.getJob(id);
      if (job === undefined) throw new UnknownJob(id);
      see(lookAt(job));
    }
    for (let ahead = 1; invocation !== null && ahead <= generationsAhead; ahead += 1) {
      const job = await queue.getJob(`${invocation}.${generation + ahead}`);
      if (job === undefined) continue;
      const seen = lookAt(job);
      see(seen);
      if (seen.ended || job.finishedOn === undefined || job.finishedOn === null) return;
      generation += ahead;
      ahead = 0;
    }
  }
  const lookSafely = () =>
    look().catch((error: unknown) => {
      if (error instanceof UnknownJob) {
        stop();
        reject(error);
      }
      // Any other error is an outage; the next look comes.
    });

  const ours = (jobId: string) => jobId === id || (invocation !== null && jobId.startsWith(`${invocation}.`));
  const onCompleted = ({ jobId, returnvalue }: { jobId: string; returnvalue: unknown }) => {
    if (ours(jobId) || (invocation !== null && readReturn(returnvalue)?.invocation === invocation))
      see(returned(returnvalue));
  };
  const onFailed = ({ jobId, failedReason }: { jobId: string; failedReason: string }) => {
    // Which invocation it was is in the job, not in the event.
    if (jobId === id) void lookSafely();
    else if (ours(jobId)) see(ofStatus(invocation, 'failed', failedReason));
  };
  events.on('completed', onCompleted);
  events.on('failed', onFailed);
  const timer = setInterval(() => void lookSafely(), lookMs);
  void lookSafely();

  function stop(): void {
    clearInterval(timer);
    events.off('completed', onCompleted);
    events.off('failed', onFailed);
  }
  return { ended, stop };
}

function readReturn(value: unknown): JobReturn | null {
  if (typeof value !== 'object' || value === null || !('invocation' in value) || !('status' in value)) return null;
  const status = invocationStatusSchema.safeParse(value.status);
  return typeof value.invocation === 'string' && status.success
    ? { invocation: value.invocation, status: status.data }
    : null;
}

function ofStatus(invocation: string | null, status: InvocationStatus, reason: string | null): Seen {
  if (!hasEnded(status)) return unended;
  const code = errorCodeSchema.safeParse(reason?.split(':', 1)[0]).data ?? null;
  return { ended: true, outcome: { invocation, status: status as JobOutcome['status'], code, reason } };
}
