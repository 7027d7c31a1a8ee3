import { expect, it } from 'vitest';
import { parseSubject } from '../../../src/audit/list.ts';

it.each([
  ['command:acme/GetInvoiceImage', { type: 'command', id: 'acme/GetInvoiceImage' }],
  ['command-type:Get:It', { type: 'command-type', id: 'Get:It' }],
  ['acme', { type: null, id: 'acme' }],
  ['acme/GetInvoiceImage', { type: null, id: 'acme/GetInvoiceImage' }],
  ['https://example.com', { type: null, id: 'https://example.com' }],
  ['integration:', { type: null, id: 'integration:' }],
  [':acme', { type: null, id: ':acme' }],
])('contract §3: reads the subject %s', (text, subject) => {
  expect(parseSubject(text)).toEqual(subject);
});
