import { describe, expect, test } from 'vitest';
import { parseRetryAfter } from '../../../src/judging/retry-after.ts';
import { now } from './exchanges.ts';

const year = 365 * 86_400_000;

describe('contract §6: Retry-After', () => {
  test.each<[string, number | undefined]>([
    ['120', 120_000],
    [' 7 ', 7000],
    ['0', 0],
    ['Tue, 24 Nov 2026 02:00:30 GMT', 30_000],
    ['Tuesday, 24-Nov-26 02:00:30 GMT', 30_000],
    ['Tue Nov 24 02:00:30 2026', 30_000],
    ['Thu Dec  3 02:00:00 2026', 9 * 86_400_000],
    ['Tue, 24 Nov 2026 02:00:60 GMT', 60_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Thu, 24 Nov 2036 02:00:00 GMT', year],
    ['9'.repeat(400), year],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['soon', undefined],
    ['', undefined],
    ['2026-11-24T02:00:30Z', undefined],
    ['Tue, 31 Feb 2026 02:00:30 GMT', undefined],
    ['Tue, 24 Foo 2026 02:00:30 GMT', undefined],
    ['Tue, 24 Nov 2026 25:00:30 GMT', undefined],
    ['Tue, 24 Nov 2026 02:00:30 PST', undefined],
    ['120, 240', undefined],
  ])('%j', (value, wanted) => {
    expect(parseRetryAfter(value, now)).toBe(wanted);
  });
});
