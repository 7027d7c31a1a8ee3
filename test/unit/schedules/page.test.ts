import { describe, expect, it } from 'vitest';
import type { ScheduleSource } from '../../../src/contract/schedule.ts';
import { readPage } from '../../../src/schedules/page.ts';

const source: ScheduleSource = {
  command: 'ListInvoices',
  itemsPointer: '/data/invoices',
  map: { InvoiceNumber: '/number' },
  next: { pointer: '/next' },
};

const read = (body: unknown, changes: Partial<ScheduleSource> = {}) =>
  readPage(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), { ...source, ...changes }, 2);
const page = (invoices: unknown, next?: unknown) => ({ data: { invoices }, next });
const message = (reading: ReturnType<typeof read>) => (reading.ok ? 'was read' : reading.message);
const tokens = (reading: ReturnType<typeof read>) => (reading.ok ? reading.page.items.map((item) => item.tokens) : []);

describe('the items of a page (contract §3)', () => {
  it('are mapped by pointers within each', () => {
    const reading = read(
      page([
        { number: 'INV1', who: { ip: '203.0.113.7' } },
        { number: 7, who: { ip: null } },
      ]),
      {
        map: { InvoiceNumber: '/number', ipAddress: '/who/ip' },
      },
    );
    expect(tokens(reading)).toEqual([
      { InvoiceNumber: 'INV1', ipAddress: '203.0.113.7' },
      { InvoiceNumber: 7, ipAddress: null },
    ]);
  });

  it('may be values themselves, and the answer itself the list', () => {
    expect(tokens(read(['INV1', 'INV2'], { itemsPointer: '', map: { InvoiceNumber: '' } }))).toEqual([
      { InvoiceNumber: 'INV1' },
      { InvoiceNumber: 'INV2' },
    ]);
  });

  it('keep every digit of their numbers', () => {
    const body =
      '{"data":{"invoices":[{"number":12345678901234567890},{"number":12.50},{"number":1e3},{"number":"1.0"}]}}';
    expect(tokens(read(body)).map(({ InvoiceNumber }) => InvoiceNumber)).toEqual([
      '12345678901234567890',
      '12.50',
      '1e3',
      '1.0',
    ]);
  });

  it('may be none', () => {
    expect(read(page([]))).toEqual({ ok: true, page: { items: [], next: null } });
  });

  it.each([
    [
      page([{ number: 'INV1' }, {}]),
      'Item "/data/invoices/1" of page 2 has nothing at "/number" (source.map.InvoiceNumber).',
    ],
    [page(['INV1']), 'has nothing at "/number"'],
    [page([{ number: '\ud800' }]), 'half of a surrogate pair'],
    [page([{ number: 'x'.repeat(65_537) }]), 'must hold at most 64 KiB'],
    [page({}), 'Page 2 has no list but an object'],
    [page(null), 'Page 2 has null at "/data/invoices" (source.itemsPointer).'],
    [{}, 'Page 2 has nothing at "/data/invoices"'],
    ['<html>', 'Page 2 is not JSON'],
    ['', 'Page 2 is not JSON'],
  ])('fail the page as a whole where one does not fit', (body, why) => {
    expect(message(read(body))).toContain(why);
  });
});

describe('the next page', () => {
  const next = (value: unknown) => {
    const reading = read(page([], value));
    return reading.ok ? reading.page.next : reading.message;
  };

  it.each([undefined, null, '', false])('is none where the pointer finds %s', (value) => {
    expect(next(value)).toBeNull();
  });

  it('is a text or a number', () => {
    expect(next('https://example.com/?page=2')).toBe('https://example.com/?page=2');
    expect(next(2)).toBe('2');
    expect(next({ page: 2 })).toContain('neither a text nor a number');
    expect(next('x'.repeat(16_385))).toContain('longer than');
  });

  it('is not looked for where nobody asks', () => {
    const { next: _, ...without } = source;
    const reading = readPage(Buffer.from(JSON.stringify(page([], 'x'))), without, 1);
    expect(reading.ok && reading.page.next).toBeNull();
  });
});
