import path from 'node:path';
import { CliFailure, exitCodes } from './failure.ts';
import { FileTrouble } from './file-text.ts';
import { type ItemsFile, type ItemsFormat, isBad, itemsFormats, type ReadLine } from './items.ts';
import { readCsv } from './items-csv.ts';
import { readNdjson } from './items-ndjson.ts';

const readers = { csv: readCsv, ndjson: readNdjson } satisfies Record<ItemsFormat, (file: string) => unknown>;

/** By its name. @throws CliFailure if that does not end in `.csv` or `.ndjson` */
export function openItems(file: string): ItemsFile {
  const format = formatOf(file);
  return { path: file, format, read: () => toTheEnd(readers[format](file), file) };
}

export function formatOf(file: string): ItemsFormat {
  const extension = path.extname(file).slice(1).toLowerCase();
  const format = itemsFormats.find((each) => each === extension);
  if (format !== undefined) return format;
  throw new CliFailure(exitCodes.usage, `${file}: must be a file of items whose name ends in .csv or .ndjson.`);
}

/** A fault of a line, after which the rest of the file cannot be told apart, is the last bad line. */
async function* toTheEnd(lines: AsyncGenerator<ReadLine>, file: string): AsyncGenerator<ReadLine> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof FileTrouble)) throw error;
    if (error.line === null) throw new CliFailure(exitCodes.usage, `${file} cannot be read: ${error.message}`);
    yield { line: error.line, message: error.message };
  }
}

/** The lines to send. @throws CliFailure where one is not good any more: the file was changed since it was checked */
export async function* jsonLines(file: ItemsFile, onSent: (count: number) => void): AsyncGenerator<string> {
  let count = 0;
  for await (const read of file.read()) {
    if (isBad(read)) throw new CliFailure(exitCodes.usage, `${file.path}, line ${read.line}: ${read.message}`);
    yield read.json;
    count += 1;
    onSent(count);
  }
}
