import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import type { BatchRinger } from '../batches/ring.ts';
import type { Configurations } from '../integrations/configuration.ts';
import { createConfigurations } from '../integrations/configurations.ts';
import { createKeptSealer } from '../integrations/fingerprint-key.ts';
import type { Sealer } from '../integrations/sealing.ts';
import { createEnqueue, type Enqueue } from '../invocations/enqueue.ts';
import type { Enqueued, NewInvocation } from '../invocations/invocation.ts';
import { createRinger, type Ringer } from '../invocations/ring.ts';
import type { LaneConnection } from '../lanes/connection.ts';
import { createDoorbell } from '../lanes/doorbell.ts';
import { endQueuePool, openQueuePool } from '../lanes/queue-pool.ts';
import { type LaneQueues, openLaneQueues } from '../lanes/queues.ts';
import { createMeters, type Meters } from '../meters/meters.ts';
import type { CheckReceiver } from '../notifications/receiver.ts';
import { type Config, isPooled } from '../platform/config.ts';
import { createGatherer } from '../platform/gather.ts';
import type { Log } from '../platform/log.ts';
import { isUnavailable, openListener, openPool } from '../platform/pg.ts';
import { createRedactor } from '../platform/redaction.ts';
import { loadConfiguration } from '../store/configuration.ts';
import { takeDue, takeDueOf, takeProbes, unring } from '../store/due.ts';
import { configurationChannel } from '../store/flow.ts';
import { insertInvocations } from '../store/new-invocations.ts';
import { keepSealedKey } from '../store/sealed-keys.ts';
import { openBatchRinger } from './batch-core.ts';
import { openReceiverCheck } from './sending.ts';
import { sourceOf, type Tracing, tracedEnqueue } from './tracing.ts';

/** The configuration with what `up` and `demo` make where it is not set: every role can run on it. */
export type ReadyConfig = Config & { databaseUrl: string; directUrl: string };

/** What the roles of one process share: its meters (default: some that nobody reads) and its tracing, if it traces. */
export type ProcessPorts = { meters?: Meters; tracing?: Tracing | null };

const unread = (name: string) => createMeters(name, ['process', 'worker', 'api', 'database'], false);

/** What every role stands on: the database, the queues, the configuration cache, and enqueueing. */
export type Core = {
  config: ReadyConfig;
  log: Log;
  meters: Meters;
  tracing: Tracing | null;
  pool: Pool;
  sealer: Sealer;
  configurations: Configurations;
  checkReceiver: CheckReceiver;
  /** Told when configurations were dropped from the cache: of one integration, or of all. */
  onForget: (listener: (integration: string | undefined) => void) => void;
  connection: LaneConnection;
  queues: LaneQueues;
  ringer: Ringer;
  batchRinger: BatchRinger;
  enqueue: Enqueue;
  /** Repeatable. */
  close(): Promise<void>;
};

/** Connections of one process to its own tables: gathered statements need few. */
const poolSize = 10;

/** The most invocations that share one commit; each brings its tokens of up to 256 KiB. */
const enqueueGroup = { maxItems: 200, maxBytes: 16 * 1024 * 1024 };

/**
 * A statement that takes longer waits for a database that went silent: callers get an error they can act on. Beyond any
 * group commit's own time, a few seconds for 64 MiB.
 */
export const statementTimeoutMs = 15_000;

/**
 * @param name the role, e.g. `api`, for `pg_stat_activity`
 */
export function openCore(
  config: ReadyConfig,
  log: Log,
  name: string,
  { meters = unread(name), tracing = null }: ProcessPorts = {},
): Core {
  const { databaseUrl: url, directUrl } = config;
  const named = { max: poolSize, applicationName: `errand-${name}` };
  const pool = openPool({ url, ...named, log, statementTimeoutMs, pooled: isPooled(config) });
  meters.watchPool(name, pool);
  const { sealer, obtain } = openSealer(config, pool, log);
  const load = async (id: string) => {
    // Who has a configuration may make fingerprints; the API starts before the database is there.
    await obtain();
    return loadConfiguration(pool, id);
  };
  const configurations = createConfigurations({ load, sealer, createRedactor });
  const forgetters: ((integration: string | undefined) => void)[] = [configurations.forget];
  const forget = (integration?: string) => {
    for (const each of forgetters) each(integration);
  };
  // What was told while nobody listened is unknown, so from the first moment of listening everything is loaded anew.
  const changed = (integration: string) => forget(integration === '*' ? undefined : integration);
  const listener = openListener(directUrl, configurationChannel, changed, { log, onReconnect: forget });
  void listener.listening.then(() => forget());

  const connection: LaneConnection =
    config.redisUrl === null
      ? { kind: 'postgres', pool: openQueuePool(directUrl, log) }
      : { kind: 'redis', url: config.redisUrl };
  const queues = openLaneQueues(connection, { prefix: config.queuePrefix, log });
  const ringer = openRinger(pool, queues, log);
  const batchRinger = openBatchRinger(pool, queues, log);
  const checkReceiver = openReceiverCheck(config);
  const inserts = createGatherer<NewInvocation, Enqueued>({
    flush: (news) => insertInvocations(pool, news),
    ...enqueueGroup,
    sizeOf: ({ tokens }) => JSON.stringify(tokens).length,
    isolates: (error) => !isUnavailable(error),
  });
  const enqueue = countingEnqueue(
    meters,
    tracedEnqueue(
      tracing,
      createEnqueue({
        configurations,
        checkReceiver,
        insert: inserts.add,
        ring: (lane, doorbell) => ringer.add(lane, [doorbell]),
        // If that fails, the sweep finds that the row has no job.
        hold: (id) => unring(pool, [id]).catch(() => undefined),
        dueIn: ringer.dueIn,
        sealer,
        newId: () => uuidv7(),
        now: Date.now,
      }),
    ),
  );
  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    await Promise.all([ringer.stop(), batchRinger.stop()]);
    await inserts.idle();
    await queues.close();
    await listener.close();
    if (connection.kind === 'postgres') await endQueuePool(connection.pool);
    await pool.end();
  }
  return {
    config,
    log,
    meters,
    tracing,
    pool,
    sealer,
    configurations,
    checkReceiver,
    onForget: (listener) => forgetters.push(listener),
    connection,
    queues,
    ringer,
    batchRinger,
    enqueue,
    close: () => (closing ??= close()),
  };
}

function openSealer({ secretKeys }: ReadyConfig, pool: Pool, log: Log) {
  return createKeptSealer({
    keys: secretKeys,
    keep: (fresh) => keepSealedKey(pool, 'fingerprint', fresh),
    onUnreadable: (error) =>
      log.error('fingerprint-key.unreadable', { error }, 'Stored results are not found until the key is back'),
  });
}

function openRinger(pool: Pool, queues: LaneQueues, log: Log): Ringer {
  return createRinger({
    due: {
      takeDue: (lane, bounds) => takeDue(pool, lane, bounds),
      takeDueOf: (integration, lane, limit) => takeDueOf(pool, integration, lane, limit),
      takeProbes: (integration, limit) => takeProbes(pool, integration, limit),
      unring: (ids) => unring(pool, ids),
    },
    addJobs: (lane, doorbells) => queues.ring(lane, doorbells),
    createTimer: (ring) =>
      createDoorbell({
        ring,
        onError: (error) => log.warn('doorbell.failed', { error }, 'Could not ring for due rows: the sweep will'),
      }),
    log,
  });
}

/** Counts what is accepted, by where it comes from. */
function countingEnqueue(meters: Meters, enqueue: Enqueue): Enqueue {
  const accepted = meters.of('errand_invocations_accepted_total');
  return async (principal, request, job) => {
    const enqueued = await enqueue(principal, request, job);
    if (enqueued.created) accepted.inc({ source: sourceOf(request, job), lane: request.lane });
    return enqueued;
  };
}
