import { describe, expect, it } from 'vitest';
import { checkAlone } from '../../../src/cli/as-code/check.ts';
import { readWanted } from '../../../src/cli/as-code/read.ts';
import { acme } from './support/told.ts';

describe('contract §2: mistakes that are told without Errand', () => {
  const alone = (text: string, prune = false) => {
    const { wanted, mistakes } = readWanted([{ path: '0', text }]);
    return [...mistakes, ...checkAlone(wanted, { prune })].map(({ place, path }) => `${place} ${path}`);
  };
  const sections = (commands: string) => `    variables: { baseUrl: "https://a.example" }
    secrets: { apiKey: { env: KEY } }
    commands: { ${commands} }
    schedules: { n: { command: GetStatement, cron: "0 25 * * *", items: [{ tokens: { Month: "1" } }] } }
`;
  const cron = '0:7:46 integrations.acme.schedules.n.cron';

  it('tells of syntax, bodies and times', () => {
    const request = `method: POST, url: "{{baseUrl}}/{{", headers: [{ key: Content-Type, value: application/json }], body: "{"`;
    expect(alone(acme(sections(`GetInvoiceImage: { request: { ${request} } }`)))).toEqual([
      '0:6:61 integrations.acme.commands.GetInvoiceImage.request.url',
      '0:6:143 integrations.acme.commands.GetInvoiceImage.request.body',
      cron,
    ]);
  });

  it('does not miss what may be there, but with --prune what would not be left', () => {
    const ofType = (type: string, host: string) =>
      `${type}: { request: { method: GET, url: "https://${host}/{{Elsewhere}}" } }`;
    const text = acme(sections(ofType('GetInvoiceImage', '{{InvoiceNumber}}')));
    expect(alone(text)).toEqual([cron]);
    expect(alone(acme(sections(ofType('GetStatement', 'a.example'))), true)).toEqual([cron]);
    expect(alone(text, true)).toEqual([
      '0:6:60 integrations.acme.commands.GetInvoiceImage.request.url',
      cron,
      '0:7:23 integrations.acme.schedules.n.command',
    ]);
    expect(alone(text.replace(/ {4}secrets.*\n/, ''), true)).toEqual([cron.replace('7', '6')]);
  });
});
