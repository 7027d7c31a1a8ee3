import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Network } from './network.ts';

/** What a process used since it was ready, and its memory now; `statements`: sent to PostgreSQL. */
export type Usage = {
  cpuMicros: number;
  rssBytes: number;
  peakRssBytes: number;
  statements: number;
  network: Network;
};

/** A part's own figures, and what its process used for them. */
export type Report<Figures> = { figures: Figures; usage: Usage };

export type Part<Ready, Figures> = {
  /** What it said when it was ready. */
  ready: Ready;
  /** Its figures up to now; it goes on. */
  report(): Promise<Report<Figures>>;
  /** Ends the process. Repeatable. */
  stop(): Promise<void>;
};

const running = new Set<ChildProcess>();
// Whatever ends the benchmark ends its parts.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const stopMs = 10_000;

/** Starts `parts/<name>.ts` as a process of its own; resolves when it is ready. @throws if it ends before that. */
export async function startPart<Ready = null, Figures = null>(
  name: string,
  options: { env?: Readonly<Record<string, string>>; args?: readonly string[] } = {},
): Promise<Part<Ready, Figures>> {
  const child = fork(new URL(`parts/${name}.ts`, import.meta.url), options.args ?? [], {
    env: { ...inherited(), ...options.env },
    execArgv: [],
  });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  const answer = async () => {
    const ended = exited.then(([code]) => Promise.reject(new Error(`${name} ended with exit code ${code}`)));
    return (await Promise.race([once(child, 'message'), ended]))[0];
  };
  const ready = (await answer()) as Ready;
  return {
    ready,
    report() {
      child.send('report');
      return answer() as Promise<Report<Figures>>;
    },
    async stop() {
      if (!running.has(child)) return;
      if (child.connected) child.send('stop');
      const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await exited;
      clearTimeout(late);
    },
  };
}

/** The environment without Errand's own variables: a developer's settings must not change what is measured. */
function inherited(): NodeJS.ProcessEnv {
  const ours = /^(?:ERRAND_|DATABASE_URL$|REDIS_URL$|LOG_LEVEL$|PORT$|HOST$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
