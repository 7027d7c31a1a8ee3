import { describe, expect, it } from 'vitest';
import { acme, told } from './support/told.ts';

describe('contract §2: mistakes beside headers that are not right', () => {
  it.each([
    ['{ ky: A, valu: B, x: C }', [], ['0.ky', '0.valu', '0.x']],
    ['{ kye: X-One, value: "{{other}}" }', ['Did you mean "key"?'], ['0.kye', '0.value']],
    ['{ label: A, value: "{{other}}" }', [], ['0.label', '0.key', '0.value']],
    ['[]', [], ['0']],
  ])('checks headers and body beside a header that is not right: %s', (header, hints, paths) => {
    const { at, messages } = told(
      acme(`    secrets: { apiKey: { env: KEY } }
    commands:
      GetInvoiceImage:
        request:
          method: POST
          url: "https://a.example/"
          headers:
            - ${header}
            - { key: Content-Type, value: application/json }
            - { key: X-Key, value: "{{apikey}}" }
          body: '{ "number": '
`),
    );
    const request = 'integrations.acme.commands.GetInvoiceImage.request';
    expect(at.map((each) => each.split(' ')[1]).toSorted()).toEqual(
      [...paths.map((each) => `headers.${each}`), 'headers.2.value', 'body']
        .map((each) => `${request}.${each}`)
        .toSorted(),
    );
    expect(messages.join('\n')).toContain('Did you mean `{{apiKey}}`?');
    for (const hint of hints) expect(messages.join('\n')).toContain(hint);
  });

  it('says nothing of a body whose Content-Type may be what is not right', () => {
    const body = (headers: string) =>
      told(
        acme(`    commands:
      GetInvoiceImage:
        request: { method: POST, url: "https://a.example/", headers: [${headers}], body: '{ "number": {{InvoiceNumber}}' }
`),
      ).at.filter((each) => each.endsWith('.body'));
    expect(body('{ key: Content Type, value: text/plain }')).toEqual([]);
    expect(body('{ key: Content-Type, value: 7 }, { key: A, value: b }')).toEqual([]);
    expect(body('{ key: A, value: 7 }')).toEqual([]);
    expect(body('{ key: A, value: 7 }, { key: content-type, value: application/json }')).toHaveLength(1);
  });
});
