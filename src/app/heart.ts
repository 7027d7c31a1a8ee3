import { beatIntervalMs } from '../invocations/sweep.ts';
import type { Log } from '../platform/log.ts';

export type HeartOptions = {
  /** Says that the worker lives. */
  beat: () => Promise<void>;
  /** Frees rows that are this worker's without its knowing; answers how many. */
  freeOrphans: () => Promise<number>;
  /** Keeps the slots that the worker has leased. */
  renewLeases: () => Promise<void>;
  laneWorker: { pause(): Promise<void>; resume(): Promise<void> };
  log: Log;
};

/** Says that the worker lives; while it cannot, because the database is away, the lane takes no new work. */
export function startHeart({ beat, freeOrphans, renewLeases, laneWorker, log }: HeartOptions): {
  stop(): Promise<void>;
} {
  let stopped = false;
  let paused = false;
  let timer: NodeJS.Timeout;
  let ticking: Promise<void> = Promise.resolve();

  async function tick(): Promise<void> {
    try {
      await beat();
      await renewLeases();
      const freed = await freeOrphans();
      if (freed > 0) log.info('worker.orphans-freed', { freed }, 'Freed rows whose claim was never answered');
      if (paused && !stopped) {
        await laneWorker.resume();
        paused = false;
        log.info('worker.resumed', {}, 'The database is back: taking work again');
      }
    } catch (error) {
      if (!paused && !stopped) {
        paused = true;
        log.error('worker.paused', { error }, 'The database is away: taking no work until it is back');
        await laneWorker.pause().catch(() => undefined);
      }
    }
    schedule();
  }

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(
      () => {
        ticking = tick();
      },
      paused ? beatIntervalMs / 4 : beatIntervalMs,
    );
  }

  schedule();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await ticking;
    },
  };
}
