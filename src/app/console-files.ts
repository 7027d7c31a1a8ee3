import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../platform/log.ts';

const root = path.resolve(import.meta.dirname, '../..');
const builder = path.join(root, 'scripts/build-console.ts');

/** The console as the browser gets it. */
export const consoleFolder = path.join(root, 'dist/console');

/** What the console is built from: it is as good as new while this is the same. */
export function consoleStamp(): string {
  const sources = globSync(['src/{console,client,contract}/**/*', 'scripts/build-console.ts', 'package-lock.json'], {
    cwd: root,
    withFileTypes: true,
  });
  const files = sources.filter((each) => each.isFile()).map((each) => path.join(each.parentPath, each.name));
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

const stampFile = path.join(consoleFolder, 'stamp');

function isBuilt(): boolean {
  if (!existsSync(stampFile)) return false;
  // A package or an image has no sources that could be newer.
  return !existsSync(builder) || readFileSync(stampFile, 'utf8') === consoleStamp();
}

/** For so long nobody's asking makes it be tried again: it takes a second, and whoever asks need not be anybody. */
const failedForMs = 60_000;

/**
 * What makes the console when somebody first asks for it; where that fails, again after a while. Says at once in the log if it
 * will.
 */
export function openConsole(log: Log): () => Promise<void> {
  if (existsSync(builder) && !existsSync(stampFile) && !existsSync(path.join(root, 'node_modules/vite'))) {
    const message = 'The console cannot be built without development dependencies: npm ci, then npm run build';
    log.warn('console.not-built', {}, message);
  }
  let building: Promise<void> | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (building === null || performance.now() - failedAt > failedForMs) {
      failedAt = Number.POSITIVE_INFINITY;
      building = buildConsole(log).catch((error: unknown) => {
        failedAt = performance.now();
        throw error;
      });
    }
    return building;
  };
}

/**
 * Builds the console where this is a checkout whose console is not built or has changed: so that `npm ci` is enough.
 * In a process of its own, since it takes seconds that a customer's click must not wait for.
 *
 * @throws Error if it cannot be built, e.g. without development dependencies
 */
export async function buildConsole(log: Log): Promise<void> {
  if (isBuilt()) return;
  if (!existsSync(builder)) throw new Error(`there is no console in ${consoleFolder}`);
  log.info('console.building', {}, 'Builds the console, which takes some seconds');
  const startedAt = performance.now();
  await promisify(execFile)(process.execPath, [builder, '--quiet'], { cwd: root });
  log.info('console.built', { durationMs: Math.round(performance.now() - startedAt) }, 'Built the console');
}
