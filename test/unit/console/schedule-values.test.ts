import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  bodyOfSchedule,
  fieldOf,
  itemMessage,
  newSchedule,
  problemOfJson,
  problemsOf,
  valuesOf,
} from '../../../src/console/pages/integrations/schedule-values.ts';
import { type Schedule, scheduleBodySchema } from '../../../src/contract/schedule.ts';

const schedule: Schedule = {
  name: 'nightly',
  command: 'GetInvoiceImage',
  cron: '0 2 * * *',
  timezone: 'America/Chicago',
  enabled: true,
  spreadSeconds: 0,
  finishWithinSeconds: null,
  items: [{ tokens: { InvoiceNumber: 'INV1' } }, { tokens: { InvoiceNumber: 'INV2' } }],
  source: null,
  nextRunAt: null,
  lastRun: null,
};
const source = {
  command: 'ListInvoices',
  tokens: { page: 1, open: true, Status: 'open', filter: { since: null } },
  itemsPointer: '/invoices',
  map: { InvoiceNumber: '/number' },
  next: { pointer: '/next' },
  initialSince: '2026-03-01T04:05:37.123Z',
  overlapSeconds: 0,
};

const kinds: [what: string, schedule: Schedule][] = [
  ['a list of values', schedule],
  ['items that hold more', { ...schedule, items: [{ tokens: { A: 1, B: ' x' }, reference: '4711' }] }],
  ['odd times', { ...schedule, spreadSeconds: 100, finishWithinSeconds: 3_701 }],
  ['a source', { ...schedule, items: null, source }],
  ['a source with the least', { ...schedule, items: null, source: { command: 'L', itemsPointer: '', map: {} } }],
];

describe('a schedule in its form (contract §3)', () => {
  it.each(kinds)('comes out as it went in: %s', (_what, one) => {
    expect(bodyOf(valuesOf(one), one)).toEqual(bodyOfSchedule(one));
    expect(scheduleBodySchema.parse(bodyOfSchedule(one))).toEqual(bodyOfSchedule(one));
  });

  it('takes what was typed, and leaves the rest', () => {
    const before = { ...schedule, items: null, source };
    const values = valuesOf(before);
    const sourceTokens = values.sourceTokens.map((row) => (row.name === 'page' ? { ...row, value: '2' } : row));
    const body = bodyOf({ ...values, sourceTokens, initialSince: '', nextPointer: '', spreadMinutes: 1.5 }, before);
    expect(body.source).toEqual({
      command: 'ListInvoices',
      tokens: { page: '2', open: true, Status: 'open', filter: { since: null } },
      itemsPointer: '/invoices',
      map: { InvoiceNumber: '/number' },
      overlapSeconds: 0,
    });
    expect(body.spreadSeconds).toBe(90);
  });

  it('drops a time that was emptied', () => {
    const before = { ...schedule, spreadSeconds: 60, finishWithinSeconds: 7_200 };
    const body = bodyOf({ ...valuesOf(before), spreadMinutes: '', finishHours: '' }, before);
    expect([body.spreadSeconds, body.finishWithinSeconds]).toEqual([undefined, undefined]);
  });

  it('says what is wrong before anybody is asked, and where what the API says belongs', () => {
    const values = newSchedule('', '', 'UTC');
    expect(problemsOf({ ...values, name: '' })).toEqual({ name: 'is required', command: 'is required' });
    expect(problemsOf({ ...values, command: 'A', what: 'source' })).toEqual({ sourceCommand: 'is required' });
    expect(problemOfJson('{}\n\n[')).toMatch(/^item 2: /);
    expect(fieldOf('items.3.tokens.X', values)).toBe('lines');
    expect(fieldOf('source.map.X', { ...values, map: [{ name: 'X', value: '' }] })).toBe('map.0.name');
    expect(fieldOf('nothing', values)).toBeNull();
    expect(itemMessage('items.3.tokens.X', 'is required')).toBe('item 4 X: is required');
  });
});
