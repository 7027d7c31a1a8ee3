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
  ])('%s', (header, expected) => expect(expectedVersion(header)).toEqual(expected));

  it.each(['3', '', '"3', '"3" "4"', '"3",', '"3", *', "'3'"])('%s is refused', (header) => {
    expect(() => expectedVersion(header)).toThrow(
      expect.objectContaining({ errors: [{ path: 'if-match', message: expect.stringContaining('in quotes') }] }),
    );
  });
});
