import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { programOf, runErrand } from '../../support/errand.ts';
import { adminKey } from '../api/support/start-api.ts';
import { type Applying, acme, apiKeyValue, noChanges, startApplying } from './support/applying.ts';

let applying: Applying;
beforeAll(async () => {
  applying = await startApplying();
});
afterAll(() => applying.stop());
beforeEach(() => applying.reset());

describe('errand apply (contract §2, §3)', () => {
  it('creates everything, and a second time changes nothing', async () => {
    await applying.write('acme.yaml', acme);
    const looked = await applying.apply('--dry-run');
    expect(looked).toMatchObject({ code: 0, stderr: '' });
    expect(looked.stdout).toContain('+ create integration acme  (');
    expect(looked.stdout).toContain('    variables.companyId: "77"\n');
    expect(looked.stdout).toContain('    value: "gckQ...taJ9"\n');
    expect(looked.stdout).toContain('Plan: 4 to create, 0 to change, 0 to delete.');
    expect(looked.stdout).not.toContain(apiKeyValue);
    expect((await applying.client.listIntegrations()).items).toEqual([]);
    expect((await applying.apply('--dry-run', '--exit-code')).code).toBe(3);

    const applied = await applying.apply('--yes');
    expect(applied.code).toBe(0);
    expect(applied.stderr.split('\n')).toEqual([
      'done: create integration acme',
      'done: create secret acme/apiKey',
      'done: create command acme/GetInvoiceImage',
      'done: create schedule acme/nightly',
      'Applied: 4 changes.',
      '',
    ]);
    expect(await applying.client.getIntegration('acme')).toMatchObject({
      account: 'default',
      limits: { concurrency: 4 },
    });
    expect((await applying.client.listSecrets('acme')).items).toMatchObject([
      { name: 'apiKey', allowedHosts: ['acme.example'] },
    ]);
    const { version } = await applying.client.getCommand('acme', 'GetInvoiceImage');

    expect(await applying.apply('--yes')).toEqual(noChanges);
    expect(await applying.apply('--dry-run', '--exit-code')).toEqual(noChanges);
    expect((await applying.client.getCommand('acme', 'GetInvoiceImage')).version).toBe(version);
  });

  it('shows what changes, old and new, and changes that alone', async () => {
    await applying.write('acme.yaml', acme);
    await applying.apply('--yes');
    const { version } = await applying.client.getCommand('acme', 'GetInvoiceImage');
    const changed = acme
      .replace('concurrency: 4', 'concurrency: 6')
      .replace('"company": ', '"companyId": ')
      .replace('0 2 * * *', '0 3 * * *')
      .replace('[acme.example]', '[acme.example, "*.acme.example"]');
    await applying.write('acme.yaml', changed);
    const { stdout } = await applying.apply('--dry-run');
    expect(stdout).toContain('~ change integration acme');
    expect(stdout).toContain('    limits.concurrency: 4 → 6\n');
    expect(stdout).toContain('    allowedHosts.1: (none) → "*.acme.example"\n');
    expect(stdout).toContain(
      '    request.body:\n      -   "company": "{{companyId}}"\n      +   "companyId": "{{companyId}}"\n',
    );
    expect(stdout).toContain('    cron: "0 2 * * *" → "0 3 * * *"\n');
    const plan = JSON.parse((await applying.apply('--yes', '--json')).stdout);
    expect(plan).toMatchObject({ applied: true });
    expect(plan.changes.map(({ action, kind }: { action: string; kind: string }) => `${action} ${kind}`)).toEqual([
      'change integration',
      'change secret',
      'change command',
      'change schedule',
    ]);
    expect(await applying.client.getIntegration('acme')).toMatchObject({ limits: { concurrency: 6 } });
    expect((await applying.client.getCommand('acme', 'GetInvoiceImage')).version).toBe(version + 1);
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it('knows another secret by its hint, and saves one again that looks the same if it is told to', async () => {
    await applying.write('acme.yaml', acme);
    await applying.apply('--yes');
    const saved = async () => (await applying.client.listSecrets('acme')).items[0];
    const first = await saved();
    applying.env.ACME_API_KEY = 'gckQ-with-the-same-ends-taJ9';
    expect(await applying.apply('--yes')).toEqual(noChanges);
    expect(await saved()).toEqual(first);
    expect((await applying.apply('--yes', '--update-secrets')).stdout).toContain(
      'value: "gckQ...taJ9" → "saved again, from ACME_API_KEY"',
    );
    expect((await saved())?.updatedAt).not.toBe(first?.updatedAt);
    applying.env.ACME_API_KEY = 'another-long-enough-secret';
    expect((await applying.apply('--yes')).stdout).toContain('value: "gckQ...taJ9" → "anot...cret"');
  });

  it('refuses files with every mistake and its place, and applies nothing of the good ones', async () => {
    await applying.write('a/good.yaml', acme.replace('acme:', 'good:'));
    await applying.write(
      'b.yml',
      `integrations:
  acme:
    name: Acme
    varables: { a: b }
    secrets:
      apiKey: gckQ-in-the-file-taJ9
      other: { value: gckQ-in-the-file-taJ9 }
      third: { env: NOT_SET_ANYWHERE }
    commands:
      GetInvoiceImage:
        request: { method: GETS, url: {{baseUrl}} }
  Bad_Id!: { name: x }
---
integrations:
  good: { name: Twice }
`,
    );
    await applying.write('c.yaml', 'integrations:\n  acme: [\n');
    await applying.write('d.yaml', 'integrations:\n  d:\n    name: {{name}} of d\n');
    await applying.write('.hidden/d.yaml', 'nonsense: true');
    await applying.write('e.txt', 'nonsense: true');
    const { code, stdout, stderr } = await applying.apply('--yes');
    expect([code, stdout]).toEqual([2, '']);
    const file = path.join(applying.directory, 'b.yml');
    expect(stderr).toContain('errand: the configuration is not right; nothing was applied.\n');
    expect(stderr).toContain(
      `  ${file}:4:5 integrations.acme.varables: is not known here. Did you mean "variables"?\n`,
    );
    expect(stderr).toContain(
      `  ${file}:6:7 integrations.acme.secrets.apiKey: must be a reference such as { env: ACME_API_KEY }`,
    );
    expect(stderr).toContain(`  ${file}:7:16 integrations.acme.secrets.other.value: must be a reference such as`);
    expect(stderr).toContain(
      `  ${file}:11:20 integrations.acme.commands.GetInvoiceImage.request.method: must be one of`,
    );
    expect(stderr).toContain('Did you mean "GET"?');
    expect(stderr).toContain('put what begins with "{{" in quotes');
    expect(stderr).toContain(`  ${file}:12:3 integrations.Bad_Id!: must be a slug`);
    expect(stderr).toContain(
      `  ${file}:15:3 integrations.good: is at ${path.join(applying.directory, 'a/good.yaml')}:3:3 already`,
    );
    expect(stderr).toContain(`  ${path.join(applying.directory, 'c.yaml')}:3:1 `);
    expect(stderr).toMatch(/d\.yaml:3:11 .*; put what begins with "{{" in quotes\n/);
    expect(stderr).not.toContain('gckQ');
    expect(stderr).not.toMatch(/nonsense|Warning/);
    expect((await applying.client.listIntegrations()).items).toEqual([]);
  });

  it('refuses what the API would refuse before it sends anything', async () => {
    await applying.client.putIntegration('of-north', { name: 'Acme', type: 'custom', account: 'north' });
    delete applying.env.ACME_API_KEY;
    const north = acme.replace('acme:', 'of-north:');
    await applying.write('acme.yaml', north);
    const missing = await applying.apply('--yes');
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain(
      'acme.yaml:8:17 integrations.of-north.secrets.apiKey.env: the environment variable ACME_API_KEY is not set',
    );
    applying.env.ACME_API_KEY = 'short';
    expect((await applying.apply('--yes')).stderr).toContain('ACME_API_KEY holds fewer than 8 characters');
    applying.env.ACME_API_KEY = apiKeyValue;
    await applying.write(
      'acme.yaml',
      `${north
        .replace('name: Acme', 'account: south\n    name: Acme')
        .replace('invoices/{{InvoiceNumber}}', 'invoices/{{invoiceNumbr}}')
        .replace('0 2 * * *', '0 25 * * *')}
  other:
    name: Other
    commands: { GetInvoiceImag: { request: { method: GET, url: "https://example.com" } } }
commandTypes:
  GetInvoiceImage: { tokens: [] }
`,
    );
    const { code, stderr } = await applying.apply('--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(':4:5 integrations.of-north.account: cannot be changed; it is "north"');
    expect(stderr).toContain(
      ':14:11 integrations.of-north.commands.GetInvoiceImage.request.url: `{{invoiceNumbr}}` is not available here.',
    );
    expect(stderr).toContain('integrations.of-north.schedules.nightly.cron: ');
    expect(stderr).toContain(
      'integrations.other.commands.GetInvoiceImag: There is no command type "GetInvoiceImag". Did you mean "GetInvoiceImage"?',
    );
    expect(stderr).toContain('commandTypes.GetInvoiceImage: is built in');
    expect((await applying.client.listIntegrations()).items).toHaveLength(1);
  });

  it.each([
    [['apply', '-f', '.'], 'nobody can be asked here'],
    [['apply', '-f', 'no-such-file.yaml', '--yes'], 'no-such-file.yaml'],
    [['apply', '-f', '.', '--yes'], 'no *.yaml or *.yml in .'],
    [['apply', '--yes'], "required option '-f, --file"],
  ])('exits 2 for %j', async (args, said) => {
    const { code, stdout, stderr } = await runErrand(args, applying.env, applying.directory);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });

  it('reads stdin', async () => {
    const { file, inherited } = programOf();
    const child = spawn(process.execPath, [file, 'apply', '-f', '-', '--yes'], {
      env: { ...inherited, ...applying.env },
    });
    child.stdin.end(acme);
    expect((await once(child, 'close'))[0]).toBe(0);
    expect((await applying.client.schedule('acme', 'nightly')).cron).toBe('0 2 * * *');
  });

  it('adds command types, which takes an admin; the rest a configurer may do', async () => {
    const types = 'commandTypes:\n  GetStatement: { tokens: [{ name: Month, required: true }] }\n';
    const statement = acme.replace(
      '    schedules:',
      '      GetStatement: { request: { method: GET, url: "{{baseUrl}}/{{Month}}" } }\n    schedules:',
    );
    await applying.write('acme.yaml', acme.replaceAll('acme:', 'of-configurer:'));
    applying.env.ERRAND_API_KEY = await applying.running.keyFor('configurer');
    expect((await applying.apply('--yes')).code).toBe(0);
    await applying.write('acme.yaml', types + statement);
    const refused = await applying.apply('--yes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/could not create command type GetStatement \(.*acme\.yaml:2:3\): .*admin/);
    expect(refused.stderr).toContain(
      '0 of 6 changes were applied. Not applied; run it again to go on:\n  create command type',
    );
    applying.env.ERRAND_API_KEY = await applying.running.keyFor('producer');
    expect(await applying.apply('--yes')).toMatchObject({ code: 1, stdout: '' });
    applying.env.ERRAND_API_KEY = adminKey;
    expect((await applying.apply('--yes')).code).toBe(0);
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it('does not touch what lies outside the accounts of its key', async () => {
    await applying.client.putIntegration('theirs', { name: 'Not theirs', type: 'custom', account: 'north' });
    await applying.write('acme.yaml', acme.replace('acme:', 'theirs:'));
    applying.env.ERRAND_API_KEY = await applying.running.keyFor('configurer', ['south']);
    const { code, stderr } = await applying.apply('--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('could not create integration theirs');
    expect(stderr).toContain('its id is taken, in an account that the API key is not for');
    expect(await applying.client.getIntegration('theirs')).toMatchObject({ name: 'Not theirs' });
  });

  it('says before anything is changed that its key is not for the account of the files', async () => {
    await applying.client.putIntegration('theirs', { name: 'Not theirs', type: 'custom', account: 'north' });
    await applying.write('a.yaml', 'integrations:\n  ours: { name: Ours }\n');
    const theirs =
      'integrations:\n  theirs:\n    account: north\n    name: Theirs\n  fresh: { account: east, name: Fresh }\n';
    await applying.write('b.yaml', theirs);
    applying.env.ERRAND_API_KEY = await applying.running.keyFor('configurer', ['south']);
    const places = ['b.yaml:3:5 integrations.theirs.account', 'b.yaml:5:12 integrations.fresh.account'];
    const lines = places.map((each) => `  ${path.join(applying.directory, each)}: the API key is not for the account`);
    for (const how of ['--yes', '--dry-run']) {
      expect(await applying.apply(how)).toEqual({
        code: 2,
        stdout: '',
        stderr: `errand: the configuration is not right; nothing was applied.\n${lines[0]} "north"; it is for "south"\n${lines[1]} "east"; it is for "south"\n`,
      });
    }
    await applying.write('b.yaml', '');
    expect((await applying.apply('--yes')).code).toBe(0);
    expect(await applying.client.getIntegration('ours')).toMatchObject({ account: 'south' });
    await applying.write('a.yaml', 'integrations:\n  other: { name: Other }\n');
    applying.env.ERRAND_API_KEY = await applying.running.keyFor('configurer', ['south', 'west']);
    expect((await applying.apply('--yes')).stderr).toContain(
      'integrations.other.account: is required: the API key is for "south", "west"',
    );
  });
});
