import { describe, expect, test } from 'vitest';
import type { RequestTemplate } from '../../../src/contract/command.ts';
import { missingTokens } from '../../../src/tokens/compile.ts';
import { compiled, names, post, refusals, typed } from './requests.ts';

const available = names({ tokens: ['A', 'B'], variables: ['base', 'host', 'scheme'], secrets: ['key'] });

const url = (text: string) => post({ url: text });
const header = (value: string) => post({ headers: [{ key: 'X-H', value }] });
const json = (body: string) => typed('application/json', body);
const xml = (body: string) => typed('text/xml; charset=utf-8', body);

describe('contract §5: what is refused when a command is saved', () => {
  test.each<[string, RequestTemplate, RegExp]>([
    ['no scheme', url('api.example.com/x'), /^request\.url: must begin with http/],
    ['another scheme', url('ftp://api.example.com/x'), /must begin with http/],
    ['no host', url('https:///x'), /has no host/],
    ['a bad port', url('https://api.example.com:99999/x'), /is not a URL: look at its host and port/],
    ['a fragment', url('https://api.example.com/x#y'), /must not have a fragment/],
    ['user and password', url('https://me:pw@api.example.com/'), /user:password@/],
    ['a backslash', url('https://api.example.com\\x'), /backslash/],
    ['a line break', url('https://api.example.com/\nx'), /line break/],
    ['a space at the end', url('https://api.example.com/ '), /begin or end with a space/],
    ['a dot segment', url('https://api.example.com/a/../{{A}}'), /path segment "\." or "\.\."/],
    ['an encoded dot segment', url('https://api.example.com/a/%2E./{{A}}'), /path segment "\." or "\.\."/],
    ['a token in the host', url('https://{{A}}.example.com/'), /only variables and secrets/],
    ['a token in the port', url('https://api.example.com:{{A}}/'), /only variables and secrets/],
    ['a token in the scheme', url('http{{A}}://api.example.com/'), /^request\.url: /],
    ['a token at the start', url('{{A}}/x'), /only variables and secrets/],
    ['an errand token in the host', url('https://{{errand.attempt}}.example.com/'), /only variables and secrets/],
    ['a token right after a base URL', url('{{base}}{{A}}'), /only variables and secrets/],
    ['an unfinished escape', url('https://api.example.com/%{{A}}'), /unfinished percent escape before `{{A}}`/],
    ['half an escape', url('https://api.example.com/?q=%2{{A}}'), /unfinished percent escape/],
    ['an unclosed token', url('https://api.example.com/{{A'), /never closed.*character 25/],
    ['half a character', url('https://api.example.com/\ud800'), /surrogate/],
    ['a header outside of Latin-1', header('€'), /^request\.headers\.0\.value: must hold only Latin-1/],
    ['a header with a line break', header('a\r\nb'), /must hold only Latin-1/],
    ['JSON that is none', json('{"a":}'), /^request\.body: is not valid JSON around its tokens: unexpected token '}'/],
    ['JSON with a missing comma', json('{"a":{{A}}\n "b":1}'), /from line 2, character 2 on/],
    ['JSON that ends early', json('{"a":{{A}}'), /is not valid JSON around its tokens/],
    ['a token that touches a number', json('{"a":1{{A}}}'), /is not valid JSON/],
    ['two tokens in a row', json('[{{A}}{{B}}]'), /is not valid JSON/],
    ['a token for a member name', json('{ {{A}}:1}'), /is not valid JSON/],
    ['an escape that runs into a token', json('{"a":"\\u00{{A}}"}'), /is not valid JSON/],
    ['an errand text outside of quotes', json('[{{errand.now}}]'), /`\{\{errand\.now\}\}` outside of quotes/],
    ['a token in an XML tag', xml('<{{A}}/>'), /in a tag, outside of quotes/],
    ['a token for an attribute without quotes', xml('<a b={{A}}/>'), /in a tag, outside of quotes/],
    ['a token in a comment', xml('<a><!-- {{A}} --></a>'), /in a comment/],
    ['a token in CDATA', xml('<a><![CDATA[{{A}}]]></a>'), /in a CDATA section/],
    ['a token in a processing instruction', xml('<?go {{A}}?><a/>'), /in a processing instruction/],
    ['a token in a DOCTYPE', xml('<!DOCTYPE a [<!ENTITY e "{{A}}">]><a/>'), /in a declaration/],
    ['a token in a reference', xml('<a>&{{A}};</a>'), /unfinished "&"/],
    ['XML in another encoding', xml('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'), /sends bodies as UTF-8/],
    ['a charset but UTF-8', typed('text/plain; charset=latin1', 'x'), /is sent as UTF-8/],
    [
      'an unfinished escape in a form',
      typed('application/x-www-form-urlencoded', 'a=%4{{A}}'),
      /unfinished percent escape/,
    ],
    ['JSON without a type', post({ body: '{"a":"{{A}}"}' }), /add the header Content-Type: application\/json/],
    ['XML without a type', post({ body: '<a>{{A}}</a>' }), /add the header Content-Type: application\/xml/],
    ['a form without a type', post({ body: 'a={{A}}&b=1' }), /Content-Type: application\/x-www-form-urlencoded/],
    [
      'a type with a token',
      typed('application/{{A}}', '{{B}}'),
      /^request\.headers\.0\.value: must hold no token while the body does/,
    ],
  ])('%s', (_what, template, message) => {
    expect(refusals(template, available)).toEqual([expect.stringMatching(message)]);
  });

  test('every error is named at once, each with its path', () => {
    const template = post({ url: 'https://x.example/{{X}}#f', headers: [{ key: 'H', value: '{{' }], body: '{{}}' });
    expect(refusals(template, available).map((text) => text.split(':')[0])).toEqual([
      'request.url',
      'request.headers.0.value',
      'request.body',
    ]);
  });
});

describe('contract §5: what is taken', () => {
  test.each<[string, RequestTemplate]>([
    ['literals only', url('https://api.example.com/a/b?c=d')],
    ['an IPv6 host', url('http://[::1]:8080/{{A}}')],
    ['a base URL variable', url('{{base}}/x/{{A}}?q={{B}}')],
    ['a base URL and a query', url('{{base}}?q={{B}}')],
    ['scheme and host of variables', url('{{scheme}}://{{host}}/{{A}}')],
    ['a path that only looks like dots', url('https://api.example.com/...{{A}}/..a')],
    ['characters that URLs encode', url("https://api.example.com/straße/a b'<>?q=ü'")],
    ['JSON without tokens', json('{"a":[1,"{{A}}"]}')],
    ['a JSON string with escapes', json('{"a\\"b":"\\\\n {{A}} \\n"}')],
    ['the attempt as a JSON number', json('[{{errand.attempt}}]')],
    ['JSON of one token', json('{{A}}')],
    ['a +json type', typed('application/vnd.x+json; charset=UTF-8', '{"a":{{A}}}')],
    [
      'XML of every kind',
      xml(
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e ">">]><!-- > --><a b=">{{A}}" c=\'{{B}}\'>&amp;{{A}}<![CDATA[<]]>{{B}}</a>',
      ),
    ],
    ['plain text without a type', post({ body: 'Hello {{A}} = {{B}}!' })],
    ['JSON as text/plain', typed('text/plain', '{"a":"{{A}}"}')],
    ['a type with a token, a body without', typed('text/{{A}}', 'hello')],
  ])('%s', (_what, template) => {
    expect(refusals(template, available)).toEqual([]);
  });
});

test('contract §5: missingTokens names what nobody has a value for, but never an errand token', () => {
  const request = compiled(url('{{base}}/{{A}}/{{B}}?n={{errand.now}}'), available);
  expect(missingTokens(request, (name) => name === 'A')).toEqual(['base', 'B']);
});
