import { setTimeout as delay } from 'node:timers/promises';
import {
  createPostgresBackend,
  createRedisBackend,
  SchemaMigrationRequiredError,
  SchemaVersionMismatchError,
} from 'bullmq';
import { queueName } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { bullPrefix, type LaneConnection, type LaneLog, openPatientRedis } from './connection.ts';
import { hangsAfterMs } from './hanging.ts';
import { createJobProcess, type JobProcess } from './job-process.ts';
import { JobTaker } from './job-taker.ts';
import { keptJobs } from './kept-jobs.ts';
import type { JobEnding, LaneJob } from './lane-job.ts';
import { createOutageLog } from './outage-log.ts';
import { asBullPool } from './queue-pool.ts';

export type LaneWorkerOptions = {
  lane: Lane;
  prefix: string;
  /** Jobs in hand at a time, but for those that hang; the slots of `createShares` are as many. */
  concurrency: number;
  /** Without progress for so many milliseconds, a job hangs: another is taken in its place. Default: its lane's. */
  hangsAfterMs?: number;
  log: LaneLog;
  /**
   * Does the work of one job and says how it ends. The same job may be handed over again, also to another worker at the
   * same time: the rows decide. A `HandBack`, or any other error, gives the job back to the queue. A job of many steps
   * calls `progress` at each: while it does, it does not hang.
   */
  handle: (job: LaneJob, progress: (percent?: number) => void) => Promise<JobEnding>;
};

export type LaneWorker = {
  /**
   * Begins to take jobs; resolves when the queue is reached, and goes on trying until it is.
   *
   * @throws if the queue's schema in PostgreSQL is missing or newer than this process
   */
  start(): Promise<void>;
  /**
   * Takes nothing new, gives what is in hand `graceMs` to end, closes its connections. What has not ended then is handed
   * to another worker when its lock has lapsed. Repeatable: the first call counts.
   */
  stop(options: { graceMs: number }): Promise<void>;
  /** Takes nothing new while PostgreSQL is away; what is in hand goes on. Repeatable. */
  pause(): Promise<void>;
  resume(): Promise<void>;
};

type Taker = Pick<JobTaker<never, never>, 'waitUntilReady' | 'run' | 'pause' | 'resume' | 'finish' | 'close'> & {
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** What is left to end once it is closed. */
  end(): void;
};

const reconnectMs = 1_000;
/** For closing connections after the work has ended; a connection that hangs is left behind. */
const closeMs = 1_000;

/** One lane's worker in this process. Nothing is opened before `start`. */
export function openLaneWorker(connection: LaneConnection, options: LaneWorkerOptions): LaneWorker {
  const { lane, log } = options;
  const onError = createOutageLog(log, { lane, part: 'worker' });
  const stop = new AbortController();
  let taker: Taker | null = null;
  let paused = false;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  const isTaking = () => !paused && !stop.signal.aborted;
  const queue = queueName(options.prefix, lane);
  const processJob = createJobProcess({ queue, handle: options.handle, isTaking, log, onError });

  async function begin(): Promise<void> {
    taker = await connect(() => openTaker(connection, queue, options, processJob), stop.signal, onError);
    if (taker === null) return;
    if (paused) await taker.pause(true);
    // Ends only when the worker stops or, having nothing in hand, pauses.
    taker.run().catch(onError);
  }

  async function end(graceMs: number): Promise<void> {
    stop.abort();
    // What went wrong at the start was the caller of `start` to see.
    await starting?.catch(() => {});
    if (taker !== null) await finish(taker, graceMs, options);
  }

  return {
    start() {
      starting ??= begin();
      return starting;
    },
    stop({ graceMs }) {
      stopping ??= end(graceMs);
      return stopping;
    },
    async pause() {
      paused = true;
      await taker?.pause(true);
    },
    async resume() {
      paused = false;
      await taker?.resume();
    },
  };
}

function openTaker(
  connection: LaneConnection,
  queue: string,
  { concurrency, lane, ...others }: LaneWorkerOptions,
  processJob: JobProcess,
): Taker {
  const options = {
    concurrency,
    hangsAfterMs: others.hangsAfterMs ?? hangsAfterMs[lane],
    ...keptJobs(connection.kind),
  };
  if (connection.kind === 'postgres') {
    const onPostgres = { ...options, connection: asBullPool(connection.pool) };
    return Object.assign(new JobTaker(queue, processJob, onPostgres, createPostgresBackend), { end: () => undefined });
  }
  const redis = openPatientRedis(connection.url);
  const onRedis = { ...options, connection: redis.connection, prefix: bullPrefix(connection, queue) };
  return Object.assign(new JobTaker(queue, processJob, onRedis, createRedisBackend), { end: redis.end });
}

/** Opens a taker and waits until it has reached its queue; `null` if it was stopped before that. */
async function connect(open: () => Taker, stop: AbortSignal, onError: (error: Error) => void): Promise<Taker | null> {
  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  while (!stop.aborted) {
    const taker = open();
    taker.on('error', onError);
    try {
      await Promise.race([taker.waitUntilReady(), stopped]);
      if (!stop.aborted) return taker;
      await close(taker);
    } catch (error) {
      // On PostgreSQL a failed first connection is remembered for good, so each try needs a new object.
      await close(taker);
      if (error instanceof SchemaMigrationRequiredError || error instanceof SchemaVersionMismatchError) throw error;
      onError(error instanceof Error ? error : new Error(String(error)));
      await delay(reconnectMs, undefined, { signal: stop }).catch(() => {});
    }
  }
  return null;
}

async function finish(taker: Taker, graceMs: number, { lane, log }: LaneWorkerOptions): Promise<void> {
  if (!(await endsWithin(graceMs, taker.finish()))) {
    log.warn('worker.left-behind', { lane, graceMs }, 'Jobs in hand did not end in time: others take them over');
  }
  // With force, for BullMQ's patient way hangs while the queue is away; what could end has ended.
  await close(taker);
}

async function close(taker: Taker): Promise<void> {
  await endsWithin(closeMs, taker.close(true));
  taker.end();
}

/** Does `work` end within so many milliseconds? A rejection is an end, too. */
async function endsWithin(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const ended = work.then(
    () => true,
    () => true,
  );
  const timeout = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([ended, timeout]);
  timer.abort();
  return inTime;
}
