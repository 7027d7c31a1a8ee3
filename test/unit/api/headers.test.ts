import { describe, expect, it } from 'vitest';
import { acceptsJson } from '../../../src/api/accept-header.ts';
import { preferredWait } from '../../../src/api/prefer.ts';

describe('contract §3: Prefer: wait', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['wait=10', 10],
    ['Wait = "10"', 10],
    ['wait=0', 0],
    ['wait=61', 60],
    ['wait=999999999', 60],
    ['respond-async, wait=10', 10],
    ['respond-async; foo="a,b;wait=3", wait=10; x', 10],
    ['wait=10, wait=20', 10],
    [['respond-async', 'wait=7'], 7],
    ['foo="bar\\", wait=3", wait=4', 4],
  ])('%j is %j', (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds);
  });

  it.each([
    'wait',
    'wait=',
    'wait=-1',
    'wait=1.5',
    'wait=abc',
    'wait=10s',
    'wait="10',
    'waiting=10',
    '=10',
    ';;,,=',
  ])('what makes no sense is ignored: %s', (header) => {
    expect(preferredWait(header)).toBeNull();
  });
});

describe('contract §3: Accept', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/*',
    'text/html, */*;q=0.8',
    'application/pdf, application/json;q=0.1',
    'application/problem+json',
  ])('takes JSON: %j', (accept) => {
    expect(acceptsJson(accept)).toBe(true);
  });

  it.each([
    'application/pdf',
    'image/*',
    'application/octet-stream, image/png',
    'application/pdf, application/json;q=0',
    'application/pdf, */*; q=0.000',
    'text/json-ish',
    'application/jsonx',
    'text/plain;x="a,application/json"',
  ])('takes none: %j', (accept) => {
    expect(acceptsJson(accept)).toBe(false);
  });
});
