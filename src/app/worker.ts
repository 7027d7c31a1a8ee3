import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { defaultConcurrency } from '../contract/integration.ts';
import { invokeJobName } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { createAdopt } from '../invocations/adopt.ts';
import { createCancellations, Interrupted } from '../invocations/cancellations.ts';
import { createExecute } from '../invocations/execute.ts';
import { createWork, type JobEnding, type TakenJob } from '../invocations/work.ts';
import { HandBack } from '../lanes/hand-back.ts';
import { createShares, type Shares } from '../lanes/shares.ts';
import { openLaneWorker } from '../lanes/worker.ts';
import { createGatherer } from '../platform/gather.ts';
import type { Log } from '../platform/log.ts';
import { isTransient, isUnavailable, openListener } from '../platform/pg.ts';
import { createRedactor } from '../platform/redaction.ts';
import { createRecorder } from '../recording/recorder.ts';
import { createSender, type Sender } from '../sending/sender.ts';
import { insertAudit } from '../store/audit.ts';
import { unring } from '../store/due.ts';
import { findAdopted, giveBack, statusesOf } from '../store/invocations.ts';
import { cancelledChannel, completeCancelled } from '../store/transitions.ts';
import { beat, removeWorker, type WorkerRow } from '../store/workers.ts';
import { openClaims } from './claims.ts';
import { type Core, openCore, type ReadyConfig } from './core.ts';
import { startHeart } from './heart.ts';
import { startLeader } from './leader.ts';
import { userAgent } from './version.ts';

/** Bodies in flight in one process, all exchanges together: most are small, and 64 of 25 MiB would not fit. */
const maxBufferedBytes = 512 * 1024 * 1024;
/** Of the 30 s that a stop may take (contract §2), for what is in flight. */
const drainMs = 25_000;
/** And for writing what has ended. */
const lastWordsMs = 2_000;
/** A job whose row could not be reached comes again after this, when the database may be back. */
const handBackMs = 2_000;

export type Role = { stop(): Promise<void> };

/**
 * One lane's worker: takes jobs, runs attempts, records them; and stands by as the leader. A start that fails leaves
 * nothing behind.
 */
export async function startWorker(config: ReadyConfig, lane: Lane, log: Log): Promise<Role> {
  const core = openCore(config, log, `worker-${lane}`);
  const row: WorkerRow = { id: uuidv7(), lane, host: hostname(), pid: process.pid };
  const hand = openHand(core, row);
  try {
    await beat(core.pool, row);
    await hand.laneWorker.start();
  } catch (error) {
    await hand.close();
    await core.close();
    throw error;
  }
  const { laneWorker, freeOrphans } = hand;
  const heart = startHeart({ beat: () => beat(core.pool, row), freeOrphans, laneWorker, log });
  const leader = startLeader(core);

  return {
    async stop() {
      await Promise.all([leader.stop(), hand.close()]);
      await heart.stop();
      // What was in flight is free for others at once.
      await removeWorker(core.pool, row.id).catch((error) => log.warn('worker.not-removed', { error }));
      await core.close();
    },
  };
}

/** What takes jobs, does the work and records it. */
function openHand(core: Core, row: WorkerRow) {
  const { pool, config, configurations, log } = core;
  const { lane } = row;
  const sender = createSender({ allow: config.egressAllow, maxBufferedBytes, userAgent });
  const recorder = createRecorder({ pool, worker: row.id, isTransient, pause: backOff });
  const claims = openClaims(pool, row.id);
  const shares = openShares(core, lane);
  const execute = openExecute(core, row, sender);
  const cancellations = createCancellations();
  const interruption = new AbortController();
  const cancelListener = openListener(config.databaseUrl, cancelledChannel, cancellations.cancel, { log });
  const work = createWork({
    lane,
    // Asked before a slot is taken, so that the integration's own limit is known by then.
    isPaused: async (integration) => (await configurations.get(integration))?.status === 'paused' && lane === 'batch',
    adopt: createAdopt({
      enqueue: core.enqueue,
      adopted: (job) => findAdopted(pool, job),
      audit: (record) => insertAudit(pool, record),
      jobName: invokeJobName,
      isTemporary,
    }),
    claim: claims.claim,
    release: claims.release,
    statusOf: async (invocation) => (await statusesOf(pool, [invocation]))[0]?.status ?? null,
    execute: (claimed) =>
      cancellations.during(claimed, (signal) => execute(claimed, AbortSignal.any([signal, interruption.signal]))),
    noteCancelled: (claimed, sent) => completeCancelled(pool, claimed, sent),
    record: recorder.record,
    giveBack: (claimed, delayMs) => giveBack(pool, row.id, claimed, delayMs),
    park: createParks(pool),
    shares,
    ringer: core.ringer,
    log,
  });
  const laneWorker = openLaneWorker(core.connection, {
    lane,
    prefix: config.queuePrefix,
    concurrency: config.concurrency[lane],
    log,
    handle: handingBack(work),
  });
  return {
    laneWorker,
    freeOrphans: claims.freeOrphans,
    /** Takes nothing new, lets what is in flight end for a while, aborts the rest. */
    async close(): Promise<void> {
      await laneWorker.stop({ graceMs: drainMs });
      interruption.abort(new Interrupted());
      await sender.close();
      // With the database away, what could not be written is sent again by whoever takes the rows over.
      await Promise.race([recorder.idle(), new Promise((resolve) => setTimeout(resolve, lastWordsMs).unref())]);
      await shares.stop();
      await cancelListener.close();
    },
  };
}

function createParks(pool: Pool): (id: string) => Promise<void> {
  const gatherer = createGatherer<string, void>({
    flush: async (ids) => {
      await unring(pool, ids);
      return ids.map(() => undefined);
    },
    maxItems: 250,
  });
  return gatherer.add;
}

function openShares({ configurations, ringer, config, log }: Core, lane: Lane): Shares {
  return createShares({
    slots: config.concurrency[lane],
    limitOf: (integration) => configurations.peek(integration)?.limits.concurrency ?? defaultConcurrency,
    ringNext: (integration, count) => ringer.dueOf(integration, lane, count),
    onError: (integration, error) => log.warn('share.not-rung', { integration, error }, 'The sweep will ring'),
  });
}

function openExecute(core: Core, row: WorkerRow, sender: Sender) {
  return createExecute({
    configurations: core.configurations,
    send: (request, { policy, maxBytes, signal }) =>
      sender.send(request, {
        timeoutMs: policy.timeoutMs,
        connectTimeoutMs: policy.connectTimeoutMs,
        maxBytes,
        freshConnection: policy.nonIdempotent,
        signal,
      }),
    unseal: (sealed, context) => core.sealer.open(sealed, context),
    createRedactor,
    userAgent,
    worker: { type: 'worker', id: row.id, name: `${row.host}:${row.pid} ${row.lane}` },
    clock: { elapsed: () => performance.now(), random: Math.random },
  });
}

/** With the database away a job is no worse than before: it goes back to the queue, untried. */
function handingBack(work: (job: TakenJob) => Promise<JobEnding>) {
  return async (job: TakenJob): Promise<JobEnding> => {
    try {
      return await work(job);
    } catch (error) {
      if (isUnavailable(error) || isTransient(error))
        throw new HandBack('The database is away', handBackMs, { cause: error });
      throw error;
    }
  };
}

const isTemporary = (error: unknown): boolean => isUnavailable(error) || isTransient(error);

/** 50 ms, doubling up to 2 s: while a database is away, what was received waits to be written. */
function backOff(tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 50 * 2 ** Math.min(tries - 1, 6))));
}
