import { describe, expect, it } from 'vitest';
import { redirectHeaders, redirectTarget } from '../../../src/sending/redirect.ts';

const from = new URL('https://api.example.com/a/b?c=d');
type Asked = { method?: string; status?: number; base?: URL };
function asked(location: string | string[], { method = 'GET', status = 302, base = from }: Asked) {
  const headers = [location].flat().map((value) => ({ key: 'LOCATION', value }));
  return redirectTarget(base, method, status, headers);
}
function target(location: string | string[], options: Asked = {}) {
  const to = asked(location, options);
  return to instanceof URL ? to.href : undefined;
}
function whyNot(location: string | string[], options: Asked = {}) {
  const to = asked(location, options);
  return to instanceof URL ? undefined : to?.notFollowed;
}

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
    ['', 'does not say where to'],
    ['ftp://x.example/', 'neither an http nor an https URL'],
    ['javascript:alert(1)', 'neither an http nor an https URL'],
    ['http://[', 'not a valid URL'],
    ['http://u:p@x.example/', 'user name or password'],
    ['http://api.example.com/', 'from https to http'],
  ])('not to "%s": %s', (to, reason) => {
    expect(target(to)).toBeUndefined();
    expect(whyNot(to)).toContain(reason);
    expect(whyNot(to, { status: 200 })).toBeUndefined();
  });

  it('says that it does not follow other methods, nor two places at once', () => {
    expect(whyNot('/x', { method: 'POST' })).toContain('for GET and HEAD only');
    expect(whyNot(['/a', '/b'])).toContain('several places');
    expect(whyNot([])).toContain('does not say where to');
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
