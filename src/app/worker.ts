import { hostname } from 'node:os';
import { v7 as uuidv7 } from 'uuid';
import { defaultConcurrency } from '../contract/integration.ts';
import { invokeJobName } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { createAdopt } from '../invocations/adopt.ts';
import { createExecute } from '../invocations/execute.ts';
import { createWork, type JobEnding, type TakenJob } from '../invocations/work.ts';
import { HandBack } from '../lanes/hand-back.ts';
import { createShares, type Shares } from '../lanes/shares.ts';
import { openLaneWorker } from '../lanes/worker.ts';
import { createGatherer } from '../platform/gather.ts';
import type { Log } from '../platform/log.ts';
import { isTransient, isUnavailable } from '../platform/pg.ts';
import { createRedactor } from '../platform/redaction.ts';
import { createRecorder } from '../recording/recorder.ts';
import { createSender, type Sender } from '../sending/sender.ts';
import { insertAudit } from '../store/audit.ts';
import { unring } from '../store/due.ts';
import { giveBack, statusesOf } from '../store/invocations.ts';
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
/** A job whose row could not be reached comes again after this, when the database may be back. */
const handBackMs = 2_000;

export type Role = { stop(): Promise<void> };

/** One lane's worker: takes jobs, runs attempts, records them; and stands by as the leader. */
export async function startWorker(config: ReadyConfig, lane: Lane, log: Log): Promise<Role> {
  const core = openCore(config, log, `worker-${lane}`);
  const { pool } = core;
  const row: WorkerRow = { id: uuidv7(), lane, host: hostname(), pid: process.pid };
  await beat(pool, row);

  const sender = createSender({ allow: config.egressAllow, maxBufferedBytes, userAgent });
  const recorder = createRecorder({ pool, worker: row.id, isTransient, pause: backOff });
  const claims = openClaims(pool, row.id);
  const shares = openShares(core, lane);
  const execute = openExecute(core, row, sender);
  const parks = createGatherer<string, void>({
    flush: async (ids) => {
      await unring(pool, ids);
      return ids.map(() => undefined);
    },
    maxItems: 250,
  });
  const work = createWork({
    lane,
    adopt: createAdopt({ enqueue: core.enqueue, audit: (record) => insertAudit(pool, record), jobName: invokeJobName }),
    claim: claims.claim,
    release: claims.release,
    statusOf: async (invocation) => (await statusesOf(pool, [invocation]))[0]?.status ?? null,
    execute,
    record: recorder.record,
    giveBack: (claimed, delayMs) => giveBack(pool, row.id, claimed, delayMs),
    park: parks.add,
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
  await laneWorker.start();
  const heart = startHeart({ beat: () => beat(pool, row), freeOrphans: claims.freeOrphans, laneWorker, log });
  const leader = startLeader(core);

  return {
    async stop() {
      await leader.stop();
      await laneWorker.stop({ graceMs: drainMs });
      await recorder.idle();
      await shares.stop();
      await heart.stop();
      // What could not end in time is free for others at once.
      await removeWorker(pool, row.id).catch((error) => log.warn('worker.not-removed', { error }));
      await sender.close();
      await core.close();
    },
  };
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
    send: (request, { policy, maxBytes }) =>
      sender.send(request, {
        timeoutMs: policy.timeoutMs,
        connectTimeoutMs: policy.connectTimeoutMs,
        maxBytes,
        freshConnection: policy.nonIdempotent,
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

/** 50 ms, doubling up to 2 s: while a database is away, what was received waits to be written. */
function backOff(tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 50 * 2 ** Math.min(tries - 1, 6))));
}
