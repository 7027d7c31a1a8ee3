import { describe, expect, it } from 'vitest';
import { atNextPage } from '../../../src/invocations/source.ts';

const first = {
  ok: true as const,
  request: { method: 'GET' as const, url: 'https://api.example.com/v1/list?since=x', headers: [], body: undefined },
};
const at = (next: unknown, uses: string[] = []) => atNextPage(first, { uses }, next as string);
const url = (next: unknown) => {
  const rendered = at(next);
  return rendered.ok ? rendered.request.url : rendered.message;
};

describe('the next page of a source (contract §5)', () => {
  it.each([
    ['https://api.example.com/v1/list?page=2', 'https://api.example.com/v1/list?page=2'],
    ['/v2/list?page=2', 'https://api.example.com/v2/list?page=2'],
    ['?page=2', 'https://api.example.com/v1/list?page=2'],
    ['list?page=2#top', 'https://api.example.com/v1/list?page=2'],
    ['//api.example.com/list', 'https://api.example.com/list'],
  ])('%s is asked for on the same server', (next, expected) => expect(url(next)).toBe(expected));

  it.each([
    'https://evil.example/list',
    'http://api.example.com/v1/list',
    'https://api.example.com:8443/list',
    '//evil.example/list',
    '\\\\evil.example/list',
    'javascript:alert(1)',
  ])('%s is not asked for', (next) => {
    expect(at(next)).toMatchObject({ ok: false, code: 'render-failed', where: 'request.url' });
    expect(url(next)).toContain('lies on another server');
  });

  it('holds no user and password', () => {
    expect(url('https://user:password@api.example.com/list')).toContain('holds user:password@');
  });

  it('is left to the command where that has a place for it', () => {
    expect(at('https://evil.example/', ['errand.next'])).toBe(first);
    for (const next of ['', undefined]) expect(at(next)).toBe(first);
  });
});
