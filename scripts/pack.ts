import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildConsole, consoleFolder } from '../src/app/console-files.ts';
import { silentLog } from '../src/platform/log.ts';
import { packedFiles } from './packed-files.ts';
import { publishedManifest } from './published-manifest.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Compiles into `folder`; types are made for who imports the client only, since the server is a program. */
function compile(folder: string): void {
  const tsc = (project: string, ...args: string[]) =>
    execFileSync(path.join(root, 'node_modules/.bin/tsc'), ['-p', path.join(root, project), ...args], {
      stdio: 'inherit',
    });
  const outDir = path.join(folder, 'dist');
  tsc('tsconfig.build.json', '--outDir', outDir);
  tsc('tsconfig.types.json', '--outDir', outDir);
  for (const file of globSync('dist/**/*.d.ts', { cwd: folder })) nameCompiledFiles(path.join(folder, file));
  chmodSync(path.join(folder, 'dist/main.js'), 0o755);
}

/** The compiler writes `.js` into what it compiles, and leaves `.ts` in the types: older ones do not find those. */
function nameCompiledFiles(file: string): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/((?:from |import\()['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js'));
}

/**
 * Puts together what is published in `build/package`, and packs it into `build/` (or `--into` another folder). The
 * repository itself is private, and stays so: its manifest is for running from `src/`.
 */
async function pack(into: string): Promise<void> {
  const folder = path.join(into, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  compile(folder);
  await buildConsole(silentLog);
  cpSync(consoleFolder, path.join(folder, 'dist/console'), { recursive: true });
  for (const file of packedFiles()) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    copyFileSync(path.join(root, file), path.join(folder, file));
  }
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', into], { cwd: folder, stdio: 'inherit' });
}

const { values } = parseArgs({ options: { into: { type: 'string', default: path.join(root, 'build') } } });
await pack(path.resolve(values.into));
