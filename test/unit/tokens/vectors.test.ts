import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import type { RequestTemplate } from '../../../src/contract/command.ts';
import type { TokenValue } from '../../../src/contract/tokens.ts';
import { compileRequest } from '../../../src/tokens/compile.ts';
import type { RenderedRequest } from '../../../src/tokens/render.ts';
import { names, post, rendered, typed } from './requests.ts';
import vectors from './vectors/rendering.json' with { type: 'json' };

type Vector = {
  context: string;
  template: string;
  tokens: Record<string, TokenValue>;
  expect: { rendered?: string; error?: string };
  compare?: string;
  why: string;
};

/** The request that puts a vector's template into its place, and how to read the rendered place back. */
const places: Record<string, { request: (text: string) => RequestTemplate; read: (sent: RenderedRequest) => string }> =
  {
    'url-path': { request: (url) => post({ url }), read: ({ url }) => url },
    'url-query': { request: (url) => post({ url }), read: ({ url }) => url },
    header: {
      request: (value) => post({ headers: [{ key: 'X-Value', value }] }),
      read: ({ headers }) => headers[0]?.value ?? '',
    },
    'json-string': { request: (body) => typed('application/json', body), read: ({ body }) => body ?? '' },
    'json-value': { request: (body) => typed('application/json', body), read: ({ body }) => body ?? '' },
    form: { request: (body) => typed('application/x-www-form-urlencoded', body), read: ({ body }) => body ?? '' },
    xml: { request: (body) => typed('application/xml', body), read: ({ body }) => body ?? '' },
    text: { request: (body) => post({ body }), read: ({ body }) => body ?? '' },
  };

/** The vectors' names of errors, as our messages say them. */
const reasons: Record<string, RegExp> = {
  'dot-segment': /path segment "\." or "\.\."/,
  'header-invalid-char': /line break, another control character or one outside of Latin-1/,
  'json-invalid-value': /not a JSON number, true, false or null: put quotes around the token/,
  'xml-invalid-char': /XML 1\.0 forbids/,
  'unknown-token': /is not available here/,
};

function parsed(text: string, compare: string | undefined): unknown {
  switch (compare) {
    case undefined:
      return text;
    case 'json':
      return JSON.parse(text);
    case 'form':
      return [...new URLSearchParams(text)];
    case 'xml':
      return xmlEvents(text);
    default:
      throw new Error(`unknown comparison ${compare}`);
  }
}

function xmlEvents(text: string): unknown[] {
  const events: unknown[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => events.push(name, attributes));
  parser.on('text', (found) => events.push(found));
  parser.write(text).close();
  return events;
}

test.each(
  (vectors as Vector[]).map((vector, index) => ({ ...vector, index })),
)('contract §5: vector $index: $why', (vector) => {
  const place = places[vector.context];
  if (place === undefined) throw new Error(`no place for ${vector.context}`);
  const template = place.request(vector.template);
  const available = names({ tokens: Object.keys(vector.tokens) });
  const { rendered: wanted, error } = vector.expect;

  if (error === 'unknown-token') {
    const compilation = compileRequest(template, available);
    expect(compilation).toMatchObject({
      ok: false,
      errors: [{ message: expect.stringMatching(reasons[error] ?? /^$/) }],
    });
    return;
  }
  const rendering = rendered(template, available, vector.tokens);
  if (wanted === undefined) {
    const message = expect.stringMatching(reasons[error ?? ''] ?? /^$/);
    expect(rendering).toMatchObject({ ok: false, code: 'render-failed', message });
    return;
  }
  if (!rendering.ok) throw new Error(rendering.message);
  const text = place.read(rendering.request);
  expect(parsed(text, vector.compare)).toEqual(parsed(wanted, vector.compare));
});
