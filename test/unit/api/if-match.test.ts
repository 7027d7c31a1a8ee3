import { describe, expect, it } from 'vitest';
import { expectedVersion } from '../../../src/api/if-match.ts';

describe('contract §3: If-Match (RFC 9110 §13.1.1)', () => {
  it.each([
    [undefined, undefined],
    ['*', '*'],
    ['"3"', [3]],
    [' "3" , "12" ', [3, 12]],
    // It compares strongly.
    ['W/"3"', []],
    ['"3", W/"4"', [3]],
    ['"abc", "", "03", "1,2", "99999999999"', []],
  ])('%s', (header, expected) => expect(expectedVersion({ 'if-match': header })).toEqual(expected));

  it.each(['3', '', '"3', '"3" "4"', '"3",', '"3", *', "'3'"])('%s is refused', (header) => {
    expect(() => expectedVersion({ 'if-match': header })).toThrow(
      expect.objectContaining({ errors: [{ path: 'if-match', message: expect.stringContaining('in quotes') }] }),
    );
  });
});

describe('contract §3: If-None-Match (RFC 9110 §13.1.2)', () => {
  it.each(['*', ' * '])('%j: nothing is there', (header) => {
    expect(expectedVersion({ 'if-none-match': header })).toBe('absent');
  });

  it.each([
    [{ 'if-none-match': '"3"' }, 'must be *'],
    [{ 'if-none-match': '' }, 'must be *'],
    [{ 'if-none-match': '*', 'if-match': '"3"' }, 'together with If-Match'],
  ])('%j is refused', (headers, message) => {
    expect(() => expectedVersion(headers)).toThrow(
      expect.objectContaining({ errors: [{ path: 'if-none-match', message: expect.stringContaining(message) }] }),
    );
  });
});
