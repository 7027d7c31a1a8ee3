import { setTimeout as delay } from 'node:timers/promises';
import {
  type BackendFactory,
  type IQueueBackend,
  type Job,
  type JobJson,
  type JobProgress,
  type Span,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import type { BatchReturn, JobReturn } from '../contract/job.ts';
import { hangingPerSlot } from './hanging.ts';

type OwnJob = Job<unknown, JobReturn | BatchReturn, string, JobProgress>;

/** BullMQ's job, as far as a lane's worker uses it. */
export type TakenJob = Pick<
  Job<unknown, JobReturn | BatchReturn>,
  'id' | 'name' | 'timestamp' | 'data' | 'opts' | 'moveToDelayed' | 'moveToWait' | 'updateProgress'
>;

/**
 * How a killed worker's jobs come back: its locks lapse after `lockDuration`, the next check of any other worker marks
 * them and the one after that puts them back. 10 s + 2 × 5 s at the very most, 10 s as measured on both
 * backends, of the 30 s that contract §7 allows. Renewed every 5 s, so an event loop that stands still for less loses none.
 */
export const lockDuration = 10_000;
const stalledInterval = 5_000;
/** However often a job's worker died: rows count crashes, and they set a job aside that kills its worker. */
const maxStalledCount = 1_000_000;
/** Seconds until an idle worker looks by itself: the most that a signal lost in an outage or a FLUSHALL can cost. */
export const drainDelay = 2;
/** Between tries while the queue is away; BullMQ's own 15 s would be half of what a recovery may take. */
const retryMs = 1_000;

/** PostgreSQL's deadlock_detected: the other one went through, so the same statement will succeed now. */
const deadlock = '40P01';
const completionTries = 3;

/**
 * BullMQ's worker, with four of its ways changed:
 *
 * - A handler that returned never ends its job failed. BullMQ does that when writing the completion fails (on PostgreSQL:
 *   a deadlock, a connection that broke). Here the job's lock lapses instead, the job comes again, and its row
 *   says that there is nothing left to do.
 * - A job whose data is not JSON is handed over as a string, to be refused; BullMQ would take it again for ever.
 * - `finish` ends the taking without waiting for a connection that is away.
 * - A job that made no progress for a while hangs: it loses its place among the `concurrency` jobs in hand, at once and
 *   until it ends, and another is taken. To BullMQ's main loop it is as if it had ended; its lock is still renewed.
 */
export class JobTaker<B extends IQueueBackend, C> extends Worker<
  unknown,
  JobReturn | BatchReturn,
  string,
  B,
  JobProgress,
  C
> {
  readonly #hangsAfterMs: number;
  readonly #places = new Map<OwnJob, Place>();
  /** Jobs that hang, and have not ended. */
  readonly #hanging = new Set<Promise<unknown>>();

  /** @param process is handed a function, too, that it calls whenever the job makes progress */
  constructor(
    queue: string,
    process: (job: TakenJob, token: string, progress: () => void) => Promise<JobReturn | BatchReturn>,
    options: Pick<WorkerOptions<C>, 'connection' | 'prefix' | 'concurrency' | 'removeOnComplete' | 'removeOnFail'> & {
      hangsAfterMs: number;
    },
    factory: BackendFactory<B, C>,
  ) {
    const { hangsAfterMs, ...others } = options;
    const fixed = {
      autorun: false,
      lockDuration,
      stalledInterval,
      maxStalledCount,
      drainDelay,
      runRetryDelay: retryMs,
    };
    const handle = (job: OwnJob, token?: string) => process(job, token ?? '', () => this.#places.get(job)?.progress());
    super(queue, handle, { ...others, ...fixed }, factory);
    this.#hangsAfterMs = hangsAfterMs;
  }

  /** Takes no more jobs; resolves when those in hand have ended and the queue knows. May wait for a queue that is away. */
  async finish(): Promise<void> {
    await this.pause(true);
    // Ends the wait for a job. Not awaited: it hangs where there has never been a connection.
    this.backend.disconnectBlocking(false).catch(() => {});
    await this.mainLoopRunning;
    await Promise.allSettled(this.#hanging);
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: it is BullMQ's
  override processJob(job: OwnJob, token: string, fetchNext = () => true): Promise<void | OwnJob> {
    const place = openPlace(this.#hangsAfterMs, () => this.#hanging.size < this.concurrency * hangingPerSlot);
    this.#places.set(job, place);
    // What has no place any more has nobody to hand a next job to.
    const ended = super
      .processJob(job, token, () => place.keep() && fetchNext())
      .finally(() => {
        place.keep();
        this.#places.delete(job);
        this.#hanging.delete(ended);
      });
    return Promise.race([ended, place.lost.then(() => void this.#hanging.add(ended))]);
  }

  protected override createJob(data: JobJson, jobId: string): OwnJob {
    try {
      return super.createJob(data, jobId);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return super.createJob({ ...data, data: JSON.stringify(data.data) }, jobId);
    }
  }

  protected override async moveToActive(token: string, name?: string) {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      // BullMQ waits after a refused connection only; after any other error it would try again at once, for ever.
      await delay(retryMs / 4, undefined, { ref: false });
      throw error;
    }
  }

  protected override async handleCompleted(
    result: JobReturn | BatchReturn,
    job: OwnJob,
    token: string,
    fetchNext?: () => boolean,
    span?: Span,
  ): Promise<OwnJob> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await super.handleCompleted(result, job, token, fetchNext, span);
      } catch (error) {
        const again = error instanceof Error && 'code' in error && error.code === deadlock && tries < completionTries;
        if (!again) throw error;
      }
    }
  }

  protected override async handleFailed(
    error: Error,
    job: OwnJob,
    token: string,
    fetchNext?: () => boolean,
    span?: Span,
  ): Promise<OwnJob> {
    if (isByHandler(error)) return super.handleFailed(error, job, token, fetchNext, span);
    this.emit('error', error);
    // BullMQ's types do not say so, but `undefined` stands for "no next job was fetched".
    return undefined as never;
  }
}

type Place = {
  /** It goes on: it has the whole time again before it hangs. */
  progress(): void;
  /** It ends: keeps its place from now on, if it still has it. */
  keep(): boolean;
  /** Resolves when it loses its place. */
  lost: Promise<void>;
};

function openPlace(hangsAfterMs: number, mayHang: () => boolean): Place {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isLost = false;
  const timer = setTimeout(() => {
    if (mayHang()) {
      isLost = true;
      resolve();
    } else timer.refresh();
  }, hangsAfterMs);
  return {
    progress() {
      if (!isLost) timer.refresh();
    },
    keep() {
      clearTimeout(timer);
      return !isLost;
    },
    lost: promise,
  };
}

/** What the handler throws on purpose; any other error comes from BullMQ's own writing. */
function isByHandler(error: Error): boolean {
  return error instanceof UnrecoverableError || error.name === 'DelayedError' || error.name === 'WaitingError';
}
