import { nodeTimers, type Timers } from './timers.ts';

export type DoorbellOptions = {
  /** Rings for what is due now. */
  ring: () => Promise<void>;
  /** Told when `ring` rejects. The sweep rings for what was missed. */
  onError: (error: unknown) => void;
  timers?: Timers;
};

export type Doorbell = {
  /** Something falls due in so many milliseconds; `ring` is called then, or for something earlier before that. */
  at(delayMs: number): void;
  /** Disarms it for good. Resolves when no ring is under way; repeatable. */
  stop(): Promise<void>;
};

/**
 * Node's timers may fire up to a millisecond early, and the row's due time is another clock's: a ring that comes too early
 * finds nothing, and the row would wait for the sweep.
 */
const slackMs = 2;
/** The longest that a Node timer can wait; a later time is armed for again when this one fires. */
const longestMs = 2 ** 31 - 1;

/**
 * A process's own clock for one lane: one timer, armed for the earliest of all the times asked for. Any number of rows
 * that fall due together cost one ring, and rings never overlap.
 *
 *   idle ── at ──► armed ── time is up ──► ringing ── done ──► armed, if another time was asked for; else idle
 *                   └── at, earlier ──► armed for that
 */
export function createDoorbell({ ring, onError, timers = nodeTimers }: DoorbellOptions): Doorbell {
  /** Times asked for and not yet rung for; only the earliest has a timer. Whole milliseconds, so it stays small. */
  const times = new Set<number>();
  let timer: { at: number; handle: unknown } | null = null;
  let ringing: Promise<void> | null = null;
  let stopped = false;

  function arm(): void {
    if (stopped || ringing !== null || times.size === 0) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of times) earliest = Math.min(earliest, at);
    if (timer !== null && timer.at <= earliest) return;
    if (timer !== null) timers.clear(timer.handle);
    const delayMs = Math.min(Math.max(0, earliest - timers.now()), longestMs);
    timer = { at: earliest, handle: timers.set(fire, delayMs) };
  }

  function fire(): void {
    timer = null;
    if (!takeDue(times, timers.now())) {
      arm();
      return;
    }
    ringing = ring()
      .catch(onError)
      .finally(() => {
        ringing = null;
        arm();
      });
  }

  return {
    at(delayMs) {
      if (stopped) return;
      times.add(Math.ceil(timers.now() + Math.max(0, delayMs)) + slackMs);
      arm();
    },
    async stop() {
      stopped = true;
      times.clear();
      if (timer !== null) timers.clear(timer.handle);
      timer = null;
      await ringing;
    },
  };
}

/** Removes the times that have come; answers whether there were any. */
function takeDue(times: Set<number>, now: number): boolean {
  const before = times.size;
  for (const at of times) if (at <= now) times.delete(at);
  return times.size < before;
}
