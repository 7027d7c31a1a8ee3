import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ShellBlock } from './docs.ts';
import { programOf } from './errand.ts';

/** What stands for the programs that the docs call `errand` and `npx`. */
export type DocsShell = {
  /** Runs blocks one after another in one shell. @throws Error with the block that failed and what was said. */
  run(blocks: readonly ShellBlock[]): Promise<void>;
};

export type DocsShellOptions = {
  directory: string;
  env: Record<string, string>;
  /** What names of the docs are in this run, e.g. `https://example.com` → a test endpoint's URL. */
  instead: Readonly<Record<string, string>>;
};

/**
 * A shell in which commands of the docs do what they say, `errand` from the source. Roles that serve until they are ended
 * (`up`, `api`, `worker`, `demo`) are ended when they say that they are ready, and have to end well.
 */
export async function openDocsShell({ directory, env, instead }: DocsShellOptions): Promise<DocsShell> {
  const bin = path.join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  const errand = `"${process.execPath}" "${programOf().file}"`;
  await executable(path.join(bin, 'errand'), errandScript(errand));
  await executable(path.join(bin, 'npx'), `#!/bin/sh\n[ "$1" = errand ] || exit 64\nshift\nexec errand "$@"\n`);
  const inside = { ...programOf().inherited, ...env, PATH: `${bin}:${process.env.PATH ?? ''}` };
  return {
    async run(blocks) {
      const script = blocks
        .map(({ page, line, code }) => `echo '== ${page}:${line}' >&2\n${replaced(code, instead)}`)
        .join('\n');
      const { status, said } = await bash(`set -euo pipefail\n${script}`, directory, inside);
      const at = said.lastIndexOf('== ');
      if (status !== 0) throw new Error(`The commands of the docs ended ${status} in\n${said.slice(at)}`);
    },
  };
}

const errandScript = (errand: string) => `#!/bin/bash
case "$1 $*" in
  up\\ *|api\\ *|worker\\ *|demo\\ demo)
    export PORT=0 ERRAND_DATA_DIR="$(mktemp -d)"
    coproc served { exec ${errand} "$@"; }
    while read -r line <&"\${served[0]}"; do
      case "$line" in *'"event":"ready"'*) break;; esac
    done
    kill -TERM "$served_PID"
    cat <&"\${served[0]}" >/dev/null &
    wait "$served_PID"
    ;;
  *) exec ${errand} "$@" ;;
esac
`;

async function executable(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  await chmod(file, 0o755);
}

function replaced(code: string, instead: Readonly<Record<string, string>>): string {
  return Object.entries(instead).reduce((text, [name, value]) => text.replaceAll(name, value), code);
}

async function bash(script: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  return { status: await promise, said: Buffer.concat(chunks).toString() };
}
