import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';

/**
 * The text of `file`, which is made (0600) if it is not there. Of several processes that make it at the same time one
 * wins and all return the winner's text; a reader never sees half a file, and an existing one is never overwritten.
 *
 * @throws Error if the file is there but empty: what it held is lost, and a new one would not fit the old data.
 */
export async function createOnce(file: string, make: () => string): Promise<string> {
  const existing = await readTrimmed(file);
  if (existing !== null) return existing;
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    try {
      await handle.writeFile(`${make()}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike a rename, a link fails where the name is taken.
    await link(unfinished, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(unfinished, { force: true });
  }
  const made = await readTrimmed(file);
  if (made === null) throw new Error(`${file} vanished while it was made`);
  return made;
}

async function readTrimmed(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  if (text.trim() === '')
    throw new Error(`${file} is empty. Restore it from a backup, or remove it to have a new one made.`);
  return text.trim();
}
