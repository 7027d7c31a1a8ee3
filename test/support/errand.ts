import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../..');
const main = path.join(root, 'src/main.ts');

/** The code is the same each time: what Node made of it is kept, which halves the start of a process. */
const compiled = { NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/errand-test') };

/** The program, and what of this process's environment is not Errand's. */
export function programOf(): { file: string; inherited: Record<string, string> } {
  const names = ['DATABASE_URL', 'REDIS_URL', 'HOST', 'PORT', 'LOG_LEVEL', 'NODE_OPTIONS'];
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !entry[0].startsWith('ERRAND_') && !names.includes(entry[0]),
  );
  return { file: main, inherited: { ...Object.fromEntries(inherited), ...compiled } };
}

/** One log line of an Errand process. */
export type LogLine = { event: string; url?: string; [field: string]: unknown };

export type ErrandProcess = {
  child: ChildProcess;
  pid: number;
  /** Everything said so far on stdout and stderr. */
  output: () => string;
  /** The first log line of this event, also one that was said already. */
  event: (name: string, matches?: (line: LogLine) => boolean) => Promise<LogLine>;
  /** Ends it with a signal and waits until it is gone: `[code, signal]`. */
  kill: (signal?: NodeJS.Signals) => Promise<[number | null, NodeJS.Signals | null]>;
  exited: Promise<[number | null, NodeJS.Signals | null]>;
};

/**
 * Starts `errand …` as a process of its own, as a user would, with nothing of Errand's in its environment but `env`.
 *
 * @param program the one to run; default: the repository's source
 */
export function startErrand(
  args: readonly string[],
  env: Record<string, string>,
  cwd = root,
  program = main,
): ErrandProcess {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...programOf().inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      text += `${line}\n`;
      if (!line.startsWith('{')) return;
      const parsed = JSON.parse(line) as LogLine;
      lines.push(parsed);
      for (const listener of listeners) listener(parsed);
    });
  }
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;

  return {
    child,
    pid: child.pid as number,
    output: () => text,
    exited,
    async event(name, matches = () => true) {
      const fits = (line: LogLine) => line.event === name && matches(line);
      const said = lines.find(fits);
      if (said !== undefined) return said;
      const heard = new Promise<LogLine>((resolve) => {
        const listener = (line: LogLine) => {
          if (!fits(line)) return;
          listeners.delete(listener);
          resolve(line);
        };
        listeners.add(listener);
      });
      const ended = exited.then(([code, signal]) => {
        throw new Error(`errand ${args.join(' ')} ended (${code ?? signal}) before it said "${name}":\n${text}`);
      });
      return Promise.race([heard, ended]);
    },
    async kill(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
}

/** Runs `errand …` to its end. */
export async function runErrand(args: readonly string[], env: Record<string, string>, cwd = root, program = main) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...compiled, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk) => chunks.stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr).toString() };
}
