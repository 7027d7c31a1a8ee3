import { describe, expect, it } from 'vitest';
import { usedTokens } from '../../../src/tokens/used.ts';
import { names } from './requests.ts';

const available = names({ tokens: ['InvoiceNumber'], variables: ['base', 'companyId'], secrets: ['apiKey'] });

/** Each token as it is written, with its path and what is said of it. */
function used(request: unknown) {
  const texts = new Map<string, unknown>();
  const { url, headers, body } = (request ?? {}) as { url?: string; headers?: { value?: string }[]; body?: string };
  texts.set('request.url', url).set('request.body', body);
  for (const [at, header] of (headers ?? []).entries()) texts.set(`request.headers.${at}.value`, header?.value);
  return usedTokens({ request }, available).map(({ path, start, end, name, from, encoding, suggestions }) => {
    const written = String(texts.get(path)).slice(start, end);
    expect(written.slice(2, -2).trim()).toBe(name);
    return [path, written, from, encoding, ...(suggestions.length === 0 ? [] : [suggestions])];
  });
}

const typed = (type: string, body: string) =>
  used({ headers: [{ key: 'content-type', value: type }], body }).map(([, written, , encoding]) => [written, encoding]);

describe('contract §5: the tokens that a draft uses', () => {
  it('are told where they stand, whose they are and how their values are written there', () => {
    const request = {
      url: '{{base}}/é😀/{{ companyId }}/{{InvoiceNumber}}?now={{errand.now}}',
      headers: [
        { key: 'X-Key', value: 'k {{apiKey}}' },
        { key: 'Content-Type', value: 'application/json' },
      ],
      body: '{"a":"x\\"{{InvoiceNumber}}","n":{{errand.attempt}}}',
    };
    expect(used(request)).toEqual([
      ['request.url', '{{base}}', 'variable', 'url-base'],
      ['request.url', '{{ companyId }}', 'variable', 'url-path'],
      ['request.url', '{{InvoiceNumber}}', 'command-type', 'url-path'],
      ['request.url', '{{errand.now}}', 'errand', 'url-query'],
      ['request.headers.0.value', '{{apiKey}}', 'secret', 'header'],
      ['request.body', '{{InvoiceNumber}}', 'command-type', 'json-string'],
      ['request.body', '{{errand.attempt}}', 'errand', 'json-value'],
    ]);
  });

  it('come with what was probably meant', () => {
    expect(used({ url: 'https://a.example/{{invoiceNumber}}/{{Zzzzzzz}}' })).toEqual([
      ['request.url', '{{invoiceNumber}}', null, 'url-path', ['InvoiceNumber']],
      ['request.url', '{{Zzzzzzz}}', null, 'url-path'],
    ]);
  });

  it.each([
    ['an unclosed token after it', '{{InvoiceNumber}} {{Inv', ['{{InvoiceNumber}}']],
    ['an unclosed token before it', '{{Inv {{InvoiceNumber}}', ['{{InvoiceNumber}}']],
    ['an empty token beside it', '{{}}{{InvoiceNumber}}{{ }}', ['{{InvoiceNumber}}']],
    ['a brace in a name beside it', '{{a}b}} {{InvoiceNumber}}', ['{{InvoiceNumber}}']],
    ['a brace that touches it', '{{{InvoiceNumber}}', ['{{InvoiceNumber}}']],
    ['braces that stand for themselves', '\\{{InvoiceNumber}} {{x \\{{base}}', []],
  ])('are found with %s', (_, body, expected) => {
    expect(used({ body }).map(([, written]) => written)).toEqual(expected);
    expect(typed('application/json', `{"a":"${body}"`).map(([written]) => written)).toEqual(expected);
  });

  it('are written as the body is, whatever else is wrong with it', () => {
    const token = '{{InvoiceNumber}}';
    expect(typed('application/vnd.x+json', `{"a":"{{Inv ${token}",${token}`)).toEqual([
      [token, 'json-string'],
      [token, 'json-value'],
    ]);
    expect(typed('application/x-www-form-urlencoded; charset=latin1', `a=%${token}`)).toEqual([[token, 'form']]);
    expect(typed('text/xml', `<a b="${token}" ${token}>${token}<!-- ${token} -->`)).toEqual([
      [token, 'xml'],
      [token, null],
      [token, 'xml'],
      [token, null],
    ]);
    expect(typed('text/plain', `{"a":"${token}"}`)).toEqual([[token, 'as-is']]);
  });

  it.each([
    ['a URL that does not say where it begins', { url: 'example.com/{{InvoiceNumber}}' }],
    ['a body that looks like JSON, without a Content-Type', { body: '{"a":"{{InvoiceNumber}}"}' }],
    ['a Content-Type that is no text', { headers: [{ key: 'Content-Type', value: 7 }], body: 'a{{InvoiceNumber}}' }],
    [
      'a Content-Type that is not closed',
      { headers: [{ key: 'Content-Type', value: '{{' }], body: '{{InvoiceNumber}}' },
    ],
  ])('are written nobody knows how in %s', (_, request) => {
    expect(used(request)).toEqual([[expect.any(String), '{{InvoiceNumber}}', 'command-type', null]]);
  });

  it('are written nobody knows how under a Content-Type with a token', () => {
    const request = { headers: [{ key: 'Content-Type', value: '{{base}}' }], body: '{{InvoiceNumber}}' };
    expect(used(request).map(([path, , , encoding]) => [path, encoding])).toEqual([
      ['request.headers.0.value', 'header'],
      ['request.body', null],
    ]);
  });

  it.each([
    null,
    undefined,
    [],
    'text',
    7,
    {},
    { request: null },
    { request: { url: 7, headers: {}, body: [] } },
    { request: { headers: [null, 'x', {}, { key: 7, value: null }] } },
  ])('are none in %j', (draft) => expect(usedTokens(draft, available)).toEqual([]));

  it('are found beside what has no shape', () => {
    const request = { url: 7, headers: [null, { key: 7, value: '{{apiKey}}' }], body: '{{base}}' };
    expect(used(request)).toEqual([
      ['request.headers.1.value', '{{apiKey}}', 'secret', 'header'],
      ['request.body', '{{base}}', 'variable', 'as-is'],
    ]);
  });

  it('are the first thousand of very many', () => {
    const body = Array.from({ length: 1100 }, (_, index) => `{{x${index}}}`).join('');
    expect(used({ url: '{{base}}', body }).map(([, written]) => written)).toHaveLength(1000);
  });
});
