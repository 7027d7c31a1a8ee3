import { describe, expect, test } from 'vitest';
import type { RequestTemplate } from '../../../src/contract/command.ts';
import type { TokenValue } from '../../../src/contract/tokens.ts';
import { names, post, rendered, typed } from './requests.ts';

const available = names({ tokens: ['A', 'B'], variables: ['base', 'host', 'scheme', 'port'], secrets: ['key'] });
type Values = Record<string, TokenValue>;

function urlOf(url: string, values: Values): string {
  const rendering = rendered(post({ url }), available, values);
  if (!rendering.ok) throw new Error(rendering.message);
  return rendering.request.url;
}

describe('contract §5: the finished URL', () => {
  test.each<[string, Values, string]>([
    ['https://API.example.com:443', {}, 'https://api.example.com/'],
    ['https://api.example.com?q={{A}}', { A: '1' }, 'https://api.example.com/?q=1'],
    ['https://api.example.com/x?', {}, 'https://api.example.com/x?'],
    ["https://api.example.com/straße/a b'?q=ü'|", {}, 'https://api.example.com/stra%C3%9Fe/a%20b%27?q=%C3%BC%27|'],
    ['https://api.example.com/\\{{A}}', {}, 'https://api.example.com/%7B%7BA%7D%7D'],
    [
      'https://api.example.com/{{A}}?q={{A}}',
      { A: "~!'()*|^" },
      'https://api.example.com/~%21%27%28%29%2A%7C%5E?q=~%21%27%28%29%2A%7C%5E',
    ],
    ['https://api.example.com/{{A}}', { A: true }, 'https://api.example.com/true'],
    ['https://api.example.com/{{A}}/{{B}}', { A: '', B: 12.5 }, 'https://api.example.com//12.5'],
    ['https://api.example.com/..{{A}}', { A: 'x' }, 'https://api.example.com/..x'],
    [
      '{{base}}/x/{{A}}',
      { base: 'https://api.example.com:8443/v1', A: 'a/b' },
      'https://api.example.com:8443/v1/x/a%2Fb',
    ],
    ['{{base}}?q={{A}}', { base: 'http://api.example.com', A: '&' }, 'http://api.example.com/?q=%26'],
    ['{{base}}', { base: 'https://api.example.com/hook?key=1' }, 'https://api.example.com/hook?key=1'],
    [
      '{{scheme}}://{{host}}:{{port}}/',
      { scheme: 'http', host: 'api.example.com', port: '8080' },
      'http://api.example.com:8080/',
    ],
    ['https://{{host}}/{{A}}', { host: '[::1]:81', A: '1' }, 'https://[::1]:81/1'],
  ])('%s with %j', (url, values, wanted) => {
    expect(urlOf(url, values)).toBe(wanted);
    expect(new URL(wanted).href).toBe(wanted);
  });

  test.each<[string, Values, RegExp]>([
    ['https://api.example.com/{{A}}/x', { A: '..' }, /\{\{A\}\} would make a path segment/],
    ['https://api.example.com/{{B}}/{{A}}/x', { A: '..', B: 'b' }, /^The value of \{\{A\}\} would make a path segment/],
    ['https://api.example.com/%2e{{A}}/x', { A: '.' }, /path segment/],
    ['https://api.example.com/.{{A}}', { A: '' }, /path segment/],
    ['https://api.example.com/{{A}}', { A: '\ud800' }, /half of a surrogate pair/],
    ['https://api.example.com/{{A}}', { A: null }, /is null, which has a place only in a JSON body/],
    ['https://api.example.com/{{A}}', { A: ['x'] }, /is an array/],
    ['https://{{host}}/x', { host: 'evil.example/' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: 'a@evil.example' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: 'a?b' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: 'a#b' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: 'a\\b' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: 'a b' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: '' }, /is not a host name or port/],
    ['https://{{host}}/x', { host: 'a／b' }, /finished URL is not valid/],
    ['https://a.example:{{port}}/x', { port: '99999' }, /finished URL is not valid/],
    ['{{scheme}}://a.example/', { scheme: 'file' }, /not "http" or "https"/],
    ['{{base}}/x', { base: 'api.example.com' }, /is not a base URL/],
    ['{{base}}/x', { base: 'javascript:alert(1)' }, /is not a base URL/],
    ['{{base}}/x', { base: 'https://me:pw@api.example.com' }, /is not a base URL/],
    ['{{base}}/x', { base: 'https://api.example.com/#' }, /is not a base URL/],
    ['{{base}}/x', { base: 'https://api.example.com/a/../b' }, /another path or query/],
    ['{{base}}/x', { base: 'https://api.example.com?q=' }, /has a query/],
  ])('%s with %j is refused', (url, values, message) => {
    const rendering = rendered(post({ url }), available, values);
    expect(rendering).toEqual({
      ok: false,
      code: 'render-failed',
      message: expect.stringMatching(message),
      where: 'request.url',
    });
  });
});

describe('contract §5: values in their places', () => {
  const json = (body: string) => typed('application/json', body);
  const body = (template: RequestTemplate, values: Values) => {
    const rendering = rendered(template, available, values);
    return rendering.ok ? rendering.request.body : rendering.message;
  };

  test.each<[string, TokenValue, string]>([
    ['a number', 12.5, '[12.5]'],
    ['a boolean', true, '[true]'],
    ['null', null, '[null]'],
    ['an object', { a: ['"', { b: null }] }, '[{"a":["\\"",{"b":null}]}]'],
    ['a number as a string, digit by digit', '12.50', '[12.50]'],
    ['null as a string', 'null', '[null]'],
    ['an exponent', '-1.5E+3', '[-1.5E+3]'],
  ])('JSON outside of strings: %s', (_what, value, wanted) => {
    expect(body(json('[{{A}}]'), { A: value })).toBe(wanted);
  });

  test.each<TokenValue>([
    'abc',
    '01',
    '1 ',
    '[1]',
    '{}',
    'NaN',
    '-',
    Number.NaN,
  ])('JSON outside of strings refuses %j', (value) => {
    expect(rendered(json('[{{A}}]'), available, { A: value })).toMatchObject({ ok: false, code: 'render-failed' });
  });

  test('an object has no place in a JSON string, and the message does not hold it', () => {
    const message = body(json('["{{A}}"]'), { A: { secretive: 'value' } });
    expect(message).toContain('{{A}} is an object, which has a place only in a JSON body, outside of quotes');
    expect(message).not.toContain('secretive');
  });

  test.each(['\r', '\n', '\u0000', '\u0080', '\u0085', '\u009f', '\u0100', '€'])('a header refuses %j', (value) => {
    const template = post({ headers: [{ key: 'X-A', value: '{{A}}' }] });
    expect(rendered(template, available, { A: `a${value}b` })).toMatchObject({
      ok: false,
      code: 'render-failed',
      where: 'request.headers.0.value',
    });
  });

  test('a header takes tab and all of Latin-1 that can be seen', () => {
    const template = post({ headers: [{ key: 'X-A', value: '{{A}}' }] });
    expect(rendered(template, available, { A: '\t ~\u00a0ÿ' })).toMatchObject({
      ok: true,
      request: { headers: [{ key: 'X-A', value: '\t ~\u00a0ÿ' }] },
    });
  });

  test('a token in an XML attribute after ">" is still in the attribute', () => {
    const template = typed('application/xml', '<a b=">{{A}}">{{B}}</a>');
    expect(body(template, { A: '\n"', B: '\n"' })).toBe('<a b=">&#10;&quot;">\n&quot;</a>');
  });

  test('a GET has no body', () => {
    expect(rendered({ method: 'GET', url: 'https://x.example/', body: '' }, available, {})).toMatchObject({
      ok: true,
      request: { method: 'GET', headers: [], body: undefined },
    });
  });
});

test('contract §5: a token without a value is token-missing, and nothing else is said', () => {
  const template = post({ headers: [{ key: 'X-A', value: 'a{{A}}' }] });
  expect(rendered(template, available, {})).toEqual({
    ok: false,
    code: 'token-missing',
    message: '{{A}} has no value; request.headers.0.value needs one.',
    where: 'request.headers.0.value',
  });
});

describe('contract §5: masked rendering', () => {
  const masked = (name: string) => name === 'key' || name === 'base' || name === 'B';

  test('writes *** in every place, and does not ask for the value', () => {
    const template: RequestTemplate = {
      method: 'POST',
      url: 'https://api.example.com/{{key}}/{{A}}?b={{B}}',
      headers: [
        { key: 'Authorization', value: 'Bearer {{key}}' },
        { key: 'Content-Type', value: 'application/json' },
      ],
      body: '{"k":"{{key}}","v":{{B}},"a":{{A}}}',
    };
    const rendering = rendered(template, available, { A: 1 }, { masked });
    expect(rendering).toMatchObject({
      ok: true,
      request: {
        url: 'https://api.example.com/***/1?b=***',
        headers: [{ value: 'Bearer ***' }, {}],
        body: '{"k":"***","v":"***","a":1}',
      },
    });
  });

  test('a masked base URL is not checked', () => {
    const rendering = rendered(post({ url: '{{base}}/x/{{A}}' }), available, { A: '?' }, { masked });
    expect(rendering).toMatchObject({ ok: true, request: { url: '***/x/%3F' } });
  });
});

test('contract §5: a part of a request that values make too long is not rendered', () => {
  const body = '{{A}}'.repeat(129);
  const template = post({ headers: [{ key: 'Content-Type', value: 'text/plain' }], body });
  expect(rendered(template, available, { A: 'x'.repeat(65_536) })).toMatchObject({
    ok: false,
    code: 'render-failed',
    where: 'request.body',
    message: 'request.body would be longer than 8,388,608 characters.',
  });
  expect(rendered(template, available, { A: 'x'.repeat(65_000) })).toMatchObject({ ok: true });
});
