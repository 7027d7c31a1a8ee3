import { DelayedError, UnrecoverableError, WaitingError } from 'bullmq';
import type { BatchReturn, JobReturn } from '../contract/job.ts';
import type { LaneLog } from './connection.ts';
import { HandBack } from './hand-back.ts';
import type { TakenJob } from './job-taker.ts';
import { type JobEnding, type LaneJob, readJob } from './lane-job.ts';

/** `progress` tells that something was begun or ended, so that the job is not taken for one that hangs. */
export type JobProcess = (job: TakenJob, token: string, progress: () => void) => Promise<JobReturn | BatchReturn>;

export type JobProcessOptions = {
  queue: string;
  /** `progress` tells that something was begun or ended and, where that is known, how far the job is, in percent. */
  handle: (job: LaneJob, progress: (percent?: number) => void) => Promise<JobEnding>;
  /** Is the worker to take jobs now? */
  isTaking: () => boolean;
  log: Pick<LaneLog, 'info' | 'error'>;
  onError: (error: Error) => void;
};

/** An error that the handler did not foresee is a bug, or its database: the job comes again, but not at once. */
const unforeseenDelayMs = 5_000;

/**
 * What BullMQ calls for each job that it took. Says by returning or throwing how the job ends in the queue:
 *
 *   handler ended `completed` ─► returns               ─► completed, with the return value
 *   handler ended `failed`    ─► UnrecoverableError    ─► failed, whatever `attempts` the producer asked for
 *   handler threw             ─► moved, DelayedError   ─► delayed, then waiting
 *   worker pauses or stops    ─► moved, WaitingError   ─► waiting
 */
export function createJobProcess(options: JobProcessOptions): JobProcess {
  const { queue, handle, isTaking, onError } = options;
  return async (job, token, progress) => {
    // BullMQ takes one more job if its signal comes while the worker pauses.
    if (!isTaking()) {
      await job.moveToWait(token).catch(onError);
      throw new WaitingError();
    }
    const { id = '', name, timestamp, data, opts } = job;
    const laneJob = readJob(queue, { id, name, timestamp, data, opts });
    let ending: JobEnding;
    try {
      const report = reporter(job, onError);
      ending = await handle(laneJob, (percent) => {
        progress();
        if (percent !== undefined) report(percent);
      });
    } catch (error) {
      await giveBack(options, job, token, error);
      throw new DelayedError();
    }
    if (ending.status === 'completed') return ending.returns;
    // A failed job has no return value in BullMQ; its progress tells a producer which invocation it was.
    if (laneJob.kind === 'producer' && ending.returns !== null) await job.updateProgress(ending.returns).catch(onError);
    throw failureOf(ending.reason);
  };
}

/** At most one update a second, and only of what changed: it is there to be looked at. */
const progressMs = 1_000;

function reporter(job: TakenJob, onError: (error: Error) => void): (percent: number) => void {
  let told = 0;
  let toldAt = performance.now();
  return (percent) => {
    if (percent === told || performance.now() - toldAt < progressMs) return;
    told = percent;
    toldAt = performance.now();
    job.updateProgress(percent).catch(onError);
  };
}

/** BullMQ keeps the stack with the job, and the board shows it: where in Errand this was thrown says nothing to anybody. */
function failureOf(reason: string): UnrecoverableError {
  const failure = new UnrecoverableError(reason);
  failure.stack = reason;
  return failure;
}

/** If moving it fails, too, the job's lock lapses and it comes again by that. */
async function giveBack(options: JobProcessOptions, job: TakenJob, token: string, error: unknown): Promise<void> {
  const foreseen = error instanceof HandBack;
  const delayMs = foreseen ? error.delayMs : unforeseenDelayMs;
  const fields = { queue: options.queue, job: job.id, delayMs, error };
  if (foreseen) options.log.info('job.handed-back', fields, 'Handed a job back to the queue');
  else options.log.error('job.crashed', fields, 'Errand failed on a job; it comes again');
  // Spread out: on PostgreSQL, BullMQ's claims deadlock where many delayed jobs fall due together.
  const spreadMs = delayMs * (1 + Math.random());
  await job.moveToDelayed(Date.now() + Math.round(spreadMs), token).catch(options.onError);
}
