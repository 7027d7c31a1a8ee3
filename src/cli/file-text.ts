import { createReadStream } from 'node:fs';

/** The file cannot be read, or not to its end; `line` where that is the fault of a line. */
export class FileTrouble extends Error {
  readonly line: number | null;

  constructor(message: string, line: number | null, cause?: unknown) {
    super(message, { cause });
    this.name = 'FileTrouble';
    this.line = line;
  }
}

/** The text of a file of UTF-8, piece by piece, without its byte order mark. @throws FileTrouble */
export async function* textOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decoded = (bytes?: Buffer) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new FileTrouble('is not UTF-8; save the file as "CSV UTF-8"', line + linesBeforeFault(bytes));
    }
  };
  try {
    for await (const bytes of createReadStream(path)) {
      const text = decoded(bytes as Buffer);
      line += newlines(text);
      yield text;
    }
    yield decoded();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new FileTrouble(error.message, null, error);
  }
}

const newlines = (text: string) => text.split('\n').length - 1;

function linesBeforeFault(bytes: Buffer | undefined): number {
  const [good = ''] = new TextDecoder().decode(bytes).split('\uFFFD', 1);
  return newlines(good);
}

/**
 * The lines of a text, without their ends. Not `node:readline`, which ends a line at U+2028 too: JSON may hold that.
 *
 * @throws FileTrouble for a line of more than `maxLength` characters, and what the source throws
 */
export async function* linesOf(pieces: AsyncIterable<string>, maxLength: number): AsyncGenerator<string> {
  let rest = '';
  let number = 1;
  const refuseIfLong = (line: string) => {
    if (line.length > maxLength) throw new FileTrouble(`is longer than ${maxLength} characters`, number);
  };
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      refuseIfLong(line);
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
      number += 1;
    }
    refuseIfLong(rest);
  }
  if (rest !== '') yield rest;
}
