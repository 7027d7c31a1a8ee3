import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFailedFile } from '../../../src/cli/failed-items.ts';
import { checkItems, isBad, itemAt, type ReadLine } from '../../../src/cli/items.ts';
import { openItems } from '../../../src/cli/items-file.ts';
import type { HttpClient } from '../../../src/client/http.ts';

describe('files of items (contract §2)', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-items-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function written(name: string, content: string | Buffer) {
    const file = path.join(directory, name);
    await writeFile(file, content);
    return openItems(file);
  }
  async function read(name: string, content: string | Buffer): Promise<ReadLine[]> {
    const all: ReadLine[] = [];
    for await (const each of (await written(name, content)).read()) all.push(each);
    return all;
  }
  const sent = async (name: string, content: string | Buffer) =>
    (await read(name, content)).map((each) => (isBad(each) ? each : JSON.parse(each.json)));
  const lines = async (name: string, content: string) => (await read(name, content)).map(({ line }) => line);

  describe('CSV', () => {
    it('has tokens named by the header, and references', async () => {
      expect(await sent('a.csv', 'InvoiceNumber,auth token,reference\nI1,t1,first\nI2,t2,\n')).toEqual([
        { tokens: { InvoiceNumber: 'I1', 'auth token': 't1' }, reference: 'first' },
        { tokens: { InvoiceNumber: 'I2', 'auth token': 't2' } },
      ]);
    });

    it('is what spreadsheets write: a byte order mark, CRLF, quotes, line ends within cells, no end of the last line', async () => {
      const content = '\uFEFFInvoiceNumber,Note\r\n001,"a ""b"", c"\r\n\r\n002,"one\r\ntwo"\r\n003,ü\u2028';
      expect(await sent('b.csv', content)).toEqual([
        { tokens: { InvoiceNumber: '001', Note: 'a "b", c' } },
        { tokens: { InvoiceNumber: '002', Note: 'one\r\ntwo' } },
        { tokens: { InvoiceNumber: '003', Note: 'ü\u2028' } },
      ]);
      expect(await lines('b.csv', content)).toEqual([2, 4, 6]);
    });

    it('tells an empty cell, which is no value, from a quoted one, which is an empty one', async () => {
      expect(await sent('c.csv', 'InvoiceNumber,ipAddress\nI1,\nI2,""\n')).toEqual([
        { tokens: { InvoiceNumber: 'I1' } },
        { tokens: { InvoiceNumber: 'I2', ipAddress: '' } },
      ]);
    });

    it('names every line that is wrong, and what is wrong with it', async () => {
      const long = 'x'.repeat(65_537);
      const file = await written(
        'd.csv',
        `InvoiceNumber,reference\nI1\nI2,a,b\nI3,ok\n"two\nlines",\u0007\n${long},\n`,
      );
      expect(await checkItems(file)).toEqual({
        total: 1,
        badCount: 4,
        bad: [
          { line: 2, message: 'has 1 column, but the header has 2 columns' },
          { line: 3, message: 'has 3 columns, but the header has 2 columns' },
          { line: 5, message: 'reference: must not hold control characters' },
          { line: 7, message: 'tokens.InvoiceNumber: must hold at most 64 KiB (65,536 bytes)' },
        ],
      });
    });

    it.each([
      ['a quote that is never closed', 'a,b\n1,2\n"3,4\n5,6\n', 3, /quote that is never closed/],
      ['and takes more than an item can hold', `a\n1\n"${'x\n'.repeat(200_000)}`, 3, /is a quote never closed\?/],
      ['a quote within a cell', 'a,b\n1,2\n3,"x"y\n', 3, /quote within a cell/],
      ['an inch', 'a,b\n1,2\n3,4" pipe\n', 3, /quote within a cell/],
      ['a quote after cells of several lines', 'a,b\r\n1,"x\r\ny\r\nz"\r\n\r\n3,4" pipe\r\n', 6, /quote within a cell/],
      ['semicolons', 'a;b\n1;2\n', 1, /separated by something else than commas/],
      ['a column without a name', 'a,\n1,2\n', 1, /column 2 of the header, "", must not be empty/],
      ['a column twice', 'a,b,a\n1,2,3\n', 1, /column "a" is there twice/],
      ["a column of Errand's own", 'errand.now\n1\n', 1, /Errand's own/],
    ])('is refused with %s', async (_what, content, line, message) => {
      const all = await read('e.csv', content);
      expect(all.filter(isBad)).toEqual([{ line, message: expect.stringMatching(message) }]);
    });

    it('is refused where it is not UTF-8, with the line', async () => {
      const latin1 = Buffer.from('InvoiceNumber,Name\nI1,plain\nI2,M\u00fcller\n', 'latin1');
      expect((await checkItems(await written('f.csv', latin1))).bad).toEqual([
        { line: 3, message: expect.stringContaining('not UTF-8') },
      ]);
      const utf16 = Buffer.from('\uFEFFInvoiceNumber\nI1\n', 'utf16le');
      expect((await checkItems(await written('g.csv', utf16))).bad).toEqual([
        { line: 1, message: expect.stringContaining('not UTF-8') },
      ]);
    });

    it('has no items where there is nothing, or a header alone', async () => {
      expect(await sent('h.csv', '')).toEqual([]);
      expect(await sent('i.csv', 'InvoiceNumber\n')).toEqual([]);
    });
  });

  describe('NDJSON', () => {
    it('is passed on as it is', async () => {
      const content =
        '\uFEFF{"tokens": {"Amount": 12.50, "Big": 12345678901234567890}}\r\n\n{"tokens":{"a":"x\u2028y"},"reference":"r"}';
      const all = await read('a.ndjson', content);
      expect(all.map((each) => !isBad(each) && each.json)).toEqual([
        '{"tokens": {"Amount": 12.50, "Big": 12345678901234567890}}',
        '{"tokens":{"a":"x\u2028y"},"reference":"r"}',
      ]);
      expect(all.map(({ line }) => line)).toEqual([1, 3]);
    });

    it('names every line that is wrong, and what is wrong with it', async () => {
      const wrong = ['{"tokens":{}', '[]', '{"tokns":{}}', '{"tokens":{"a":1},"reference":7}', 'InvoiceNumber,x'];
      const file = await written('b.ndjson', wrong.join('\n'));
      const { total, bad } = await checkItems(file);
      expect(total).toBe(0);
      expect(bad.map(({ line, message }) => `${line} ${message}`)).toEqual([
        expect.stringMatching(/^1 is not JSON/),
        expect.stringMatching(/^2 must be an object/),
        expect.stringMatching(/^3 tokens: is required; tokns: is not known here. Did you mean "tokens"\?/),
        expect.stringMatching(/^4 reference: must be a string/),
        expect.stringMatching(/^5 is not JSON/),
      ]);
    });

    it('is refused where a line has no end', async () => {
      const file = await written('c.ndjson', `{"tokens":{}}\n${'x'.repeat(3_000_000)}`);
      expect((await checkItems(file)).bad).toEqual([{ line: 2, message: expect.stringContaining('longer than') }]);
    });
  });

  it('tell twenty of many bad lines, and count the others', async () => {
    const file = await written('many.csv', `a,b\n${'1\n'.repeat(500)}`);
    const { bad, badCount } = await checkItems(file);
    expect({ told: bad.length, badCount }).toEqual({ told: 20, badCount: 500 });
  });

  it('find an item by its number again', async () => {
    const file = await written('at.csv', 'a,b\n1,"x\ny"\n\n2,z\n');
    expect(await itemAt(file, 2)).toMatchObject({ line: 5, item: { tokens: { a: '2', b: 'z' } } });
    expect(await itemAt(file, 3)).toBeNull();
  });

  it('must be there, and be called .csv or .ndjson', async () => {
    expect(() => openItems('items.txt')).toThrow(/ends in \.csv or \.ndjson/);
    await expect(checkItems(openItems(path.join(directory, 'none.csv')))).rejects.toThrow(/cannot be read: ENOENT/);
    await expect(checkItems(openItems(directory.concat('/../..csv')))).rejects.toThrow(/ENOENT|must be/);
  });

  describe('of what failed', () => {
    const report = (...pages: { item: number; status: string; code: string | null }[][]) =>
      ({
        batchReport: async (_id: string, { cursor = '0' }: { cursor?: string } = {}) => ({
          missing: pages[Number(cursor)] ?? [],
          nextCursor: Number(cursor) + 1 < pages.length ? String(Number(cursor) + 1) : null,
        }),
      }) as unknown as HttpClient;
    const failed = (item: number, code = 'unexpected-status') => ({ item, status: 'failed', code });

    it('has the items as they stood in the file, over all pages, but for absent ones', async () => {
      const source = '\uFEFFInvoiceNumber,Note\r\nI1,"a, ""b"""\r\nI2,\r\n\r\nI3,"x\r\ny"\r\nI4,""\r\n';
      const items = await written('source.csv', source);
      const file = path.join(directory, 'again.csv');
      const again = await openFailedFile(file, items);
      const cancelled = { item: 3, status: 'cancelled', code: 'cancelled' };
      const client = report([failed(1), failed(2, 'absent')], [cancelled]);
      expect(await again.write(client, 'b1')).toBe(2);
      await again.close();
      expect(await readFile(file, 'utf8')).toBe('\uFEFFInvoiceNumber,Note\nI1,"a, ""b"""\nI3,"x\r\ny"\n');
    });

    it('is NDJSON for NDJSON', async () => {
      const items = await written('source.ndjson', '{"tokens":{"a":1.0}}\n{"tokens":{"a":2}}\n');
      const file = path.join(directory, 'again.ndjson');
      const again = await openFailedFile(file, items);
      expect(await again.write(report([failed(1)]), 'b1')).toBe(1);
      await again.close();
      expect(await readFile(file, 'utf8')).toBe('{"tokens":{"a":1.0}}\n');
    });

    it('is not there where nothing failed', async () => {
      const items = await written('good.csv', 'a\n1\n');
      const file = path.join(directory, 'none-failed.csv');
      const again = await openFailedFile(file, items);
      expect(await again.write(report([failed(1, 'absent')]), 'b1')).toBe(0);
      await again.close();
      await expect(readFile(file)).rejects.toThrow(/ENOENT/);
    });

    it('must be another file of the same format, in a place that can be written', async () => {
      const items = await written('own.csv', 'a\n1\n');
      const open = (name: string) => openFailedFile(path.join(directory, name), items);
      await expect(open('again.ndjson')).rejects.toThrow(/must end in \.csv/);
      await expect(open('../'.concat(path.basename(directory), '/own.csv'))).rejects.toThrow(/another file/);
      await expect(open('no/such/place.csv')).rejects.toThrow(/cannot be written: ENOENT/);
      expect(await readFile(items.path, 'utf8')).toBe('a\n1\n');
    });
  });
});
