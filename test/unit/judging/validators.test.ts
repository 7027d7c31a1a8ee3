import { describe, expect, test } from 'vitest';
import { compileAccept } from '../../../src/judging/accept.ts';
import { judge } from '../../../src/judging/judge.ts';
import { conditionalHeaders, validatorsOf } from '../../../src/judging/validators.ts';
import { answer, now } from './exchanges.ts';

const lastModified = 'Mon, 23 Nov 2026 02:00:00 GMT';

describe('validators (RFC 9110 §8.8) (contract §6)', () => {
  test.each<[string, Record<string, string>, string | null]>([
    ['a strong tag', { ETag: '"abc"' }, '"abc"'],
    ['a weak one', { etag: 'W/"abc"' }, 'W/"abc"'],
    ['one without quotes, as it came', { etag: 'abc-123' }, 'abc-123'],
    ['none', {}, null],
    ['an asterisk, which would mean any', { etag: '*' }, null],
    ['what would be read as several', { etag: '"a", "b"' }, null],
    ['what is none', { etag: '"a' }, null],
    ['what is not ASCII', { etag: '"é"' }, null],
    ['an endless one', { etag: `"${'x'.repeat(600)}"` }, null],
    ['two that differ in case of their names', { etag: '"a"', ETag: '"b"' }, null],
  ])('%s', (_what, headers, etag) => {
    expect(validatorsOf(answer(200, { headers })).etag).toBe(etag);
  });

  test.each<[string, Record<string, string>, string | null]>([
    ['a date', { 'Last-Modified': lastModified }, lastModified],
    [
      'one that lies before the answer',
      { 'Last-Modified': lastModified, Date: 'Mon, 23 Nov 2026 02:00:01 GMT' },
      lastModified,
    ],
    ['one of the same second, which may change unseen', { 'Last-Modified': lastModified, Date: lastModified }, null],
    ['no date', { 'Last-Modified': 'yesterday' }, null],
  ])('Last-Modified: %s', (_what, headers, wanted) => {
    expect(validatorsOf(answer(200, { headers })).lastModified).toBe(wanted);
  });

  test('go back as they came', () => {
    expect(conditionalHeaders({ etag: 'W/"a"', lastModified })).toEqual([
      { key: 'If-None-Match', value: 'W/"a"' },
      { key: 'If-Modified-Since', value: lastModified },
    ]);
    expect(conditionalHeaders({ etag: null, lastModified: null })).toEqual([]);
  });
});

describe('a 304', () => {
  const accept = compileAccept({ contentTypes: ['application/pdf'], absentStatuses: [404] });

  test('to a conditional request says that the stored bytes still hold', () => {
    expect(judge(answer(304), accept, now, true)).toEqual({
      outcome: 'succeeded',
      status: 304,
      contentType: null,
      bytes: null,
    });
    expect(judge({ ...answer(304), redirected: 'within' }, accept, now, true).outcome).toBe('succeeded');
  });

  test('that nobody asked for is no success', () => {
    const unasked = { outcome: 'permanent', failure: { code: 'unexpected-status', side: 'configuration' } };
    expect(judge(answer(304), accept, now)).toMatchObject(unasked);
    expect(judge({ ...answer(304), redirected: 'beyond' }, accept, now, true)).toMatchObject(unasked);
  });

  test('leaves every other answer to a conditional request what it is', () => {
    expect(judge(answer(404), accept, now, true)).toMatchObject({ failure: { code: 'absent' } });
    expect(judge(answer(412), accept, now, true)).toMatchObject({ failure: { code: 'unexpected-status' } });
    expect(judge(answer(200, { type: 'text/html' }), accept, now, true).outcome).toBe('permanent');
  });
});
