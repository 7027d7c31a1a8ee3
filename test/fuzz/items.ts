import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { readNdjson } from '../../src/api/ndjson.ts';
import { ProblemError } from '../../src/api/problems.ts';
import { FileTrouble, linesOf } from '../../src/cli/file-text.ts';
import { isBad } from '../../src/cli/items.ts';
import { readCsv } from '../../src/cli/items-csv.ts';
import { readNdjson as readNdjsonFile } from '../../src/cli/items-ndjson.ts';
import { cuts, hostileText, pieces, property } from './property.ts';

const wholeText = hostileText.filter((text) => text.isWellFormed());
const item = fc.record({ tokens: fc.dictionary(fc.constantFrom('A', 'b c', 'constructor'), wholeText) });
const lineEnd = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n \n');
const lines = fc.array(fc.tuple(item, lineEnd), { maxLength: 6 });
const bom = fc.constantFrom('', '\ufeff');

/** Between characters of UTF-16. */
const evenly = (at: readonly number[], { length }: string) => at.map((each) => (each % (length + 1)) * 2);

type Read = { values: unknown[]; refused: string | null };

async function streamed(bytes: Buffer, at: readonly number[]): Promise<Read> {
  const values: unknown[] = [];
  try {
    for await (const each of readNdjson(Readable.from(pieces(bytes, at), { objectMode: false }))) values.push(each);
    return { values, refused: null };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { values, refused: JSON.stringify(error.options.errors) };
  }
}

const huge = fc.integer({ min: 1024 * 1024 - 4, max: 1024 * 1024 + 4 });
const anyBytes = fc.array(
  fc.oneof(
    wholeText.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom(Buffer.from('{"a":1}\n'), Buffer.from('\r\n'), Buffer.from('\ufeff'), Buffer.from([0xff])),
  ),
  { maxLength: 8 },
);

export const streams = [
  property(
    'contract §3: NDJSON is read as it was written, however it is cut into pieces',
    [lines, bom, cuts],
    async (written, mark, at) => {
      const bytes = Buffer.from(mark + written.map(([each, end]) => JSON.stringify(each) + end).join(''));
      const { values, refused } = await streamed(bytes, at);
      equal(refused, null);
      deepStrictEqual(
        values.map((each) => JSON.stringify((each as { value: unknown }).value)),
        written.map(([each]) => JSON.stringify(each)),
      );
    },
  ),
  property(
    'contract §3: whatever bytes come as NDJSON, they are read or refused, the same in any pieces',
    [anyBytes, cuts],
    async (parts, at) => {
      const bytes = Buffer.concat(parts);
      deepStrictEqual(await streamed(bytes, at), await streamed(bytes, []));
    },
  ),
  property(
    'contract §3: a line of NDJSON is as long as it may be, in any pieces',
    [huge, cuts, fc.boolean()],
    async (length, at, ended) => {
      const bytes = Buffer.from(`${JSON.stringify('x'.repeat(length - 2))}${ended ? '\n1\n' : ''}`);
      const { refused } = await streamed(bytes, at);
      equal(refused !== null, length > 1024 * 1024, refused ?? 'read');
    },
    [[1024 * 1024 + 1, [], true]],
  ),
  property(
    'contract §2: lines of a file are the same in any pieces, and too long ones are refused',
    [fc.array(wholeText, { maxLength: 6 }), cuts],
    async (texts, at) => {
      const text = texts.join('\n');
      const read = async (each: string[]) => {
        const found: string[] = [];
        try {
          for await (const line of linesOf(Readable.from(each), 20)) found.push(line);
        } catch (error) {
          ok(error instanceof FileTrouble);
          return 'too long';
        }
        return found;
      };
      const cut = pieces(Buffer.from(text, 'utf16le'), evenly(at, text)).map((each) => each.toString('utf16le'));
      deepStrictEqual(await read(cut), await read([text]));
    },
    [[['x'.repeat(21), 'x'], [10]]],
  ),
];

async function inFile<Answer>(content: string | Buffer, work: (file: string) => Promise<Answer>): Promise<Answer> {
  const directory = mkdtempSync(path.join(tmpdir(), 'errand-fuzz-'));
  try {
    const file = path.join(directory, 'items');
    writeFileSync(file, content);
    return await work(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const cell = wholeText.filter((text) => !text.includes('\u0000'));
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

export const files = [
  property(
    'contract §2: CSV is read as it was written, line by line',
    [fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), fc.constantFrom('\n', '\r\n'), bom],
    async (rows, end, mark) => {
      const text = mark + ['A,b c', ...rows.map((row) => row.map(quoted).join(','))].join(end);
      await inFile(text, async (file) => {
        const read: unknown[] = [];
        for await (const line of readCsv(file)) read.push(isBad(line) ? line : line.item.tokens);
        deepStrictEqual(
          read,
          rows.map(([a, b]) => ({ A: a, 'b c': b })),
        );
      });
    },
  ),
  property('contract §2: whatever a file of items holds, it is read or refused', [anyBytes], async (parts) => {
    await inFile(Buffer.concat([Buffer.from('A\n'), ...parts]), async (file) => {
      for (const reader of [readCsv, readNdjsonFile]) {
        try {
          for await (const line of reader(file)) ok(line.line > 0);
        } catch (error) {
          ok(error instanceof FileTrouble, String(error));
        }
      }
    });
  }),
];
