import { deepStrictEqual, doesNotMatch, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import type { RequestTemplate } from '../../src/contract/command.ts';
import type { TokenValue } from '../../src/contract/tokens.ts';
import { type RenderedRequest, renderRequest } from '../../src/tokens/render.ts';
import { compiled, lookup, names, post, typed } from '../unit/tokens/requests.ts';
import { hostileText, property } from './property.ts';

/*
 * For every value: either the request is refused, or what surrounds the value is read as it stands in the template and
 * the value is read back as it was given.
 */
function place(where: string, template: RequestTemplate, check: (sent: RenderedRequest, a: string, b: string) => void) {
  const request = compiled(template, names({ tokens: ['A', 'B'] }));
  // A property that nothing is taken for holds nothing.
  ok(renderRequest(request, lookup({ A: 'a', B: 'b' })).ok);
  return property(`contract §5: no value breaks out of ${where}`, [hostileText, hostileText], (a, b) => {
    const rendering = renderRequest(request, lookup({ A: a, B: b }));
    if (rendering.ok) check(rendering.request, a, b);
    else equal(rendering.code, 'render-failed');
  });
}

function xml(text: string): unknown[] {
  const events: unknown[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => events.push(['open', name, { ...attributes }]));
  parser.on('closetag', ({ name }) => events.push(['close', name]));
  parser.on('text', (found) => events.push(['text', found]));
  parser.write(text).close();
  return events;
}

const texts = (text: string) => (text === '' ? [] : [['text', text]]);

const jsonRequest = compiled(typed('application/json', '{"a":{{A}},"b":[{{B}}]}'), names({ tokens: ['A', 'B'] }));
const hostRequest = compiled(post({ url: 'https://{{host}}.example.com/p?q' }), names({ variables: ['host'] }));
const anyValue: fc.Arbitrary<TokenValue> = fc.oneof(fc.jsonValue() as fc.Arbitrary<TokenValue>, hostileText);
const read = (given: TokenValue) => JSON.parse(typeof given === 'string' ? given : JSON.stringify(given));

export const places = [
  place('a URL path', post({ url: 'https://api.example.com/a/{{A}}/b-{{B}}/c?d=e' }), ({ url }, a, b) => {
    const parsed = new URL(url);
    equal(parsed.href, url);
    deepStrictEqual([parsed.origin, parsed.search, parsed.hash], ['https://api.example.com', '?d=e', '']);
    deepStrictEqual(parsed.pathname.split('/').map(decodeURIComponent), ['', 'a', a, `b-${b}`, 'c']);
  }),
  place('a URL query', post({ url: 'https://api.example.com/p?x={{A}}&{{B}}=y&z' }), ({ url }, a, b) => {
    const parsed = new URL(url);
    equal(parsed.href, url);
    deepStrictEqual([parsed.origin, parsed.pathname, parsed.hash], ['https://api.example.com', '/p', '']);
    deepStrictEqual(
      [...parsed.searchParams],
      [
        ['x', a],
        [b, 'y'],
        ['z', ''],
      ],
    );
  }),
  place('a header', post({ headers: [{ key: 'X-A', value: 'a {{A}};{{B}}' }] }), ({ headers }, a, b) => {
    const sent = headers[0]?.value ?? '';
    equal(sent, `a ${a};${b}`);
    equal(Buffer.from(sent, 'latin1').toString('latin1'), sent);
    doesNotMatch(sent, /(?!\t)\p{Cc}/u);
  }),
  place('a JSON string', typed('application/json', '{"a":"x{{A}}y","k{{B}}":[1]}'), ({ body }, a, b) => {
    deepStrictEqual(Object.entries(JSON.parse(body ?? '')), [
      ['a', `x${a}y`],
      [`k${b}`, [1]],
    ]);
  }),
  property('contract §5: no value breaks out of a JSON value', [anyValue, anyValue], (a, b) => {
    const rendering = renderRequest(jsonRequest, lookup({ A: a, B: b }));
    if (!rendering.ok) return;
    deepStrictEqual(JSON.parse(rendering.request.body ?? ''), { a: read(a), b: [read(b)] });
  }),
  place('a form', typed('application/x-www-form-urlencoded', 'x={{A}}&{{B}}=y&z=1'), ({ body }, a, b) => {
    deepStrictEqual(
      [...new URLSearchParams(body)],
      [
        ['x', a],
        [b, 'y'],
        ['z', '1'],
      ],
    );
  }),
  place("an XML element's text", typed('application/xml', '<r><a>{{A}}</a><b>{{B}}!</b></r>'), ({ body }, a, b) => {
    deepStrictEqual(xml(body ?? ''), [
      ['open', 'r', {}],
      ['open', 'a', {}],
      ...texts(a),
      ['close', 'a'],
      ['open', 'b', {}],
      ...texts(`${b}!`),
      ['close', 'b'],
      ['close', 'r'],
    ]);
  }),
  place('an XML attribute', typed('application/xml', '<a b="{{A}}" c=\'{{B}}\'/>'), ({ body }, a, b) => {
    deepStrictEqual(xml(body ?? ''), [
      ['open', 'a', { b: a, c: b }],
      ['close', 'a'],
    ]);
  }),
  place('a plain body', post({ body: 'Hello {{A}}{{B}}' }), ({ body }, a, b) => {
    equal(Buffer.from(body ?? '').toString(), `Hello ${a}${b}`);
  }),
  property('contract §5: a variable in a host is one host or refused', [hostileText], (host) => {
    const rendering = renderRequest(hostRequest, lookup({ host }));
    if (!rendering.ok) return;
    const parsed = new URL(rendering.request.url);
    ok(parsed.hostname.endsWith('.example.com'));
    deepStrictEqual([parsed.pathname, parsed.search, parsed.hash, parsed.username], ['/p', '?q', '', '']);
  }),
];
