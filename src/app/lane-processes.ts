import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Lane, lanes } from '../contract/lane.ts';
import type { Environment } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import { restartDelays } from '../platform/restart-delays.ts';
import { askForMeters } from './meters-channel.ts';

/** The program that runs now: `main.ts` in the repository, `main.js` where it was compiled. */
const main = fileURLToPath(new URL(`../main${path.extname(import.meta.filename)}`, import.meta.url));

/**
 * Each lane's worker in a process of its own, so that a batch never holds up the event loop that a click waits for. One
 * that dies is started again. The channel between the processes tells a worker when its parent is gone, even by kill -9.
 */
export function startLaneProcesses(env: Environment, log: Log) {
  const running = new Map<Lane, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;

  function start(lane: Lane, nextDelay: (ranMs: number) => number): Promise<void> {
    const child = fork(main, ['worker', '--lane', lane], {
      env: { ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A process group of its own: of a terminal's Ctrl-C it hears by `stop`. Twice would mean at once.
      detached: true,
    });
    running.set(lane, child);
    const startedAt = performance.now();
    const ready = new Promise<void>((resolve) => {
      child.on('message', (message) => message === 'ready' && resolve());
      child.once('exit', () => resolve());
    });
    child.once('exit', (code, signal) => {
      running.delete(lane);
      if (stopping) return;
      const restartInMs = nextDelay(performance.now() - startedAt);
      log.error('worker.died', { lane, code, signal, restartInMs }, 'A worker died; starting another');
      const timer = setTimeout(() => {
        timers.delete(timer);
        void start(lane, nextDelay);
      }, restartInMs);
      timers.add(timer);
    });
    return ready;
  }

  return {
    /** Resolves when both lanes take work (or have died for the first time). */
    ready: Promise.all(lanes.map((lane) => start(lane, restartDelays()))),
    /** What their meters say, of those that answer. */
    async meters(): Promise<string[]> {
      const texts = await Promise.all([...running.values()].map(askForMeters));
      return texts.filter((text) => text !== null);
    },
    /** Resolves when both have ended what was in flight and are gone. */
    async stop(): Promise<void> {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(
        [...running.values()].map(async (child) => {
          const gone = once(child, 'exit');
          child.kill('SIGTERM');
          await gone;
        }),
      );
    },
  };
}
