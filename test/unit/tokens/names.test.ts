import { describe, expect, test } from 'vitest';
import { builtInCommandTypes } from '../../../src/contract/command-type.ts';
import type { Tokens } from '../../../src/contract/tokens.ts';
import { resolveTokens, sensitiveNames } from '../../../src/tokens/names.ts';
import { compiled, names, post, refusals } from './requests.ts';

const getInvoiceImage = builtInCommandTypes[0]?.tokens ?? [];

function problems(tokens: Tokens, reserved: string[] = []): string[] {
  const resolved = resolveTokens(getInvoiceImage, tokens, { reserved });
  return resolved.ok ? [] : resolved.errors.map(({ path, message }) => `${path}: ${message}`);
}

describe('contract §5: names in a template', () => {
  const available = { ...names({ variables: ['companyId'], secrets: ['apiKey'] }), commandType: getInvoiceImage };
  const url = (name: string) => post({ url: `https://api.example.com/{{${name}}}` });

  test.each([
    ['invoiceNumber', '`{{invoiceNumber}}` is not available here. Did you mean `{{InvoiceNumber}}`?'],
    ['InvoceNumber', '`{{InvoceNumber}}` is not available here. Did you mean `{{InvoiceNumber}}`?'],
    ['Auth Token', '`{{Auth Token}}` is not available here. Did you mean `{{auth token}}`?'],
    ['company', '`{{company}}` is not available here. Did you mean `{{companyId}}`?'],
    ['toString', expect.stringContaining('Available: `{{InvoiceNumber}}`, `{{invoicenumber}}`')],
    ['__proto__', expect.stringContaining('is not available here')],
  ])('{{%s}} is refused with a hint', (name, message) => {
    const found = refusals(url(name), available).map((text) => text.replace('request.url: ', ''));
    expect(found).toEqual([message]);
  });

  test.each([
    'InvoiceNumber',
    'invoicenumber',
    'auth token',
    'companyId',
    'apiKey',
    'errand.now',
    'errand.invocationId',
  ])('{{%s}} is available', (name) => {
    expect(refusals(url(name), available)).toEqual([]);
  });

  test.each(['errand.since', 'errand.next'])('%s may be named: any command may be the source of a schedule', (name) => {
    expect(refusals(url(name), available)).toEqual([]);
  });

  test('uses folds aliases onto their names and has each name once', () => {
    const template = post({
      url: 'https://api.example.com/{{invoicenumber}}/{{InvoiceNumber}}?n={{errand.now}}',
      headers: [{ key: 'Authorization', value: 'Bearer {{auth token}}' }],
      body: '{{apiKey}}',
    });
    expect(compiled(template, available).uses).toEqual(['InvoiceNumber', 'errand.now', 'authToken', 'apiKey']);
  });
});

describe('contract §5: resolveTokens', () => {
  test('aliases are folded onto their names', () => {
    const resolved = resolveTokens(getInvoiceImage, { invoicenumber: 'INV1', 'auth token': 'abc' });
    expect(resolved).toEqual({
      ok: true,
      values: new Map([
        ['InvoiceNumber', 'INV1'],
        ['authToken', 'abc'],
      ]),
    });
  });

  test('an alias beside its name may only repeat its value', () => {
    expect(problems({ InvoiceNumber: 'A', invoicenumber: 'A' })).toEqual([]);
    expect(problems({ InvoiceNumber: 'A', invoicenumber: 'B' })).toEqual([
      'invoicenumber: is the same token as "InvoiceNumber", but was given another value; give one of them',
    ]);
  });

  test.each<[string, Tokens, string[], string]>([
    [
      'an unknown name',
      { InvoiceNumber: '1', ipAdress: 'x' },
      [],
      'ipAdress: is not a token of this command. Did you mean "ipAddress"?',
    ],
    [
      'an inherited name',
      { InvoiceNumber: '1', constructor: 'x' },
      [],
      'constructor: is not a token of this command, which takes "InvoiceNumber", "invoicenumber", "authToken", "auth token", "ipAddress"',
    ],
    ['a missing required token', {}, [], 'InvoiceNumber: is required'],
    [
      'an errand name',
      { InvoiceNumber: '1', 'errand.now': 'x' },
      [],
      'errand.now: begins with "errand.": such values are filled in by Errand itself',
    ],
    [
      'a variable',
      { InvoiceNumber: '1', companyId: 'x' },
      ['companyId'],
      'companyId: is a variable or secret of the integration; an invocation cannot give it a value',
    ],
    ['__proto__', JSON.parse('{"InvoiceNumber":"1","__proto__":"x"}'), [], '__proto__: must not be named "__proto__"'],
  ])('%s is refused', (_what, tokens, reserved, message) => {
    expect(problems(tokens, reserved)).toEqual([message]);
  });

  test('a required token that is a variable need not be given', () => {
    expect(problems({}, ['InvoiceNumber'])).toEqual([]);
  });

  test('constructor is an ordinary name', () => {
    const resolved = resolveTokens([{ name: 'constructor', required: true }], {});
    expect(resolved).toMatchObject({ ok: false });
    expect(resolveTokens([{ name: 'constructor' }], { constructor: 'x' })).toMatchObject({ ok: true });
  });

  test('sensitive names include the aliases', () => {
    expect(sensitiveNames(getInvoiceImage)).toEqual(new Set(['authToken', 'auth token']));
  });
});
