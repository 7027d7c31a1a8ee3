import { type FileHandle, open, realpath, unlink } from 'node:fs/promises';
import type { HttpClient } from '../client/http.ts';
import type { MissingItem } from '../contract/batch-report.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { type ItemsFile, isBad } from './items.ts';
import { csvHeader } from './items-csv.ts';
import { formatOf } from './items-file.ts';

const byteOrderMark = '\uFEFF';

/** Could it succeed another time? What the customer's system says it does not have is not asked for again. */
export const canBeTriedAgain = ({ status, code }: MissingItem) =>
  status === 'cancelled' || (status === 'failed' && code !== 'absent');

/** Where the items go that did not succeed, as they stand in the file that they came from. */
export type FailedFile = {
  /** Returns how many were written; if none, there is no file. */
  write(client: HttpClient, batch: string): Promise<number>;
  /** If nothing was written, there is no file. Repeatable. */
  close(): Promise<void>;
};

/**
 * Opened before anything is sent: that it cannot be written is best known then.
 *
 * @throws CliFailure if it cannot be opened, has another format than the items, or is the same file
 */
export async function openFailedFile(file: string, items: ItemsFile): Promise<FailedFile> {
  if (formatOf(file) !== items.format) {
    throw new CliFailure(
      exitCodes.usage,
      `--failed ${file}: its name must end in .${items.format}, as that of the items.`,
    );
  }
  const source = await realpath(items.path).catch(() => items.path);
  if ((await realpath(file).catch(() => file)) === source) {
    throw new CliFailure(exitCodes.usage, `--failed ${file}: must be another file than that of the items.`);
  }
  const handle = await open(file, 'w').catch((error: Error) => {
    throw new CliFailure(exitCodes.usage, `--failed ${file} cannot be written: ${error.message}`);
  });
  let written = 0;
  let closed = false;
  return {
    async write(client, batch) {
      written = await writeItems(handle, items, await numbersToTryAgain(client, batch));
      return written;
    },
    async close() {
      if (closed) return;
      closed = true;
      await handle.close();
      if (written === 0) await unlink(file);
    },
  };
}

async function numbersToTryAgain(client: HttpClient, batch: string): Promise<ReadonlySet<number>> {
  const numbers = new Set<number>();
  let cursor: string | null = null;
  do {
    const query = { limit: 200, ...(cursor === null ? {} : { cursor }) };
    const page = await client.batchReport(batch, query);
    for (const missing of page.missing) if (canBeTriedAgain(missing)) numbers.add(missing.item);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return numbers;
}

async function writeItems(handle: FileHandle, items: ItemsFile, numbers: ReadonlySet<number>): Promise<number> {
  if (numbers.size === 0) return 0;
  let number = 0;
  let written = 0;
  async function* lines() {
    if (items.format === 'csv')
      yield `${(await hasMark(items.path)) ? byteOrderMark : ''}${await csvHeader(items.path)}\n`;
    for await (const read of items.read()) {
      if (isBad(read)) continue;
      number += 1;
      if (!numbers.has(number)) continue;
      written += 1;
      yield `${read.text}\n`;
    }
  }
  await handle.writeFile(lines());
  return written;
}

/** Spreadsheets write one, and take a file without for another encoding. */
async function hasMark(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(3), 0, 3, 0);
    return buffer.toString() === byteOrderMark;
  } finally {
    await handle.close();
  }
}
