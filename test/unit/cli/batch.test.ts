import { describe, expect, it } from 'vitest';
import { parseFinishBy } from '../../../src/cli/arguments.ts';
import { shownText } from '../../../src/cli/batch-preview.ts';
import { createBatchProgress, durationText, progressOf } from '../../../src/cli/batch-progress.ts';
import { summaryOf } from '../../../src/cli/batch-summary.ts';
import type { LineStream } from '../../../src/cli/progress-line.ts';
import type { Batch } from '../../../src/contract/batch.ts';
import type { MissingItem } from '../../../src/contract/batch-report.ts';

const batch: Batch = {
  id: '01989f4e-7c5a-7000-8000-000000000000',
  account: 'default',
  integration: 'acme',
  command: 'GetInvoiceImage',
  run: null,
  schedule: null,
  status: 'running',
  outcome: null,
  total: 2000,
  queued: 800,
  running: 20,
  retrying: 5,
  succeeded: 1170,
  unchanged: 500,
  absent: 1,
  failed: 4,
  cancelled: 0,
  finishBy: null,
  warnings: [],
  createdAt: '2026-11-23T02:00:00.000Z',
  startedAt: '2026-11-23T02:00:00.000Z',
  finishedAt: null,
};

function fakeStream(isTTY: boolean, columns = 120) {
  const text: string[] = [];
  const stream = {
    isTTY,
    columns,
    clearLine: () => true,
    cursorTo: () => true,
    write: (part: string) => text.push(part),
  };
  return { stream: stream as unknown as LineStream, text };
}

describe("a batch's progress", () => {
  it('is a bar with rate and time left on a terminal', () => {
    const { stream, text } = fakeStream(true);
    let now = 0;
    const progress = createBatchProgress(stream, () => now);
    progress.show(progressOf({ ...batch, succeeded: 170 }));
    now = 10_000;
    progress.show(progressOf(batch));
    expect(text).toEqual([
      'running ██░░░░░░░░░░░░░░░░░░░░░░ 8 %  175 of 2,000, 4 failed, 1 absent, 5 retrying',
      'running ██████████████░░░░░░░░░░ 58 %  1,175 of 2,000, 4 failed, 1 absent, 5 retrying, 100/s, 9 s left',
    ]);
  });

  it('never says 100 % before the end, and fits the terminal', () => {
    const { stream, text } = fakeStream(true, 40);
    createBatchProgress(stream, () => 0).show({ doing: 'running', done: 99_999, total: 100_000, notes: [] });
    expect(text[0]).toContain('99 %');
    expect(text[0]?.length).toBeLessThan(40);
  });

  it('is a line now and then elsewhere', () => {
    const { stream, text } = fakeStream(false);
    let now = 0;
    const progress = createBatchProgress(stream, () => now);
    for (let done = 0; done <= 250; done += 1) {
      progress.show({ doing: 'running', done, total: 250, notes: [] });
      now += 100;
    }
    expect(text).toEqual([
      'running: 0 of 250 (0 %)\n',
      'running: 100 of 250, 10/s, 15 s left (40 %)\n',
      'running: 200 of 250, 10/s, 5 s left (80 %)\n',
    ]);
  });

  it('has the pace of the last half minute, and none across two things', () => {
    const { stream, text } = fakeStream(true);
    let now = 0;
    const progress = createBatchProgress(stream, () => now);
    const show = (doing: string, done: number) => progress.show({ doing, done, total: 10_000, notes: [] });
    show('sending', 0);
    now = 10_000;
    show('sending', 9_000);
    expect(text.at(-1)).toContain('900/s');
    show('running', 0);
    expect(text.at(-1)).not.toContain('/s');
    for (let step = 1; step <= 120; step += 1) {
      now += 1_000;
      show('running', step <= 60 ? step * 100 : 6_000 + (step - 60) * 2);
    }
    expect(text.at(-1)).toMatch(/, 2\.0\/s, 32 min 20 s left$|, 2\.0\/s/);
  });

  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [200, '3 min 20 s'],
    [7_500, '2 h 5 min'],
  ])('%d seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe("a batch's summary", () => {
  const missing: MissingItem = {
    id: '01989f4e-7c5a-7000-8000-000000000001',
    item: 1234,
    reference: 'customer 4711',
    tokens: { InvoiceNumber: 'I1' },
    status: 'failed',
    code: 'unexpected-status',
    message: `The server answered 404.\n${'more'}`,
  };
  const ended: Batch = {
    ...batch,
    status: 'finished',
    outcome: 'partial',
    queued: 0,
    running: 0,
    retrying: 0,
    succeeded: 1993,
    unchanged: 500,
    absent: 2,
    failed: 5,
    finishedAt: '2026-11-23T02:00:10.000Z',
  };

  it('has counts, and by code how many and an example, the most frequent first', () => {
    const byCode = { absent: 2, 'unexpected-status': 4, timeout: 1 };
    expect(summaryOf(ended, { byCode, missing: [missing] }).split('\n')).toEqual([
      `acme GetInvoiceImage, batch ${batch.id}: partial after 10 s, 200 per second`,
      '  2,000 items: 1,993 succeeded (500 unchanged), 2 absent, 5 failed',
      '  unexpected-status  4  e.g. item 1,234 (customer 4711): The server answered 404.',
      '  absent             2',
      '  timeout            1',
    ]);
  });

  it('is two lines where all is well', () => {
    const clean: Batch = { ...ended, outcome: 'clean', total: 1, succeeded: 1, unchanged: 0, absent: 0, failed: 0 };
    expect(summaryOf({ ...clean, startedAt: null }, { byCode: {}, missing: [] })).toBe(
      `acme GetInvoiceImage, batch ${batch.id}: clean\n  1 item: 1 succeeded`,
    );
  });

  it('says that a batch was cancelled', () => {
    const cancelled: Batch = { ...ended, status: 'cancelled', outcome: null, cancelled: 7, failed: 0, absent: 0 };
    expect(summaryOf(cancelled, { byCode: {}, missing: [] })).toMatch(/: cancelled after .*\n.*, 7 cancelled$/s);
  });
});

describe('a dry run (contract §2)', () => {
  const item = { tokens: { InvoiceNumber: 'I1' }, reference: 'first' };
  const egress = { allowed: true, reason: null };
  const headers = [{ key: 'X-Api-Key', value: '***' }];

  it('shows each request as it would be sent', () => {
    const request = { method: 'POST' as const, url: 'https://example.com/I1', headers, body: '{"n": "I1"}', egress };
    expect(shownText({ line: 2, item, request, error: null })).toBe(
      'Line 2 (first):\nPOST https://example.com/I1\nX-Api-Key: ***\n\n{"n": "I1"}\n',
    );
  });

  it('shows what is wrong with an item, and where it may not be sent', () => {
    expect(shownText({ line: 3, item: { tokens: {} }, request: null, error: 'no InvoiceNumber' })).toBe(
      'Line 3 cannot be rendered: no InvoiceNumber\n',
    );
    const inward = { allowed: false, reason: '10.0.0.1 is private' };
    const request = { method: 'GET' as const, url: 'http://10.0.0.1/', headers: [], body: null, egress: inward };
    expect(shownText({ line: 4, item, request, error: null })).toContain(
      'It may not be sent there: 10.0.0.1 is private',
    );
  });
});

describe('--finish-by', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['45m', '2026-01-01T00:45:00.000Z'],
    ['5h', '2026-01-01T05:00:00.000Z'],
    ['2026-01-01T06:00:00+01:00', '2026-01-01T05:00:00.000Z'],
  ])('%s', (text, time) => expect(parseFinishBy(text, now)).toBe(time));

  it.each(['06:00', '4w', '0h', '2025-01-01T00:00:00Z'])('%s is refused', (text) => {
    expect(() => parseFinishBy(text, now)).toThrow(/It must/);
  });
});
