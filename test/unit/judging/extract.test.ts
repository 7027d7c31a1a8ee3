import { describe, expect, test } from 'vitest';
import type { Accept } from '../../../src/contract/command.ts';
import { answer, judged, wholePdf } from './exchanges.ts';

type Extract = NonNullable<Accept['extract']>;
const json = (value: unknown, framed = true) =>
  answer(200, { type: 'application/json', body: JSON.stringify(value), framed });
const base64 = Buffer.from(wholePdf).toString('base64');

function bytes(value: unknown, extract: Extract): string {
  const verdict = judged(json(value), { extract });
  return verdict.outcome === 'succeeded'
    ? Buffer.from(verdict.bytes ?? '').toString('latin1')
    : verdict.failure.message;
}

describe('contract §6: extract', () => {
  test.each<[string, unknown, Extract, string]>([
    ['base64', { invoice: { pdf: base64 } }, { pointer: '/invoice/pdf', encoding: 'base64' }, wholePdf],
    ['base64 unless said otherwise', { a: 'YQ==' }, { pointer: '/a' }, 'a'],
    ['base64 without padding', { a: 'YQ' }, { pointer: '/a' }, 'a'],
    ['base64 in lines', { a: 'YWJj\r\nZGVm\n' }, { pointer: '/a' }, 'abcdef'],
    ['base64url', { a: '-_8' }, { pointer: '/a', encoding: 'base64url' }, '\u00fb\u00ff'],
    ['hex', { a: '00fF' }, { pointer: '/a', encoding: 'hex' }, '\u0000\u00ff'],
    ['utf8', { a: 'é' }, { pointer: '/a', encoding: 'utf8' }, '\u00c3\u00a9'],
    ['an element of an array', { a: [{ b: 'no' }, { b: 'yes' }] }, { pointer: '/a/1/b', encoding: 'utf8' }, 'yes'],
    [
      'escapes in the pointer (RFC 6901 §4)',
      { 'a/b': { 'm~n': 'x' } },
      { pointer: '/a~1b/m~0n', encoding: 'utf8' },
      'x',
    ],
    ['~01 is ~1', { '~1': 'x' }, { pointer: '/~01', encoding: 'utf8' }, 'x'],
    ['an empty name', { '': 'x' }, { pointer: '/', encoding: 'utf8' }, 'x'],
    ['the whole answer', 'x', { pointer: '', encoding: 'utf8' }, 'x'],
    ['nothing there', { a: 1 }, { pointer: '/b' }, 'The JSON answer has nothing at "/b" (accept.extract).'],
    ['nothing inherited', {}, { pointer: '/constructor/name' }, expect.stringContaining('nothing at')],
    ['no length of an array', { a: ['x'] }, { pointer: '/a/length' }, expect.stringContaining('nothing at')],
    ['no element 01', { a: ['x', 'y'] }, { pointer: '/a/01' }, expect.stringContaining('nothing at')],
    [
      'no string',
      { a: { b: 1 } },
      { pointer: '/a/b' },
      'The JSON answer has a number at "/a/b", not a string (accept.extract).',
    ],
    ['null', { a: null }, { pointer: '/a' }, expect.stringContaining('has null at')],
    [
      'no base64',
      { a: 'not base64!' },
      { pointer: '/a' },
      'The string at "/a" in the JSON answer is not base64 (accept.extract).',
    ],
    ['base64 cut off', { a: 'YWJjZ' }, { pointer: '/a' }, expect.stringContaining('is not base64')],
    ['no hex', { a: '0g' }, { pointer: '/a', encoding: 'hex' }, expect.stringContaining('is not hex')],
  ])('%s', (_what, value, extract, wanted) => {
    expect(bytes(value, extract)).toEqual(wanted);
  });

  const extract: Extract = { pointer: '/pdf', encoding: 'base64', contentType: 'application/pdf' };

  test('the extracted PDF is checked like any other', () => {
    expect(judged(json({ pdf: base64 }), { extract })).toMatchObject({ contentType: 'application/pdf' });
    const cut = Buffer.from('%PDF-1.7').toString('base64');
    expect(judged(json({ pdf: cut }), { extract })).toMatchObject({ failure: { code: 'unexpected-content' } });
  });

  test.each<[Accept['contentTypes'], string]>([
    [['application/pdf'], 'succeeded'],
    [['application/json'], 'succeeded'],
    [['image/png'], 'permanent'],
  ])('accept.contentTypes %j may speak of the answer or of what is in it', (contentTypes, outcome) => {
    const accept: Accept = { extract, ...(contentTypes && { contentTypes }) };
    expect(judged(json({ pdf: base64 }), accept).outcome).toBe(outcome);
  });

  test('accept.contentTypes says what the bytes are where extract does not', () => {
    const accept: Accept = { contentTypes: ['application/pdf'], extract: { pointer: '/pdf' } };
    expect(judged(json({ pdf: base64 }), accept)).toMatchObject({ contentType: 'application/pdf' });
    expect(judged(json({ pdf: 'YQ==' }), accept)).toMatchObject({ failure: { code: 'unexpected-content' } });
  });

  test('an answer that is not JSON', () => {
    const text = answer(200, { type: 'application/json', body: '{"pdf":' });
    expect(judged(text, { extract })).toMatchObject({ outcome: 'permanent', failure: { code: 'unexpected-content' } });
    expect(judged({ ...text, framed: false }, { extract })).toMatchObject({
      outcome: 'retryable',
      failure: { code: 'protocol-error' },
    });
    const page = answer(200, { type: 'text/html', body: '<html>Log in</html>' });
    expect(judged(page, { extract })).toMatchObject({
      failure: { message: expect.stringContaining('an HTML page instead of JSON'), side: 'credentials' },
    });
  });

  test('a byte order mark does not matter, bytes that are not UTF-8 do', () => {
    const withMark = answer(200, { body: `\ufeff{"pdf":"${base64}"}` });
    expect(judged(withMark, { extract })).toMatchObject({ outcome: 'succeeded' });
    const latin1 = answer(200, { body: Buffer.from('{"pdf":"é"}', 'latin1') });
    expect(judged(latin1, { extract })).toMatchObject({ failure: { code: 'unexpected-content' } });
  });
});
