import { describe, expect, it } from 'vitest';
import { parseExpiry, parseTokens } from '../../../src/cli/arguments.ts';
import { nearest } from '../../../src/cli/unknown-name.ts';

describe('contract §2: Name=value', () => {
  it('is cut at the first =', () => {
    expect(parseTokens(['a=b=c', 'auth token=x', 'empty='])).toEqual({ a: 'b=c', 'auth token': 'x', empty: '' });
  });

  it.each([[['a']], [['=a']], [['a=1', 'a=2']]])('%j is refused', (pairs) => {
    expect(() => parseTokens(pairs)).toThrow(/not of the form|given twice/);
  });

  it('takes __proto__ for a name like any other', () => {
    expect(Object.keys(parseTokens(['__proto__=x']))).toEqual(['__proto__']);
  });
});

describe('contract §2: --expires', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['90d', '2026-04-01T00:00:00.000Z'],
    ['12h', '2026-01-01T12:00:00.000Z'],
    ['4w', '2026-01-29T00:00:00.000Z'],
    ['2027-01-01T00:00:00+01:00', '2026-12-31T23:00:00.000Z'],
  ])('%s', (text, time) => expect(parseExpiry(text, now)).toBe(time));

  it.each(['yesterday', '2027-01-01', '0d', '2025-01-01T00:00:00Z', '-3d', '5'])('%s is refused', (text) => {
    expect(() => parseExpiry(text, now)).toThrow(/It must/);
  });
});

describe('contract §2: the name that was probably meant', () => {
  it.each([
    ['acm', 'acme'],
    ['ACME', 'acme'],
    ['amce', null],
    ['glboex', 'globex'],
    ['zzz', null],
  ])('of %s is %s', (name, meant) => expect(nearest(name, ['acme', 'globex'])).toBe(meant));
});
