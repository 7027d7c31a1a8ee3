import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { programOf } from './errand.ts';

/** `script` of util-linux gives a program a real terminal; BSD's has other options. */
export const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

/** Runs `errand …` on a terminal of 100 columns, which shows stdout and stderr alike. */
export function onTerminal(args: readonly string[], env: Record<string, string>, columns = 100) {
  const { file, inherited } = programOf();
  const command = [process.execPath, file, ...args].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols ${columns}; exec ${command}`, '/dev/null'], {
    env: { ...inherited, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let shown = '';
  let waiting: { text: string; resolve: () => void }[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    for (const { text, resolve } of waiting) if (shown.includes(text)) resolve();
    waiting = waiting.filter(({ text }) => !shown.includes(text));
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    /** Everything shown so far, with its control sequences. */
    shown: () => shown,
    /** Resolves when it has been shown. */
    async shows(text: string): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (shown.includes(text)) return;
      waiting.push({ text, resolve });
      const ended = exited.then(() => {
        if (!shown.includes(text)) throw new Error(`It ended without showing "${text}":\n${shown}`);
      });
      await Promise.race([promise, ended]);
    },
    /** As from the keyboard; `\x03` is Ctrl-C. */
    type: (keys: string) => child.stdin.write(keys),
    exited,
  };
}
