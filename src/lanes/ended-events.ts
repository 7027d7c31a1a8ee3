import { setTimeout as delay } from 'node:timers/promises';
import { createPostgresBackend, createRedisBackend, QueueEvents } from 'bullmq';
import { hasEnded, type InvocationStatus, invocationStatusSchema } from '../contract/invocation.ts';
import { bullPrefix, type LaneConnection, type LaneLog, openPatientRedis } from './connection.ts';
import { parseRingId } from './lane-job.ts';
import { createOutageLog } from './outage-log.ts';
import { asBullPool, isQueueMigrated } from './queue-pool.ts';

/** An invocation came to its end, as far as the queue knows: the row decides. */
export type Ended = { invocation: string; status: InvocationStatus };

export type EndedEvents = { close(): Promise<void> };

/** BullMQ's events of a queue, whatever the backend. */
type Events = {
  on(event: 'completed', listener: (args: { jobId: string; returnvalue: unknown }) => void): unknown;
  on(event: 'failed', listener: (args: { jobId: string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  run(): Promise<void>;
  close(): Promise<void>;
  getBackend(): { close(force?: boolean): Promise<void> };
};

/** On PostgreSQL, BullMQ thins out its notifications under load; those that wait look after so long themselves. */
const postgresLookMs = 1_000;
const restartMs = 1_000;
/** Closing waits for ever where Redis is away; after this long the connection is cut. */
const closeMs = 500;

function openEvents(connection: LaneConnection, queue: string): { events: Events; end(): void } {
  if (connection.kind === 'redis') {
    const redis = openPatientRedis(connection.url);
    const options = { connection: redis.connection, prefix: bullPrefix(connection, queue), autorun: false };
    return { events: new QueueEvents(queue, options, createRedisBackend) as Events, end: redis.end };
  }
  const options = { connection: asBullPool(connection.pool), autorun: false, blockingTimeout: postgresLookMs };
  return { events: new QueueEvents(queue, options, createPostgresBackend) as Events, end: () => undefined };
}

function endedByReturn(value: unknown): Ended | null {
  if (typeof value !== 'object' || value === null || !('invocation' in value) || !('status' in value)) return null;
  const status = invocationStatusSchema.safeParse(value.status);
  if (typeof value.invocation !== 'string' || !status.success || !hasEnded(status.data)) return null;
  return { invocation: value.invocation, status: status.data };
}

/** Follows a queue's events from now on, through outages; what happens during one may be missed. */
export function followEnded(
  connection: LaneConnection,
  queue: string,
  log: Pick<LaneLog, 'warn'>,
  listener: (ended: Ended) => void,
): EndedEvents {
  const onError = createOutageLog(log, { queue, part: 'events' });
  const stop = new AbortController();
  let current: ReturnType<typeof openEvents> | null = null;

  async function close({ events, end }: ReturnType<typeof openEvents>): Promise<void> {
    const closing = events.close().catch(onError);
    await Promise.race([closing, delay(closeMs, undefined, { ref: false })]);
    await events.getBackend().close(true).catch(onError);
    end();
  }

  /** The API listens before `errand up` migrates. A database that cannot be asked is asked again; its pools say that it is away. */
  async function migrated(): Promise<boolean> {
    return isQueueMigrated(connection).catch(() => false);
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      if (!(await migrated())) {
        await delay(restartMs, undefined, { signal: stop.signal }).catch(() => {});
        continue;
      }
      if (stop.signal.aborted) return;
      current = openEvents(connection, queue);
      const { events } = current;
      events.on('error', onError);
      events.on('completed', ({ returnvalue }) => {
        const ended = endedByReturn(returnvalue);
        if (ended !== null) listener(ended);
      });
      events.on('failed', ({ jobId }) => {
        const ring = parseRingId(jobId);
        if (ring !== null) listener({ invocation: ring.invocation, status: 'failed' });
      });
      // On PostgreSQL a failed first connection is remembered for good, so each try needs a new object.
      await events.run().catch(onError);
      if (stop.signal.aborted) return;
      await close(current);
      await delay(restartMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  void follow();
  return {
    async close() {
      stop.abort();
      if (current !== null) await close(current);
    },
  };
}
