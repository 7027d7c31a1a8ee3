import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Applying, acme, startApplying } from './support/applying.ts';

let applying: Applying;
beforeAll(async () => {
  applying = await startApplying();
});
afterAll(() => applying.stop());
beforeEach(() => applying.reset());

describe('errand apply of files that are not right (contract §2, §3)', () => {
  const missing = `integrations:
  globex:
    name: Globex
    variables: { baseUrl: "https://globex.example" }
    secrets: { apiKey: { env: NOT_SET_ANYWHERE } }
    auth: { type: bearer, token: "{{apiKy}}" }
`;
  const at = (place: string) => `${path.join(applying.directory, place)} `;

  it('tells of shape, tokens, times, environment and what is in Errand in one run', async () => {
    await applying.client.putIntegration('acme', { name: 'Acme', type: 'custom', account: 'north' });
    await applying.write(
      'acme.yaml',
      acme
        .replace('name: Acme', 'account: south\n    name: Acme')
        .replace('concurrency: 4', 'concurrency: many')
        .replace('invoices/{{InvoiceNumber}}', 'invoices/{{invoiceNumbr}}')
        .replace('0 2 * * *', '0 25 * * *'),
    );
    await applying.write('globex.yaml', missing);
    const { code, stdout, stderr } = await applying.apply('--yes');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').map((line) => line.trim().split(': ', 1)[0])).toEqual([
      'errand',
      `${at('acme.yaml:4:5')}integrations.acme.account`,
      `${at('acme.yaml:7:15')}integrations.acme.limits.concurrency`,
      `${at('acme.yaml:14:11')}integrations.acme.commands.GetInvoiceImage.request.url`,
      `${at('acme.yaml:26:9')}integrations.acme.schedules.nightly.cron`,
      `${at('globex.yaml:5:26')}integrations.globex.secrets.apiKey.env`,
      `${at('globex.yaml:6:27')}integrations.globex.auth.token`,
      '',
    ]);
    expect((await applying.client.getIntegration('acme')).name).toBe('Acme');
  });

  it('tells what can be told without Errand where it cannot be asked', async () => {
    await applying.write('globex.yaml', missing);
    const told = `errand: the configuration is not right; nothing was applied.
  ${at('globex.yaml:5:26')}integrations.globex.secrets.apiKey.env: the environment variable NOT_SET_ANYWHERE is not set
Not everything could be checked: `;
    applying.env.ERRAND_API_KEY = await applying.running.keyFor('producer');
    const refused = await applying.apply('--yes');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr.slice(0, told.length)).toBe(told);
    expect(refused.stderr).toContain('configurer');
    applying.env.ERRAND_URL = 'http://127.0.0.1:1';
    const away = await applying.apply('--dry-run');
    expect(away).toMatchObject({ code: 2, stdout: '' });
    expect(away.stderr.slice(0, told.length)).toBe(told);
    expect(away.stderr).toContain('Errand does not answer at http://127.0.0.1:1.');
    await applying.write('globex.yaml', acme.replace('0 2 * * *', '0 25 * * *'));
    const ofTimes = await applying.apply('--yes');
    expect(ofTimes).toMatchObject({ code: 2, stdout: '' });
    expect(ofTimes.stderr).toMatch(
      /schedules\.nightly\.cron: .*\nNot everything could be checked: Errand does not answer/,
    );
    await applying.write('globex.yaml', acme);
    const right = await applying.apply('--yes');
    expect(right).toMatchObject({ code: 1, stdout: '' });
    expect(right.stderr).toMatch(/^errand: Errand does not answer/);
    await applying.write('globex.yaml', missing);
    applying.env.ERRAND_URL = 'no-url';
    expect((await applying.apply('--dry-run')).stderr).toMatch(/could be checked: ERRAND_URL: /);
  });
});
