import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runErrand } from '../../support/errand.ts';
import { type Applying, acme, noChanges, startApplying } from './support/applying.ts';

let applying: Applying;
beforeAll(async () => {
  applying = await startApplying();
});
afterAll(() => applying.stop());
beforeEach(() => applying.reset());

describe('errand apply, with what integrations authenticate (contract §2, §3)', () => {
  const withAuth = acme.replace(
    '    secrets:\n',
    `    auth: { type: basic, username: "{{companyId}}", password: "{{apiPassword}}" }
    secrets:
      apiPassword: { env: ACME_API_PASSWORD }
`,
  );
  beforeEach(() => {
    applying.env.ACME_API_PASSWORD = 'correct-horse-battery-staple';
  });

  it('comes after the secrets that it names, in one go', async () => {
    await applying.write('acme.yaml', withAuth);
    const applied = await applying.apply('--yes');
    expect(applied.stdout).toContain(
      '    auth.type: (none) → "basic"\n    auth.username: (none) → "{{companyId}}"\n    auth.password: (none) → "{{apiPassword}}"\n',
    );
    expect(applied.stderr.split('\n')).toEqual([
      'done: create integration acme',
      'done: create secret acme/apiPassword',
      'done: create secret acme/apiKey',
      'done: change integration acme',
      'done: create command acme/GetInvoiceImage',
      'done: create schedule acme/nightly',
      'Applied: 6 changes.',
      '',
    ]);
    const auth = { type: 'basic', username: '{{companyId}}', password: '{{apiPassword}}' };
    expect(await applying.client.getIntegration('acme')).toMatchObject({ auth });
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it('changes to a new secret while the old one is there, which goes at last', async () => {
    await applying.write('acme.yaml', withAuth);
    await applying.apply('--yes');
    await applying.write(
      'acme.yaml',
      withAuth.replaceAll('apiPassword', 'newPassword').replace('name: Acme invoices', 'name: Acme'),
    );
    const changed = await applying.apply('--yes', '--prune');
    expect(changed.stdout).toContain(
      '    auth.password: "{{apiPassword}}" → "{{newPassword}}"\n- delete secret acme/apiPassword  (not in the files)\n',
    );
    expect(changed.stderr.split('\n')).toEqual([
      'done: change integration acme',
      'done: create secret acme/newPassword',
      'done: change integration acme',
      'done: delete secret acme/apiPassword',
      'Applied: 4 changes.',
      '',
    ]);
    expect(await applying.apply('--yes', '--prune')).toEqual(noChanges);
    await applying.write('acme.yaml', acme.replace('name: Acme invoices', 'name: Acme'));
    expect((await applying.apply('--yes', '--prune')).stderr.split('\n').slice(0, 2)).toEqual([
      'done: change integration acme',
      'done: delete secret acme/newPassword',
    ]);
    expect((await applying.client.getIntegration('acme')).auth).toBeNull();
  });

  it('goes on after it was stopped before the secret was saved', async () => {
    await applying.write('acme.yaml', withAuth);
    await applying.client.putIntegration('acme', {
      name: 'Acme invoices',
      type: 'custom',
      variables: { baseUrl: 'https://acme.example', companyId: '77' },
      limits: { concurrency: 4 },
    });
    const { stderr } = await applying.apply('--yes');
    expect(stderr).toMatch(/^done: create secret acme\/apiPassword\n/);
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it.each([
    ['{{apiPasword}}', /`\{\{apiPasword\}\}` is not available here\. Did you mean `\{\{apiPassword\}\}`\?/],
    ['{{companyId}}', /must name a secret; "companyId" is a variable/],
    ['correct horse', /must be one token that names a secret/],
  ])('with %s for a password is told before anything is applied', async (password, message) => {
    await applying.write('acme.yaml', withAuth.replace('"{{apiPassword}}"', `"${password}"`));
    const { code, stderr } = await applying.apply('--yes');
    expect(code).toBe(2);
    expect(stderr).toContain('acme.yaml:7:53 integrations.acme.auth.password: ');
    expect(stderr).toMatch(message);
    expect((await applying.client.listIntegrations()).items).toEqual([]);
  });

  it('cannot name a secret that --prune would delete', async () => {
    await applying.write('acme.yaml', withAuth);
    await applying.apply('--yes');
    await applying.write('acme.yaml', withAuth.replace('      apiPassword: { env: ACME_API_PASSWORD }\n', ''));
    expect(await applying.apply('--yes')).toEqual(noChanges);
    expect(await applying.apply('--yes', '--prune')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('auth.password: `{{apiPassword}}` is not available here'),
    });
  });

  it('is exported so that it changes nothing when it is applied, TLS too', async () => {
    const tls = '    tls: { ca: "-----BEGIN CERTIFICATE-----\\nMII…", certificate: x, key: "{{apiPassword}}" }\n';
    await applying.write('acme.yaml', withAuth.replace('    secrets:\n', `${tls}    secrets:\n`));
    expect((await applying.apply('--yes')).code).toBe(0);
    const exported = await runErrand(['export', '--integration', 'acme'], applying.env, applying.directory);
    const text = exported.stdout.toString();
    expect(text).toContain('password: "{{apiPassword}}"');
    await applying.write('acme.yaml', text);
    expect(await applying.apply('--yes', '--prune')).toEqual(noChanges);
    await applying.client.deleteIntegration('acme');
    expect((await applying.apply('--yes')).code).toBe(0);
    expect(await applying.apply('--yes', '--prune')).toEqual(noChanges);
  });
});
