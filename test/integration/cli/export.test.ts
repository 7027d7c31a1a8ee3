import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkSecrets, checkWanted } from '../../../src/cli/as-code/check.ts';
import { around, readCurrent } from '../../../src/cli/as-code/current.ts';
import { createEnvironmentNames, entryOf, yamlOf } from '../../../src/cli/as-code/exported.ts';
import { planOf } from '../../../src/cli/as-code/plan.ts';
import { readWanted } from '../../../src/cli/as-code/read.ts';
import { createHttpClient, type HttpClient } from '../../../src/client/http.ts';
import type { IntegrationEntry } from '../../../src/contract/configuration-file.ts';
import { tokenNameProblem } from '../../../src/contract/names.ts';
import { runErrand } from '../../support/errand.ts';
import { adminKey, type RunningApi, startApi } from '../api/support/start-api.ts';

let running: RunningApi;
let client: HttpClient;
let directory: string;
let env: Record<string, string>;

beforeAll(async () => {
  running = await startApi();
  client = createHttpClient({ url: running.url, apiKey: adminKey });
});
afterAll(() => running.stop());
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'errand-export-'));
  env = { ERRAND_URL: running.url, ERRAND_API_KEY: adminKey };
  for (const { id } of (await client.listIntegrations({ limit: 200 })).items) await client.deleteIntegration(id);
  return () => rm(directory, { recursive: true, force: true });
});

async function errand(...args: string[]) {
  const { code, stdout, stderr } = await runErrand(args, env, directory);
  return { code, stdout: stdout.toString(), stderr };
}

async function configured(id: string, account = 'default'): Promise<void> {
  await client.putIntegration(id, {
    account,
    name: `${id}: "quoted" and ümläut # no comment`,
    type: 'custom',
    variables: { baseUrl: 'https://acme.example', 'company id': '007', yes: 'no', lines: 'a\n  b\n\n' },
    limits: { concurrency: 3, rates: [{ count: 60, perSeconds: 60 }] },
    shownSecret: 'apiKey',
  });
  await client.putSecret(id, 'apiKey', `a-long-enough-secret-of-${id}`, { allowedHosts: ['acme.example'] });
  await client.putCommand(id, 'GetStatement', {
    request: {
      method: 'POST',
      url: '{{baseUrl}}/{{Month}}',
      headers: [
        { key: 'Authorization', value: 'Bearer {{apiKey}}' },
        { key: 'Content-Type', value: 'application/json' },
      ],
      body: '{\n  "month": "{{Month}}"\n}\n',
    },
    accept: { statuses: ['2xx', 304], extract: { pointer: '/pdf' } },
    retry: { interactive: { attempts: 1 }, batch: { attempts: 4 } },
  });
  await client.putSchedule(id, 'monthly', {
    command: 'GetStatement',
    cron: '0 0 1 * *',
    timezone: 'Europe/Berlin',
    enabled: false,
    items: [{ tokens: { Month: '2026-01' }, reference: 'first' }],
  });
}

describe('errand export (contract §2, §3)', () => {
  beforeEach(async () => {
    await client.putCommandType('GetStatement', { tokens: [{ name: 'Month', required: true, example: '2026-01' }] });
  });

  it('writes an account as files that change nothing when they are applied', async () => {
    await configured('acme');
    await configured('globex');
    await configured('north-1', 'north');
    const exported = await errand('export', '--account', 'default', '--output', 'out');
    expect(exported).toEqual({ code: 0, stdout: '', stderr: 'out: 2 integrations\n' });
    const out = path.join(directory, 'out');
    expect((await readdir(out)).sort()).toEqual([
      '_command-types.yaml',
      'acme.yaml',
      'errand.schema.json',
      'globex.yaml',
    ]);
    const text = await readFile(path.join(out, 'acme.yaml'), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=errand\.schema\.json\n/);
    expect(text).not.toContain('a-long-enough-secret');
    const accepts = new Ajv({ strict: false, validateFormats: false }).compile(
      JSON.parse(await readFile(path.join(out, 'errand.schema.json'), 'utf8')),
    );
    for (const file of ['_command-types.yaml', 'acme.yaml', 'globex.yaml']) {
      accepts(parse(await readFile(path.join(out, file), 'utf8')));
      expect([file, accepts.errors]).toEqual([file, null]);
    }
    expect(accepts({ integrations: { acme: { name: 'x', varables: {} } } })).toBe(false);
    expect(accepts({ integrations: { acme: { name: 'x', secrets: { apiKey: 'literal' } } } })).toBe(false);

    env.ACME_API_KEY = 'a-long-enough-secret-of-acme';
    env.GLOBEX_API_KEY = 'a-long-enough-secret-of-globex';
    expect(await errand('apply', '-f', 'out', '--yes', '--prune')).toEqual({
      code: 0,
      stdout: 'No changes: it is all as the files have it.\n',
      stderr: '',
    });
  });

  it('writes the integrations that are named to stdout, and what they need', async () => {
    await configured('acme');
    await client.putCommandType('Unused', { tokens: [] });
    const { code, stdout } = await errand('export', '--integration', 'acme');
    expect(code).toBe(0);
    const { integrations, commandTypes } = parse(stdout);
    expect(Object.keys(commandTypes)).toEqual(['GetStatement']);
    expect(integrations.acme).toMatchObject({
      secrets: { apiKey: { env: 'ACME_API_KEY', allowedHosts: ['acme.example'] } },
    });
    expect(Object.keys(integrations.acme.schedules.monthly)).toEqual([
      'command',
      'cron',
      'timezone',
      'enabled',
      'items',
    ]);
    // Removed, and made again as it was.
    await client.deleteIntegration('acme');
    await writeFile(path.join(directory, 'acme.yaml'), stdout);
    env.ACME_API_KEY = 'a-long-enough-secret-of-acme';
    expect((await errand('apply', '-f', 'acme.yaml', '--yes')).code).toBe(0);
    expect((await errand('export', '--integration', 'acme')).stdout).toBe(stdout);
  });

  it('writes sections of nothing, too, so that --prune finds what is added by hand', async () => {
    await client.putIntegration('bare', { name: 'Bare', type: 'custom' });
    const { stdout } = await errand('export', '--integration', 'bare');
    const sections = { variables: {}, secrets: {}, commands: {}, schedules: {} };
    expect(parse(stdout).integrations).toEqual({ bare: { account: 'default', name: 'Bare', ...sections } });
    await writeFile(path.join(directory, 'bare.yaml'), stdout);
    const look = () => errand('apply', '-f', 'bare.yaml', '--prune', '--dry-run', '--exit-code');
    expect((await look()).code).toBe(0);
    await client.putSecret('bare', 'byHand', 'a-long-enough-secret-by-hand');
    expect(await look()).toMatchObject({
      code: 3,
      stdout: '- delete secret bare/byHand  (not in the files)\n\nPlan: 0 to create, 0 to change, 1 to delete.\n',
    });
  });

  it('says which integration is not there', async () => {
    await configured('north-1', 'north');
    expect(await errand('export', '--integration', 'nort-1')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'errand: no such integration `nort-1`. Did you mean `north-1`?\n',
    });
    expect(await errand('export', '--account', 'south', '--integration', 'north-1')).toMatchObject({
      code: 2,
      stderr: 'errand: no such integration `north-1` in account "south".\n',
    });
    expect((await errand('export', '--output', '/dev/null/x')).code).toBe(2);
  });

  it('says which account is not there, and writes nothing of one that has no integrations', async () => {
    await configured('north-1', 'north');
    expect(await errand('export', '--account', 'nort', '--output', 'out')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'errand: no integration is of the account "nort". Did you mean "north"?\n',
    });
    expect(await readdir(directory)).toEqual([]);
    env.ERRAND_API_KEY = await running.keyFor('configurer', ['south', 'west']);
    expect(await errand('export', '--account', 'north')).toMatchObject({
      code: 2,
      stderr: 'errand: the API key is not for the account "north". Known are "south", "west".\n',
    });
    const empty = await errand('export', '--account', 'south');
    expect([empty.code, parse(empty.stdout)]).toEqual([0, { integrations: {} }]);
  });

  it('quotes what readers of YAML 1.1 take for something else than text', () => {
    const texts = ['yes', 'No', 'on', 'OFF', '1:30', '1_000', '0b11', '2026-01-31', '.5_0', '<<'];
    const variables = Object.fromEntries(texts.map((text) => [text, text]));
    const content = { integrations: { acme: { name: 'no', variables } } };
    const yaml = yamlOf(content, ' x');
    expect(parse(yaml, { version: '1.1' })).toEqual(content);
    expect(yaml).toContain('name: "no"\n');
  });

  it('names an environment variable for every secret, none twice, and none of Errand', () => {
    const names = createEnvironmentNames();
    const named = [
      ['acme', 'apiKey'],
      ['acme', 'api key'],
      ['7-eleven', 'x'],
      ['errand-a', 'key'],
      ['acme', 'ключ'],
    ].map(([integration = '', secret = '']) => names.nameFor(integration, secret));
    expect(named).toEqual(['ACME_API_KEY', 'ACME_API_KEY_2', 'SECRET_7_ELEVEN_X', 'SECRET_ERRAND_A_KEY', 'ACME']);
  });
});

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => tokenNameProblem(text) === null);
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    'yes',
    '~',
    '0x1F',
    '1e3',
    '- a',
    'a: b',
    '"',
    "'",
    '#',
    ' a ',
    '\n',
    'a\r\nb',
    '\t',
    '<<',
    '*a',
    '&b',
    '!!str c',
  ),
);
const entry: fc.Arbitrary<IntegrationEntry> = fc
  .record({
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => /^[^\p{Cc}]+$/u.test(text)),
    variables: fc.dictionary(fc.oneof(name, fc.constantFrom('<<', 'yes', '1', 'a.b')), value, { maxKeys: 5 }),
    limits: fc.record({ concurrency: fc.integer({ min: 1, max: 50 }) }, { requiredKeys: [] }),
    body: value,
    cron: fc.constantFrom('0 2 * * *', '*/5 * * * 1-5'),
    spreadSeconds: fc.constantFrom(0, 900),
    tokens: fc.record({ InvoiceNumber: value, ipAddress: value }, { requiredKeys: ['InvoiceNumber'] }),
    leftOut: fc.constantFrom<string[]>([], ['variables'], ['schedules'], ['commands', 'schedules']),
  })
  .map(({ body, cron, spreadSeconds, tokens, leftOut, ...integration }) => {
    const commands = {
      GetInvoiceImage: {
        request: {
          method: 'POST',
          url: 'https://acme.example/',
          headers: [{ key: 'Content-Type', value: 'text/plain' }],
          body: body.replaceAll('{{', '{ {'),
        },
      },
    } as const;
    const schedules = { nightly: { command: 'GetInvoiceImage', cron, spreadSeconds, items: [{ tokens }] } };
    const sections = Object.entries({ account: 'default', ...integration, commands, schedules });
    return Object.fromEntries(sections.filter(([name]) => !leftOut.includes(name))) as IntegrationEntry;
  });

describe('errand apply and errand export (contract §2)', () => {
  async function apply(text: string): Promise<number> {
    const { wanted, mistakes } = readWanted([{ path: 'x.yaml', text }]);
    const current = await readCurrent(client, wanted.integrations.keys());
    const options = { prune: true, updateSecrets: false, secretOf: () => '' };
    expect([...mistakes, ...checkSecrets(wanted, {}), ...checkWanted(wanted, current, options)]).toEqual([]);
    const steps = planOf(wanted, current, options);
    for (const step of steps) await step.send(client);
    return steps.length;
  }
  const exported = async (id: string) => {
    const integration = await around(client, await client.getIntegration(id));
    return yamlOf({ integrations: { [id]: entryOf(integration, createEnvironmentNames()) } }, ' x');
  };

  it('undo each other, whatever is configured', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(entry, entry, async (first, second) => {
        count += 1;
        const id = `p${count}`;
        await apply(yamlOf({ integrations: { [id]: first } }, ' x'));
        const text = await exported(id);
        expect(await apply(text)).toBe(0);
        await apply(yamlOf({ integrations: { [id]: second } }, ' x'));
        await apply(text);
        expect(await exported(id)).toBe(text);
        expect(await apply(yamlOf({ integrations: { [id]: first } }, ' x'))).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});
