import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const GiB = 2 ** 30;
const inMemory = '/dev/shm';
const prefix = 'errand-tests-';

/**
 * Where what the tests write goes, `TMPDIR` of everything that they start; removed when this process ends. In memory where
 * there is plenty: a test database is 700 files, and ext4 takes ten times as long to make one where many were removed
 * within the last half minute.
 */
export function makeScratch(): string {
  const parent = process.env.TMPDIR === undefined && hasMemory() ? inMemory : tmpdir();
  for (const name of readdirSync(parent).filter(isLeft)) remove(path.join(parent, name));
  const directory = mkdtempSync(path.join(parent, `${prefix}${process.pid}-`));
  // PostgreSQL is not run by root: its user may enter.
  chmodSync(directory, 0o711);
  process.once('exit', () => remove(directory));
  return directory;
}

/** More than once, should a server that was told to stop still write. */
function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** A run keeps some hundred MB there, PostgreSQL's logs a GB each at most. A container's share is 64 MB, not for programs. */
function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find((line) => line.split(' ')[1] === inMemory);
    const runs = mount !== undefined && !mount.split(/[ ,]/).includes('noexec');
    return runs && bavail * bsize >= 4 * GiB && process.availableMemory() >= 8 * GiB;
  } catch {
    return false;
  }
}

/** What a killed run could not remove. */
function isLeft(name: string): boolean {
  const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
