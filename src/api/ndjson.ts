import type { Readable } from 'node:stream';
import type { FieldError } from '../contract/problem.ts';
import { inspect } from './json-body.ts';
import { ProblemError } from './problems.ts';

export const ndjsonMediaType = 'application/x-ndjson';

/** Tokens hold at most 256 KiB as JSON, a reference 200 characters; escapes may make that longer. */
const maxLineBytes = 1024 * 1024;
const newline = 10;

/**
 * The values of NDJSON, one by one as they arrive; empty lines are passed over. A line is read as strictly as a JSON body.
 *
 * @throws ProblemError that names the line
 */
export async function* readNdjson(stream: Readable): AsyncGenerator<{ value: unknown; at: string }> {
  try {
    // The connection is to bring the answer to a refusal, too.
    yield* linesOf(stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>);
  } finally {
    // What a refusal leaves unread would stand in the way of the connection's next request: Node passes over the rest of a
    // body by itself only if nobody has read any of it.
    stream.resume();
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<{ value: unknown; at: string }> {
  // Joined once, when the line is whole: joined as they come, a line in pieces of a byte would be copied a million times.
  let pieces: Buffer[] = [];
  let length = 0;
  let line = 1;
  const add = (piece: Buffer) => {
    length += piece.length;
    if (length > maxLineBytes) throw badLine(line, 'is longer than 1 MiB');
    pieces.push(piece);
  };
  const finish = () => {
    const read = { value: parseLine(Buffer.concat(pieces), line), at: `line ${line}` };
    pieces = [];
    length = 0;
    line += 1;
    return read;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const read = finish();
      if (read.value !== undefined) yield read;
    }
    add(chunk.subarray(start));
  }
  const last = finish();
  if (last.value !== undefined) yield last;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function parseLine(bytes: Buffer, line: number): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw badLine(line, 'is not valid UTF-8');
  }
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badLine(line, 'is not valid JSON; each line is one item, such as {"tokens": {"InvoiceNumber": "INV1"}}');
  }
  const errors: FieldError[] = [];
  inspect(value, [`line ${line}`], errors);
  if (errors.length > 0)
    throw new ProblemError('invalid', 'A line holds what would be changed in silence.', { errors });
  return value;
}

function badLine(line: number, message: string): ProblemError {
  const detail = `Line ${line} ${message}. Nothing of the batch was kept.`;
  return new ProblemError('invalid', detail, { errors: [{ path: `line ${line}`, message }] });
}
