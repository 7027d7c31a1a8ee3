import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Applying, acme, noChanges, startApplying } from './support/applying.ts';

let applying: Applying;
beforeAll(async () => {
  applying = await startApplying();
});
afterAll(() => applying.stop());
beforeEach(() => applying.reset());

describe('errand apply --prune (contract §2, §3)', () => {
  const itself = `integrations:
  acme:
    name: Acme invoices
    limits: { concurrency: 4 }
`;
  const counted = async () => {
    const { variables } = await applying.client.getIntegration('acme');
    const [secrets, commands, schedules] = await Promise.all([
      applying.client.listSecrets('acme'),
      applying.client.listCommands('acme'),
      applying.client.schedules('acme'),
    ]);
    return [Object.keys(variables), ...[secrets, commands, schedules].map(({ items }) => items)].map(
      ({ length }) => length,
    );
  };
  beforeEach(async () => {
    await applying.write('acme.yaml', acme);
    expect((await applying.apply('--yes')).code).toBe(0);
  });

  it('deletes what the sections of the files do not have; without it nothing is deleted', async () => {
    const bare = `${itself}    variables: { baseUrl: "https://acme.example" }
    secrets: {}
    commands: {}
    schedules: {}
`;
    await applying.write('acme.yaml', bare);
    expect(await applying.apply('--yes')).toEqual(noChanges);
    const { stdout, code } = await applying.apply('--yes', '--prune');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '- delete schedule acme/nightly  (not in the files)',
      '- delete command acme/GetInvoiceImage  (not in the files)',
      '- delete secret acme/apiKey  (not in the files)',
      '- delete variable acme/companyId  (not in the files)',
    ]);
    expect(await counted()).toEqual([1, 0, 0, 0]);
    expect(await applying.apply('--yes', '--prune')).toEqual(noChanges);
  });

  it('leaves sections alone that the files do not have, and says so where there is something', async () => {
    await applying.client.putSecret('acme', 'other', 'another-long-enough-secret');
    await applying.write('acme.yaml', itself);
    expect(await applying.apply('--yes', '--prune')).toEqual({
      code: 0,
      stdout: `acme: 2 variables are left alone, since the files have no "variables" of it; write "variables: {}" to have none.
acme: 2 secrets are left alone, since the files have no "secrets" of it; write "secrets: {}" to have none.
acme: 1 command is left alone, since the files have no "commands" of it; write "commands: {}" to have none.
acme: 1 schedule is left alone, since the files have no "schedules" of it; write "schedules: {}" to have none.
${noChanges.stdout}`,
      stderr: '',
    });
    expect(await applying.apply('--dry-run', '--exit-code', '--prune')).toMatchObject({ code: 0 });
    expect(await applying.apply('--dry-run')).toEqual(noChanges);
    expect(await counted()).toEqual([2, 2, 1, 1]);
  });

  it('tells what it leaves alone beside what it deletes, also as JSON', async () => {
    await applying.write('acme.yaml', `${itself}    schedules: {}\n`);
    const { stdout } = await applying.apply('--dry-run', '--prune');
    expect(stdout).toMatch(
      /^- delete schedule acme\/nightly {2}\(not in the files\)\n\nacme: 2 variables are left alone, .*\nacme: 1 secret is .*\nacme: 1 command is .*\nPlan: 0 to create, 0 to change, 1 to delete\.\n$/,
    );
    const plan = (...args: string[]) => applying.apply(...args).then((said) => JSON.parse(said.stdout));
    expect(await plan('--dry-run', '--json')).toEqual({ applied: false, changes: [], leftAlone: [] });
    expect(await plan('--yes', '--prune', '--json')).toEqual({
      applied: true,
      changes: [{ action: 'delete', kind: 'schedule', name: 'acme/nightly', differences: [] }],
      leftAlone: [
        { integration: 'acme', section: 'variables', names: ['baseUrl', 'companyId'] },
        { integration: 'acme', section: 'secrets', names: ['apiKey'] },
        { integration: 'acme', section: 'commands', names: ['GetInvoiceImage'] },
      ],
    });
    expect(await counted()).toEqual([2, 1, 1, 0]);
  });

  it('says nothing of an integration that is not there yet', async () => {
    await applying.client.deleteIntegration('acme');
    await applying.write('acme.yaml', itself);
    expect((await applying.apply('--dry-run', '--prune')).stdout).not.toContain('left alone');
  });

  it.each([
    ['secrets', 'GetInvoiceImage would no longer work', '    secrets: {}\n'],
    ['variables', '"baseUrl", "companyId" cannot be removed', '    variables: {}\n'],
    ['commands', 'the schedule "nightly" runs it', '    commands: {}\n'],
  ])('refuses to delete of the %s what something needs that is left alone', async (section, message, text) => {
    await applying.write('acme.yaml', itself + text);
    const { code, stdout, stderr } = await applying.apply('--yes', '--prune');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`acme\\.yaml:5:5 integrations\\.acme\\.${section}: .*${message}`));
    expect(await counted()).toEqual([2, 1, 1, 1]);
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });
});
