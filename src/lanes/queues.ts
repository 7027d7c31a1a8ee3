import type { BatchRing } from '../batches/batch.ts';
import { queueName } from '../contract/job.ts';
import { type Lane, lanes } from '../contract/lane.ts';
import { type LaneConnection, type LaneLog, queueTimeoutMs } from './connection.ts';
import { type Ended, type EndedEvents, followEnded } from './ended-events.ts';
import { keptJobs } from './kept-jobs.ts';
import { type Ring, ringEntry, ringId } from './lane-job.ts';
import { openPostgresProducer } from './postgres-producer.ts';
import type { Depth, Producer } from './producer.ts';
import { within } from './queue-away.ts';
import { openRedisProducer } from './redis-producer.ts';

export type LaneQueues = {
  /**
   * Adds a job for each row. A job that is already there stays as it is.
   *
   * @throws QueueAway within some 2 s; then any of the jobs may have been added, and ringing again is safe
   */
  ring(lane: Lane, rings: readonly (Ring | BatchRing)[]): Promise<void>;
  /**
   * Those of the rings that no worker will take any more: their job is gone, has completed or has failed. One round trip.
   *
   * @throws QueueAway within some 2 s
   */
  lost<R extends Ring | BatchRing>(lane: Lane, rings: readonly R[]): Promise<R[]>;
  /** How many jobs are in the lane, by state. @throws QueueAway within some 2 s */
  depth(lane: Lane): Promise<Depth>;
  /** Resolves if the queue answers. @throws QueueAway within some 2 s */
  ping(): Promise<void>;
  /** Tells of endings in both lanes, soon after they happen. Best effort: what ends during an outage may be missed. */
  onEnded(listener: (ended: Ended) => void): void;
  /** Closes all connections that it opened; a pool that was handed in stays open. Repeatable. */
  close(): Promise<void>;
};

/** Opens both lanes' queues for adding and looking; returns at once and connects in the background. */
export function openLaneQueues(
  connection: LaneConnection,
  { prefix, log }: { prefix: string; log: LaneLog },
): LaneQueues {
  const producer: Producer =
    connection.kind === 'redis' ? openRedisProducer(connection.url, log) : openPostgresProducer(connection.pool, log);
  const kept = keptJobs(connection.kind);
  const listeners: ((ended: Ended) => void)[] = [];
  let events: EndedEvents[] = [];
  let closing: Promise<void> | null = null;
  const ask = <Answer>(what: string, work: Promise<Answer>) => within(queueTimeoutMs, what, work);

  return {
    async ring(lane, rings) {
      if (rings.length === 0) return;
      const entries = rings.map((ring) => ringEntry(ring, kept));
      await ask('adding jobs', producer.add(queueName(prefix, lane), entries));
    },
    async lost(lane, rings) {
      if (rings.length === 0) return [];
      const ids = rings.map(ringId);
      const gone = await ask('looking for jobs', producer.lost(queueName(prefix, lane), ids));
      return rings.filter((_, index) => gone.has(ids[index] ?? ''));
    },
    depth: (lane) => ask('counting jobs', producer.depth(queueName(prefix, lane))),
    ping: () => ask('a ping', producer.ping()),
    onEnded(listener) {
      listeners.push(listener);
      if (events.length > 0 || closing !== null) return;
      const tell = (ended: Ended) => {
        for (const each of listeners) each(ended);
      };
      events = lanes.map((lane) => followEnded(connection, queueName(prefix, lane), log, tell));
    },
    close() {
      closing ??= Promise.all([...events.map((each) => each.close()), producer.close()]).then(() => {});
      return closing;
    },
  };
}
