import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { invokeJobName } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { createAdopt } from '../invocations/adopt.ts';
import { createCancellations, LostTouch, type SentBefore } from '../invocations/cancellations.ts';
import { type Company, createExecute } from '../invocations/execute.ts';
import { createFlights, type Flights } from '../invocations/flights.ts';
import type { Claimed } from '../invocations/invocation.ts';
import { createWork } from '../invocations/work.ts';
import type { Exchange } from '../judging/exchange.ts';
import { HandBack } from '../lanes/hand-back.ts';
import type { JobEnding, LaneJob } from '../lanes/lane-job.ts';
import { openLaneWorker } from '../lanes/worker.ts';
import { createGatherer } from '../platform/gather.ts';
import type { Log } from '../platform/log.ts';
import { isTransient, isUnavailable, openListener, openPool } from '../platform/pg.ts';
import { createRedactor } from '../platform/redaction.ts';
import { createRecorder } from '../recording/recorder.ts';
import { createWeigher } from '../recording/weigher.ts';
import type { Sender } from '../sending/sender.ts';
import { createTally, type Tally } from '../statistics/tally.ts';
import { insertAudit } from '../store/audit.ts';
import { postpone, unring } from '../store/due.ts';
import type { Turn } from '../store/flow.ts';
import { giveBack, putOff } from '../store/giving-back.ts';
import { identityOf, statusesOf } from '../store/invocations.ts';
import { findAdopted } from '../store/new-invocations.ts';
import { cancelledChannel, completeCancelled } from '../store/transitions.ts';
import { beat, removeWorker, type WorkerRow } from '../store/workers.ts';
import { openStartBatch } from './batches.ts';
import { openClaims } from './claims.ts';
import { type Core, openCore, type ProcessPorts, type ReadyConfig, statementTimeoutMs } from './core.ts';
import { createTouch, startHeart, type Touch } from './heart.ts';
import { startLeader } from './leader.ts';
import { openLimits } from './limits.ts';
import { startNotifier } from './notifications.ts';
import { ownAsConfigured } from './own-services.ts';
import { openPasses } from './passes.ts';
import { startScheduler } from './scheduler.ts';
import { openSend, openSender } from './sending.ts';
import { openStatisticsWriter } from './statistics.ts';
import { userAgent } from './version.ts';
import { openWorkMeters } from './work-meters.ts';

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
export async function startWorker(config: ReadyConfig, lane: Lane, log: Log, ports: ProcessPorts = {}): Promise<Role> {
  const core = openCore(config, log, `worker-${lane}`, ports);
  const row: WorkerRow = { id: uuidv7(), lane, host: hostname(), pid: process.pid };
  const touch = createTouch();
  const tally = createTally();
  const hand = openHand(core, row, { touch, tally });
  // Of its own: on a busy night the work waits for its connections, and a worker that waits is not dead.
  const heartPool = openPool({
    url: config.directUrl,
    max: 1,
    applicationName: `errand-heart-${lane}`,
    log,
    statementTimeoutMs,
  });
  async function beatOnce(): Promise<void> {
    const begunAt = performance.now();
    await beat(heartPool, row);
    touch.beaten(begunAt);
  }
  try {
    await beatOnce();
    await hand.laneWorker.start();
  } catch (error) {
    await hand.close();
    await heartPool.end();
    await core.close();
    throw error;
  }
  const { laneWorker, freeOrphans, renewLeases } = hand;
  const heart = startHeart({ beat: beatOnce, freeOrphans, renewLeases, laneWorker, log });
  const leader = startLeader(core, tally);
  const statistics = openStatisticsWriter(core, tally);
  statistics.start();
  // Not the leader's work, which may be the interactive process: reading a large page of a source would hold up clicks.
  const scheduler = lane === 'batch' ? startScheduler(core, row.id, openStartBatch(core)) : null;
  const notifier = lane === 'batch' ? startNotifier(core) : null;

  return {
    async stop() {
      await Promise.all([leader.stop(), scheduler?.stop(), notifier?.stop(), hand.close()]);
      await statistics.stop();
      await heart.stop();
      await heartPool.end();
      // What was in flight is free for others at once.
      await removeWorker(core.pool, row.id).catch((error) => log.warn('worker.not-removed', { error }));
      await core.close();
    },
  };
}

/** What takes jobs, does the work and records it. */
function openHand(core: Core, row: WorkerRow, { touch, tally }: { touch: Touch; tally: Tally }) {
  const { pool, config, configurations, log } = core;
  const { lane } = row;
  const sender = openSender(config, ownAsConfigured(config), maxBufferedBytes);
  const weigh = createWeigher({
    pool,
    onTurn: openTurns(core),
    onError: (error) => log.warn('weigh.failed', { error }, 'Failures of integrations were not counted'),
  });
  const meters = openWorkMeters(core, lane);
  const recorder = createRecorder({
    pool,
    worker: row.id,
    isTransient,
    pause: backOff,
    weigh,
    count: (recorded) => {
      tally.count(recorded);
      core.meters.count(recorded);
    },
    onCommit: meters.committed,
  });
  const claims = openClaims(pool, row.id);
  const limits = openLimits(core, row);
  const { shares, permits } = meters.countWaits(limits);
  const flights = createFlights<Exchange>();
  const execute = openExecute(core, row, { sender, flights, touch });
  const cancellations = createCancellations();
  const cancelListener = openListener(config.directUrl, cancelledChannel, cancellations.cancel, { log });
  const stopping = new AbortController();
  const run = {
    execute: (claimed: Claimed, company: Company) =>
      meters.inFlight(cancellations.during(claimed, (signal) => execute(claimed, signal, company))),
    noteCancelled: (claimed: Claimed, sent: SentBefore) => completeCancelled(pool, claimed, sent),
    record: recorder.record,
    giveBack: (claimed: Claimed, delayMs: number) => giveBack(pool, row.id, claimed, delayMs),
    putOff: (claimed: Claimed, delayMs: number) => putOff(pool, row.id, claimed, delayMs),
    log,
  };
  const passes = openPasses(core, {
    worker: row.id,
    run,
    shares,
    permits,
    stopping: stopping.signal,
  });
  const single = createWork({
    ...run,
    lane,
    // Asked before a slot is taken, so that the integration's own limit is known by then.
    isHeld: async (integration) => (await configurations.waits(integration)) && lane === 'batch',
    adopt: createAdopt({
      enqueue: core.enqueue,
      adopted: (job) => findAdopted(pool, job),
      audit: (record) => insertAudit(pool, record),
      accountOf: async (integration) => (await configurations.get(integration))?.account ?? null,
      jobName: invokeJobName,
      isTemporary,
    }),
    claim: claims.claim,
    release: claims.release,
    statusOf: async (invocation) => (await statusesOf(pool, [invocation]))[0]?.status ?? null,
    park: createParks(pool),
    postpone: createPostponements(pool),
    shares,
    permits,
    flights,
    // Only for a click that may not be sent while something of its integration is in flight here.
    identityOf: (invocation) => identityOf(pool, invocation),
    ringer: core.ringer,
  });
  const work = async (job: LaneJob, progress: (percent?: number) => void): Promise<JobEnding> => {
    if (job.kind !== 'range' && job.kind !== 'sweep') return single(job);
    await core.configurations.get(job.integration);
    return { status: 'completed', returns: await passes.pass(job, progress) };
  };
  const laneWorker = openLaneWorker(core.connection, {
    lane,
    prefix: config.queuePrefix,
    concurrency: config.concurrency[lane],
    log,
    handle: handingBack(work),
  });
  return {
    laneWorker,
    freeOrphans: async () => (await claims.freeOrphans()) + (await passes.abandonDoubtful()),
    renewLeases: limits.renew,
    /** Takes nothing new, lets what is in flight end for a while, aborts the rest. */
    async close(): Promise<void> {
      stopping.abort();
      limits.shares.endWaiting();
      await laneWorker.stop({ graceMs: drainMs });
      cancellations.interrupt();
      await sender.close();
      // With the database away, what could not be written is sent again by whoever takes the rows over.
      await Promise.race([recorder.idle(), new Promise((resolve) => setTimeout(resolve, lastWordsMs).unref())]);
      await limits.stop();
      await cancelListener.close();
    },
  };
}

/** Rows rung for at once when an integration is let go; each that ends rings for the next, and the sweep does. */
const ringOnRelease = 25;

/** What is to be done when an integration is held, let go, or was probed. */
function openTurns({ configurations, ringer, batchRinger, meters, log }: Core): (turn: Turn) => void {
  return ({ integration, turn }) => {
    // Before the notification comes back to this process.
    configurations.forget(integration);
    if (turn === 'held' || turn === 'released') meters.of('errand_holds_total').inc({ turn });
    if (turn === 'held') log.warn('integration.held', { integration }, 'Its endpoint keeps failing: its work waits');
    if (turn === 'released') log.info('integration.released', { integration }, 'Its endpoint is well again');
    if (turn !== 'released' && turn !== 'unanswered') return;
    const singles = turn === 'released' ? ringer.dueOf(integration, 'batch', ringOnRelease) : ringer.probe(integration);
    Promise.all([singles, batchRinger.ranges(null), batchRinger.sweeps(null)]).catch((error) =>
      log.warn('release.not-rung', { integration, error }, 'The sweep will ring for what waited'),
    );
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

function createPostponements(pool: Pool): (id: string, delayMs: number) => Promise<void> {
  const gatherer = createGatherer<{ id: string; delayMs: number }, void>({
    flush: async (rows) => {
      await postpone(pool, rows);
      return rows.map(() => undefined);
    },
    maxItems: 250,
  });
  return (id, delayMs) => gatherer.add({ id, delayMs });
}

function openExecute(
  core: Core,
  row: WorkerRow,
  { sender, flights, touch }: { sender: Sender; flights: Flights<Exchange>; touch: Touch },
) {
  return createExecute({
    configurations: core.configurations,
    send: core.tracing?.sending(openSend(sender)) ?? openSend(sender),
    holds: ({ askedAt }) => touch.holds(askedAt),
    unseal: (sealed, context) => core.sealer.open(sealed, context),
    createRedactor,
    userAgent,
    flights,
    worker: { type: 'worker', id: row.id, name: `${row.host}:${row.pid} ${row.lane}` },
    clock: { elapsed: () => performance.now(), random: Math.random },
  });
}

/** With the database away a job is no worse than before: it goes back to the queue, untried. */
function handingBack(work: (job: LaneJob, progress: (percent?: number) => void) => Promise<JobEnding>) {
  return async (job: LaneJob, progress: (percent?: number) => void): Promise<JobEnding> => {
    try {
      return await work(job, progress);
    } catch (error) {
      if (isUnavailable(error) || isTransient(error))
        throw new HandBack('The database is away', handBackMs, { cause: error });
      if (error instanceof LostTouch) throw new HandBack(error.message, handBackMs);
      throw error;
    }
  };
}

const isTemporary = (error: unknown): boolean => isUnavailable(error) || isTransient(error);

/** 50 ms, doubling up to 2 s: while a database is away, what was received waits to be written. */
function backOff(tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 50 * 2 ** Math.min(tries - 1, 6))));
}
