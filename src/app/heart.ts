import { beatIntervalMs, silentForMs } from '../invocations/sweep.ts';
import type { Log } from '../platform/log.ts';

/** What a worker knows of whether it is taken for alive. Moments are `performance.now()`, which goes on while it is frozen. */
export type Touch = {
  /** A heartbeat that was begun at this moment has been written. */
  beaten(begunAt: number): void;
  /** Is what was claimed at this moment or later still this worker's, without a doubt? */
  holds(askedAt: number): boolean;
};

/** Rows are taken from a worker `silentForMs` after its last heartbeat; it stops sending sooner. */
const holdsForMs = silentForMs - 1_000;

export function createTouch(now = () => performance.now()): Touch {
  let lastBeat = Number.NEGATIVE_INFINITY;
  /** The first heartbeat since it was last silent for too long: what was claimed before may be others'. */
  let since = Number.NEGATIVE_INFINITY;
  return {
    beaten(begunAt) {
      if (begunAt - lastBeat > holdsForMs) since = begunAt;
      lastBeat = begunAt;
    },
    holds: (askedAt) => askedAt >= since && now() - lastBeat <= holdsForMs,
  };
}

export type HeartOptions = {
  /** Says that the worker lives. Must not wait for anything that the work waits for, too. */
  beat: () => Promise<void>;
  /** Frees rows that are this worker's without its knowing; answers how many. */
  freeOrphans: () => Promise<number>;
  /** Keeps the slots that the worker has leased. */
  renewLeases: () => Promise<void>;
  laneWorker: { pause(): Promise<void>; resume(): Promise<void> };
  log: Log;
};

/**
 * Says that the worker lives; while it cannot, because the database is away, the lane takes no new work.
 *
 * Leases and orphans are seen to as often, but apart: they wait in line with the work for connections and locks, and with
 * some hundred integrations in hand for seconds. A heart that waited for them would miss its beats, and what is in flight
 * would be sent again by others.
 */
export function startHeart(options: HeartOptions): { stop(): Promise<void> } {
  const { beat, laneWorker, log } = options;
  let stopped = false;
  let paused = false;

  async function pulse(): Promise<void> {
    try {
      await beat();
      if (paused && !stopped) {
        await laneWorker.resume();
        paused = false;
        log.info('worker.resumed', {}, 'The database is back: taking work again');
      }
    } catch (error) {
      if (paused || stopped) return;
      paused = true;
      log.error('worker.paused', { error }, 'The database is away: taking no work until it is back');
      await laneWorker.pause().catch(() => undefined);
    }
  }

  async function upkeep(): Promise<void> {
    try {
      await options.renewLeases();
      const freed = await options.freeOrphans();
      if (freed > 0) log.info('worker.orphans-freed', { freed }, 'Freed rows whose claim was never answered');
    } catch (error) {
      // While the database is away, the missing heartbeat has said so.
      if (!paused) log.warn('worker.upkeep-failed', { error }, 'Leases were not renewed; tries again in 2 s');
    }
  }

  const rhythms = [
    startRhythm(pulse, () => (paused ? beatIntervalMs / 4 : beatIntervalMs)),
    startRhythm(upkeep, () => beatIntervalMs),
  ];
  return {
    async stop() {
      stopped = true;
      await Promise.all(rhythms.map((rhythm) => rhythm.stop()));
    },
  };
}

/** Works again and again, with a pause between the end of one time and the beginning of the next. */
function startRhythm(work: () => Promise<void>, pauseMs: () => number): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout;
  let working: Promise<void> = Promise.resolve();
  const schedule = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      working = work().then(schedule);
    }, pauseMs());
  };
  schedule();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
