/** Timers as Node has them; tests inject their own. */
export type Timers = {
  now(): number;
  set(callback: () => void, delayMs: number): unknown;
  clear(timer: unknown): void;
};

export const nodeTimers: Timers = {
  now: () => performance.now(),
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
