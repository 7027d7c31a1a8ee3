import { describe, expect, it } from 'vitest';
import { isTransient, isUnavailable, isUnmigrated, reasonOf } from '../../../src/platform/pg-errors.ts';

const withCode = (code: string) => Object.assign(new Error('from the driver'), { code });

describe('errors of PostgreSQL', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    '57P01',
    '57P03',
    '53300',
    '53100',
    '08006',
    '57014',
  ])('%s means that it is away', (code) => {
    expect(isUnavailable(withCode(code))).toBe(true);
    expect(isTransient(withCode(code))).toBe(true);
  });

  it.each(['40001', '40P01', '55P03'])('%s may succeed when run again, but the server is there', (code) => {
    expect(isUnavailable(withCode(code))).toBe(false);
    expect(isTransient(withCode(code))).toBe(true);
  });

  it.each(['23505', '22P05', '42P01', '28P01', '3D000', 'ENOENT'])('%s is neither', (code) => {
    expect(isTransient(withCode(code))).toBe(false);
  });

  it.each(['42P01', '42703', '42883', '3F000'])('%s lacks a migration', (code) => {
    expect(isUnmigrated(new Error('Failed query', { cause: withCode(code) }))).toBe(true);
    expect(isUnavailable(withCode(code))).toBe(false);
  });

  it("looks into what a query builder wraps and into a host's several addresses", () => {
    expect(isUnavailable(new Error('Failed query', { cause: withCode('57P01') }))).toBe(true);
    expect(isUnavailable(new AggregateError([withCode('ECONNREFUSED')]))).toBe(true);
    const endless = new Error('endless');
    endless.cause = endless;
    expect(isUnavailable(endless)).toBe(false);
  });

  it("knows the driver's errors that have no code, and no others", () => {
    expect(isUnavailable(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isUnavailable(new Error('timeout exceeded when trying to connect'))).toBe(true);
    expect(isUnavailable(new Error('nothing of the kind'))).toBe(false);
    expect(isUnavailable('ECONNREFUSED')).toBe(false);
  });

  it('has words for an error without a message', () => {
    expect(reasonOf(new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')], ''))).toBe(
      'connect ECONNREFUSED 127.0.0.1:1',
    );
    expect(reasonOf(new Error(''))).toBe('Error');
  });
});
