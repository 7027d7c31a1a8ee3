import { createPostgresBackend, createRedisBackend, Queue, withBackend } from 'bullmq';
import { queueName } from '../contract/job.ts';
import { type Lane, lanes } from '../contract/lane.ts';
import {
  bullPrefix,
  type LaneConnection,
  type LaneLog,
  openImpatientRedis,
  pingRedis,
  queueTimeoutMs,
} from './connection.ts';
import { createOutageLog } from './outage-log.ts';
import { QueueAway, within } from './queue-away.ts';
import { asBullPool } from './queue-pool.ts';

const { Queue: PostgresQueue } = withBackend(createPostgresBackend);

/** BullMQ's queue of a lane, for looking at. */
export type BoardQueue = { lane: Lane; name: string; queue: Queue };

export type BoardQueues = {
  /**
   * Both lanes' queues, connected; the same ones each time.
   *
   * @throws QueueAway within some 2 s, also where they were connected before and are not now
   */
  open(): Promise<readonly BoardQueue[]>;
  /** Repeatable. A pool that was handed in stays open. */
  close(): Promise<void>;
};

/** What a backend needs: its queues, whether it answers, and its own connection's end. */
type Source = { queueOf(name: string): Queue; ping(): Promise<unknown>; end(): void };

/**
 * The queues as Bull Board reads them. Nothing is opened before somebody looks: on Redis then one connection of its own,
 * on PostgreSQL none but those of the process's queue pool.
 */
export function openBoardQueues(
  connection: LaneConnection,
  { prefix, log }: { prefix: string; log: Pick<LaneLog, 'warn'> },
): BoardQueues {
  const onError = createOutageLog(log, { part: 'board' });
  let source: Source | null = null;
  let opened: Promise<readonly BoardQueue[]> | null = null;
  let closed = false;

  async function connect(from: Source): Promise<readonly BoardQueue[]> {
    await from.ping();
    const queues = lanes.map((lane) => ({ lane, name: queueName(prefix, lane) }));
    const boards = queues.map(({ lane, name }) => ({ lane, name, queue: from.queueOf(name) }));
    for (const { queue } of boards) queue.on('error', onError);
    try {
      await Promise.all(boards.map(({ queue }) => queue.waitUntilReady()));
      return boards;
    } catch (error) {
      // BullMQ remembers for good that it could not connect at first: the next call needs new objects.
      await closeAll(boards);
      throw error;
    }
  }

  async function reach(): Promise<readonly BoardQueue[]> {
    source ??= connection.kind === 'redis' ? redisSource(connection.url, onError) : postgresSource(connection.pool);
    await source.ping();
    opened ??= connect(source).catch((error) => {
      opened = null;
      throw error;
    });
    return opened;
  }

  const closeAll = (boards: readonly BoardQueue[]) =>
    Promise.all(boards.map(({ queue }) => queue.close().catch(onError)));

  return {
    async open() {
      if (closed) throw new QueueAway('it was closed');
      return within(queueTimeoutMs, 'looking at the queue', reach());
    },
    async close() {
      closed = true;
      await closeAll((await opened?.catch(() => [])) ?? []);
      source?.end();
    },
  };
}

/** Looking writes nothing, not even BullMQ's note of its version. */
const looking = { skipMetasUpdate: true };

function redisSource(url: string, onError: (error: Error) => void): Source {
  const client = openImpatientRedis(url);
  client.on('error', onError);
  let connectedBefore = client.status === 'ready';
  const connecting = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  return {
    queueOf(name) {
      const prefix = bullPrefix({ kind: 'redis', url }, name);
      return new Queue(name, { connection: client, prefix, ...looking }, createRedisBackend) as Queue;
    },
    // BullMQ waits for a connection for ever: it is asked only where there is one.
    async ping() {
      if (!connectedBefore) await connecting;
      connectedBefore = true;
      await pingRedis(client);
    },
    end: () => client.disconnect(),
  };
}

function postgresSource(pool: Extract<LaneConnection, { kind: 'postgres' }>['pool']): Source {
  return {
    queueOf: (name) => new PostgresQueue(name, { connection: asBullPool(pool), ...looking }) as unknown as Queue,
    ping: () => pool.query('select 1'),
    end: () => undefined,
  };
}
