import { describe, expect, it } from 'vitest';
import { redirectHeaders, redirectTarget } from '../../../src/sending/redirect.ts';

const from = new URL('https://api.example.com/a/b?c=d');
const target = (location: string | string[], { method = 'GET', status = 302, base = from } = {}) =>
  redirectTarget(
    base,
    method,
    status,
    [location].flat().map((value) => ({ key: 'LOCATION', value })),
  )?.href;

describe('contract §6: redirectTarget', () => {
  it('resolves relative locations', () => {
    expect(target('e')).toBe('https://api.example.com/a/e');
    expect(target('/e?f=g')).toBe('https://api.example.com/e?f=g');
    expect(target('//other.example/x')).toBe('https://other.example/x');
  });

  it.each([301, 302, 303, 307, 308])('follows %d of GET and HEAD only', (status) => {
    expect(target('/x', { status })).toBeDefined();
    expect(target('/x', { status, method: 'HEAD' })).toBeDefined();
    expect(target('/x', { status, method: 'POST' })).toBeUndefined();
  });

  it.each([200, 300, 304, 305, 306])('does not follow %d', (status) => {
    expect(target('/x', { status })).toBeUndefined();
  });

  it.each([
    '',
    'ftp://x.example/',
    'javascript:alert(1)',
    'http://[',
    'https://u:p@x.example/',
  ])('not to "%s"', (to) => {
    expect(target(to)).toBeUndefined();
  });

  it('not from https to http, but from http to https', () => {
    expect(target('http://api.example.com/')).toBeUndefined();
    expect(target('https://x.example/', { base: new URL('http://x.example/') })).toBe('https://x.example/');
  });

  it('not where two locations disagree', () => {
    expect(target(['/a', '/b'])).toBeUndefined();
    expect(target(['/a', '/a'])).toBe('https://api.example.com/a');
  });
});

describe('contract §6: redirectHeaders', () => {
  const headers = ['Accept', 'accept-language', 'User-Agent', 'Authorization', 'X-Api-Key', 'Accept-Encoding'].map(
    (key) => ({ key, value: '1' }),
  );
  const kept = (to: string) => redirectHeaders(from, new URL(to), headers).map(({ key }) => key);

  it('keeps all within the origin', () => {
    expect(kept('https://api.example.com:443/other')).toHaveLength(6);
  });

  it.each([
    'https://example.com/',
    'https://api.example.com:8443/',
    'http://api.example.com/',
  ])('keeps the harmless ones to %s', (to) => {
    expect(kept(to)).toEqual(['Accept', 'accept-language', 'User-Agent']);
  });
});
