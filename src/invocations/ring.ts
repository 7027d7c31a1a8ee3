import type { Lane } from '../contract/lane.ts';
import type { Doorbell } from './invocation.ts';

export type RingDependencies = {
  due: {
    takeDue(lane: Lane, bounds: { perIntegration: number; limit: number }): Promise<Doorbell[]>;
    takeDueOf(integration: string, lane: Lane, limit: number): Promise<Doorbell[]>;
    takeProbes(integration: string | null, limit: number): Promise<Doorbell[]>;
    unring(ids: readonly string[]): Promise<void>;
  };
  /** Adds jobs; rejects soon if the queue is away. */
  addJobs: (lane: Lane, doorbells: readonly Doorbell[]) => Promise<void>;
  /** Calls `ring` once the earliest of the delays asked for is over. */
  createTimer: (ring: () => Promise<void>) => { at(delayMs: number): void; stop(): Promise<void> };
  log: { warn(event: string, fields: Record<string, unknown>, message: string): void };
};

export type Ringer = {
  /** Adds jobs for rows that are marked as rung; if that fails they are unmarked for the sweep. Never rejects. */
  add(lane: Lane, doorbells: readonly Doorbell[]): Promise<void>;
  /** Rings for the lane's due rows that nobody rang for; answers for how many. */
  due(lane: Lane): Promise<number>;
  /** Rings for the next due rows of one integration; answers for how many. */
  dueOf(integration: string, lane: Lane, limit: number): Promise<number>;
  /**
   * Rings for one row of the integration, or of each that Errand holds, if its next probe is due; answers for how many.
   */
  probe(integration?: string): Promise<number>;
  /** A row of the lane falls due in so many milliseconds; beyond `lookAheadMs` the leader sees to it. */
  dueIn(lane: Lane, delayMs: number): void;
  /** Rings no more; resolves when no ring is under way. */
  stop(): Promise<void>;
};

/**
 * How many due rows of one integration are rung for at a time. More than it can have in flight, so that workers see
 * that it has more; few enough that thousands of waiting rows are not turned into jobs only to be put back.
 */
const perIntegration = 25;
const perPass = 500;

/**
 * Timers are for what falls due within this; the leader looks this far ahead, at twice its sweeps' interval, and sets
 * them for all the rest. So a night of hour-long backoffs is not a million timers.
 */
export const lookAheadMs = 4_000;

/**
 * The doorbell: every due row gets a BullMQ job, whether it is a first attempt, a retry, a `runAt`, or its job was lost.
 * A process that makes a row due later sets a timer here; if it dies, the sweep rings instead.
 */
export function createRinger({ due, addJobs, createTimer, log }: RingDependencies): Ringer {
  async function add(lane: Lane, doorbells: readonly Doorbell[]): Promise<void> {
    if (doorbells.length === 0) return;
    try {
      await addJobs(lane, doorbells);
    } catch (error) {
      log.warn('ring.failed', { lane, count: doorbells.length, error }, 'The queue is away: rows wait');
      await due.unring(doorbells.map(({ invocation }) => invocation)).catch(() => {
        // The database is away too: the sweep finds the rows once their job has been missing for a while.
      });
    }
  }

  async function ringDue(lane: Lane): Promise<number> {
    const doorbells = await due.takeDue(lane, { perIntegration, limit: perPass });
    await add(lane, doorbells);
    return doorbells.length;
  }

  const timers = {
    interactive: createTimer(async () => void (await ringDue('interactive'))),
    batch: createTimer(async () => void (await ringDue('batch'))),
  } satisfies Record<Lane, unknown>;

  return {
    add,
    due: ringDue,
    async dueOf(integration, lane, limit) {
      const doorbells = await due.takeDueOf(integration, lane, limit);
      await add(lane, doorbells);
      return doorbells.length;
    },
    async probe(integration) {
      const doorbells = await due.takeProbes(integration ?? null, perPass);
      await add('batch', doorbells);
      return doorbells.length;
    },
    dueIn(lane, delayMs) {
      if (delayMs <= lookAheadMs) timers[lane].at(delayMs);
    },
    async stop() {
      await Promise.all(Object.values(timers).map((timer) => timer.stop()));
    },
  };
}
