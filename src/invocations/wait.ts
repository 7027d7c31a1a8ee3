import { hasEnded, type InvocationStatus } from '../contract/invocation.ts';
import type { StatusOf } from './invocation.ts';

export type WaiterDependencies = {
  /** Tells of endings as they happen; may miss some. */
  onEnded: (listener: (end: { invocation: string; status: InvocationStatus }) => void) => void;
  statusesOf: (ids: readonly string[]) => Promise<StatusOf[]>;
  log: { warn(event: string, fields: Record<string, unknown>, message: string): void };
};

export type Waiter = {
  /** `true` once the invocation has ended; `false` after `timeoutMs`, or when `signal` aborts. */
  waitForEnd(id: string, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  stop(): void;
};

/**
 * Events are fast but may be missed, so all that wait are also looked up, in one statement however many they are. The
 * first look comes soon: an invocation may have ended before anybody began to wait for it.
 */
const firstLookMs = 20;
const laterLooksMs = 250;

export function createWaiter({ onEnded, statusesOf, log }: WaiterDependencies): Waiter {
  const waiting = new Map<string, Set<(ended: boolean) => void>>();
  let timer: NodeJS.Timeout | null = null;

  function end(id: string): void {
    for (const resolve of waiting.get(id) ?? []) resolve(true);
  }

  async function look(): Promise<void> {
    timer = null;
    try {
      for (const { id, status } of await statusesOf([...waiting.keys()])) if (hasEnded(status)) end(id);
    } catch (error) {
      log.warn('wait.look-failed', { error }, 'Could not look up the invocations that clients wait for');
    }
    if (waiting.size > 0) timer ??= setTimeout(look, laterLooksMs);
  }

  onEnded(({ invocation, status }) => {
    if (hasEnded(status)) end(invocation);
  });

  return {
    waitForEnd(id, timeoutMs, signal) {
      if (signal.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const finish = (ended: boolean) => {
          clearTimeout(timeout);
          signal.removeEventListener('abort', abort);
          const others = waiting.get(id);
          others?.delete(finish);
          if (others?.size === 0) waiting.delete(id);
          resolve(ended);
        };
        const abort = () => finish(false);
        const timeout = setTimeout(finish, timeoutMs, false);
        signal.addEventListener('abort', abort, { once: true });
        waiting.set(id, (waiting.get(id) ?? new Set()).add(finish));
        timer ??= setTimeout(look, firstLookMs);
      });
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      for (const finishers of waiting.values()) for (const finish of finishers) finish(false);
    },
  };
}
