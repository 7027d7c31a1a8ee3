import { setTimeout as delay } from 'node:timers/promises';
import { type Server, type StartOptions, startServer } from './embedded-server.ts';
import type { ServiceContext } from './lifecycle.ts';
import { restartDelays } from './restart-delays.ts';

/** Several tries, and a recovery after a crash; then whoever runs Errand must know that it has no database. */
const defaultGiveUpAfterMs = 120_000;

export type KeepOptions = ServiceContext & {
  /** How long a server that died may take to be back, before that is a failure; default: two minutes. */
  giveUpAfterMs?: number;
};

/**
 * Keeps a server: one that ends by itself is started again on its data and its port, so that its address holds. Not any
 * more once the process is to stop.
 *
 *     running ──ended──► waiting ──► starting ──ready──► running
 *                           ▲            │
 *                           └───failed───┴──failed for two minutes──► context.fail
 */
export function keepServer(first: Server, start: StartOptions, keep: KeepOptions): { stop(): Promise<void> } {
  const { log } = start;
  const stopping = new AbortController();
  const ending = AbortSignal.any([stopping.signal, keep.signal]);
  const nextDelay = restartDelays();
  let server = first;
  const kept = keepOn().catch((error: unknown) => {
    if (!ending.aborted) keep.fail(error);
  });

  async function keepOn(): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      const ended = await server.exited;
      if (ending.aborted) return;
      const restartInMs = nextDelay(performance.now() - startedAt);
      log.error('database.died', { server: server.pid, ...ended, restartInMs }, 'The embedded PostgreSQL died');
      server = await startAgain(restartInMs);
      if (stopping.signal.aborted) return server.stop();
      log.info('database.restarted', { server: server.pid, port: server.port });
    }
  }

  async function startAgain(firstDelayMs: number): Promise<Server> {
    const giveUpAt = performance.now() + (keep.giveUpAfterMs ?? defaultGiveUpAfterMs);
    for (let delayMs = firstDelayMs; ; delayMs = nextDelay(0)) {
      await delay(delayMs, undefined, { signal: ending });
      try {
        return await startServer({ ...start, port: first.port, signal: stopping.signal });
      } catch (error) {
        if (ending.aborted) throw error;
        if (performance.now() >= giveUpAt) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new Error(`The embedded PostgreSQL died and could not be started again: ${reason}`, { cause: error });
        }
        log.warn('database.not-restarted', { error }, 'The embedded PostgreSQL did not start again; tries once more');
      }
    }
  }

  return {
    async stop() {
      stopping.abort();
      await server.stop();
      await kept;
    },
  };
}
