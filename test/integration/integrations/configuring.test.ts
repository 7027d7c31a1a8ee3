import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConfigurations } from '../../../src/integrations/configurations.ts';
import { createPastCommands } from '../../../src/integrations/past-commands.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { createRedactor } from '../../../src/platform/redaction.ts';
import { loadConfiguration, loadPast } from '../../../src/store/configuration.ts';
import { configurationChannel } from '../../../src/store/flow.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { actor, build, command, refused, secretKey } from './building.ts';

const body = (more: object = {}) => ({ name: 'Acme', type: 'custom' as const, ...more });
const page = { limit: 50 };

type AuditRow = {
  account: string | null;
  action: string;
  subject: string;
  details: { version?: number; before?: unknown; after?: unknown };
};

describe('contract §3, §5: configuring integrations', () => {
  let database: TestDatabase;
  let uses: ReturnType<typeof build>['integrations'];

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query(
      'truncate integrations, integration_values, commands, command_versions, command_types, audit_log',
    );
    uses = build(database.pool).integrations;
  });

  const put = (id = 'acme', more: object = {}) => uses.put('*', actor, id, body(more));
  const audit = async () => {
    const { rows } = await database.pool.query<AuditRow>(
      'select account, action, subject_id as subject, details from audit_log order by at, id',
    );
    return rows;
  };
  const version = async (id = 'acme') => {
    const { rows } = await database.pool.query('select configuration_version as v from integrations where id = $1', [
      id,
    ]);
    return rows[0]?.v;
  };

  it('makes, replaces and shows an integration, each change one version and one audit entry', async () => {
    const made = await put('acme', { variables: { companyId: '77' }, limits: { concurrency: 4 } });
    expect(made).toMatchObject({
      id: 'acme',
      account: 'default',
      name: 'Acme',
      type: 'custom',
      status: 'active',
      variables: { companyId: '77' },
      limits: { concurrency: 4 },
      lastSyncAt: null,
      hold: null,
    });
    expect(await version()).toBe(1);
    await put('acme', { variables: { companyId: '77' }, limits: { concurrency: 4 } });
    expect(await version()).toBe(1);
    await put('acme', { variables: { companyId: '78', base: 'https://a.example' } });
    const patched = await uses.patch('*', actor, 'acme', { variables: { companyId: null, other: 'x' } });
    expect(patched).toMatchObject({ variables: { base: 'https://a.example', other: 'x' }, limits: {} });
    expect(await uses.get('*', 'acme')).toEqual(patched);
    expect(await version()).toBe(3);
    const entries = await audit();
    expect(entries.map(({ action }) => action)).toEqual([
      'integration.created',
      'integration.updated',
      'integration.updated',
    ]);
    expect(entries[2]).toEqual({
      account: 'default',
      action: 'integration.updated',
      subject: 'acme',
      details: {
        before: { variables: { base: 'https://a.example', companyId: '78' } },
        after: { variables: { base: 'https://a.example', other: 'x' } },
      },
    });
  });

  it('shows the hint of the secret that was chosen, in lists too, until there is none or another one', async () => {
    const shown = async () => {
      const { shownSecret, shownSecretHint } = await uses.get('*', 'acme');
      const { items } = await uses.list('*', {}, page);
      expect(items[0]).toMatchObject({ shownSecret, shownSecretHint });
      return [shownSecret, shownSecretHint];
    };
    await put();
    expect(await shown()).toEqual([null, null]);
    await put('acme', { shownSecret: 'apiKey' });
    expect(await shown()).toEqual(['apiKey', null]);
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'gckQ5rGz0taJ9xyz' });
    expect(await shown()).toEqual(['apiKey', 'gckQ...9xyz']);
    await uses.patch('*', actor, 'acme', { name: 'Other' });
    await uses.pause('*', actor, 'acme');
    expect(await shown()).toEqual(['apiKey', 'gckQ...9xyz']);
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'too short' });
    expect(await shown()).toEqual(['apiKey', null]);
    await put('acme', { variables: { who: 'a value that is readable' } });
    expect(await shown()).toEqual([null, null]);
    await uses.patch('*', actor, 'acme', { shownSecret: 'who' });
    expect(await shown()).toEqual(['who', null]);
    await uses.patch('*', actor, 'acme', { shownSecret: 'apiKey' });
    expect(await uses.patch('*', actor, 'acme', { shownSecret: null })).toMatchObject({ shownSecret: null });
    const updates = (await audit()).filter(({ action }) => action === 'integration.updated');
    expect(updates[0]?.details).toEqual({ before: { shownSecret: null }, after: { shownSecret: 'apiKey' } });
    expect(updates.at(-1)?.details).toEqual({ before: { shownSecret: 'apiKey' }, after: { shownSecret: null } });
    await put('acme', { shownSecret: 'apiKey' });
    await uses.remove('*', actor, 'acme');
    await put();
    expect(await shown()).toEqual([null, null]);
  });

  it('keeps accounts apart as if the others did not exist', async () => {
    const mine = ['mine'];
    await uses.put('*', actor, 'theirs', body({ account: 'theirs' }));
    expect(await uses.put(mine, actor, 'acme', body())).toMatchObject({ account: 'mine' });
    const missing = await refused(uses.get(mine, 'nothing'));
    expect(missing).toMatchObject({ kind: 'not-found', message: 'There is no integration "nothing".' });
    for (const attempt of [
      () => uses.get(mine, 'theirs'),
      () => uses.put(mine, actor, 'theirs', body()),
      () => uses.patch(mine, actor, 'theirs', {}),
      () => uses.remove(mine, actor, 'theirs'),
      () => uses.secrets.list(mine, 'theirs', page),
      () => uses.secrets.put(mine, actor, 'theirs', 'k', { value: 'a-long-value' }),
      () => uses.commands.list(mine, 'theirs', page),
      () => uses.commands.put(mine, actor, 'theirs', 'GetInvoiceImage', command()),
      () => uses.preview(mine, 'theirs', 'GetInvoiceImage', {}),
    ]) {
      expect(await refused(attempt())).toMatchObject({
        kind: 'not-found',
        message: 'There is no integration "theirs".',
      });
    }
    expect((await uses.list(mine, {}, page)).items.map(({ id }) => id)).toEqual(['acme']);
    expect(await refused(uses.put(mine, actor, 'new', body({ account: 'theirs' })))).toMatchObject({
      kind: 'forbidden',
    });
    expect(await refused(uses.put('*', actor, 'acme', body({ account: 'theirs' })))).toMatchObject({
      kind: 'conflict',
    });
    expect(await version('new')).toBeUndefined();
  });

  it('deletes everything of an integration, and goes on with its versions if it comes back', async () => {
    await put('acme', { account: 'mine', variables: { companyId: '77' } });
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'a-long-value' });
    await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command());
    await uses.remove('*', actor, 'acme');
    expect(await refused(uses.get('*', 'acme'))).toMatchObject({ kind: 'not-found' });
    const { rows } = await database.pool.query(
      'select count(*)::int as n from integration_values where sealed is not null',
    );
    expect(rows).toEqual([{ n: 0 }]);
    expect(await refused(put('acme', { account: 'other' }))).toMatchObject({ kind: 'conflict' });
    expect(await refused(uses.put(['other'], actor, 'acme', body()))).toMatchObject({ kind: 'not-found' });
    expect(await put('acme', { account: 'mine' })).toMatchObject({ variables: {} });
    expect((await uses.commands.list('*', 'acme', page)).items).toEqual([]);
    expect((await uses.secrets.list('*', 'acme', page)).items).toEqual([]);
    expect(await version()).toBe(5);
    const saved = await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command());
    expect(saved.version).toBe(2);
  });

  it('pages newest first and refuses a cursor that is not of this list', async () => {
    for (const id of ['a1', 'b2', 'c3', 'd4', 'e5']) await put(id, { name: id.startsWith('c') ? 'Special' : 'Acme' });
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const next = await uses.list('*', {}, cursor === undefined ? { limit: 2 } : { limit: 2, cursor });
      seen.push(...next.items.map(({ id }) => id));
      cursor = next.nextCursor;
    }
    expect(seen).toEqual(['e5', 'd4', 'c3', 'b2', 'a1']);
    expect((await uses.list('*', { q: 'SPEC' }, page)).items.map(({ id }) => id)).toEqual(['c3']);
    expect((await uses.list('*', { status: 'paused' }, page)).items).toEqual([]);
    for (const cursor of ['!', 'AAAA', Buffer.from("x'; drop").toString('base64url')]) {
      const refusal = await refused(uses.list('*', {}, { limit: 2, cursor }));
      expect(refusal).toMatchObject({ kind: 'invalid', errors: [{ path: 'cursor' }] });
    }
  });

  it('keeps secrets in, and shows only a hint of the long ones', async () => {
    await put();
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'gckQ-0123456789-taJ9' });
    await uses.secrets.put('*', actor, 'acme', 'short', { value: 'fifteen-letters' });
    const { items } = await uses.secrets.list('*', 'acme', page);
    expect(items).toMatchObject([
      { name: 'apiKey', hint: 'gckQ...taJ9' },
      { name: 'short', hint: null },
    ]);
    const stored = JSON.stringify((await database.pool.query('select * from integration_values')).rows);
    expect(stored + JSON.stringify(await audit())).not.toContain('0123456789');
    await uses.secrets.remove('*', actor, 'acme', 'short');
    expect(await refused(uses.secrets.remove('*', actor, 'acme', 'short'))).toMatchObject({ kind: 'not-found' });
    for (const [name, value] of [
      ['k', 'seven77'],
      ['errand.x', 'a-long-value'],
      ['{x}', 'a-long-value'],
    ] as const) {
      expect(await refused(uses.secrets.put('*', actor, 'acme', name, { value: value }))).toMatchObject({
        kind: 'invalid',
      });
    }
  });

  it('gives one name one value', async () => {
    await put('acme', { variables: { base: 'x' } });
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'a-long-value' });
    expect(await refused(uses.secrets.put('*', actor, 'acme', 'base', { value: 'a-long-value' }))).toMatchObject({
      kind: 'conflict',
      errors: [{ path: 'name' }],
    });
    expect(await refused(put('acme', { variables: { apiKey: 'x' } }))).toMatchObject({
      kind: 'conflict',
      errors: [{ path: 'variables.apiKey', message: '"apiKey" is a secret of this integration' }],
    });
    await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command());
    expect(await refused(uses.secrets.put('*', actor, 'acme', 'auth token', { value: 'a-long-value' }))).toMatchObject({
      kind: 'conflict',
    });
    const refusal = await refused(uses.patch('*', actor, 'acme', { variables: { ipAddress: '1' } }));
    expect(refusal.errors[0]?.message).toContain('GetInvoiceImage');
  });

  it('does not let go of a value that a command uses', async () => {
    await put('acme', { variables: { base: 'https://a.example', spare: 'x' } });
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'a-long-value' });
    await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command('{{base}}/{{InvoiceNumber}}?k={{apiKey}}'));
    for (const attempt of [() => put(), () => uses.secrets.remove('*', actor, 'acme', 'apiKey')]) {
      const refusal = await refused(attempt());
      expect(refusal).toMatchObject({ kind: 'conflict' });
      expect(refusal.message).toContain('GetInvoiceImage');
    }
    await uses.patch('*', actor, 'acme', { variables: { spare: null } });
    await uses.commands.remove('*', actor, 'acme', 'GetInvoiceImage');
    await uses.secrets.remove('*', actor, 'acme', 'apiKey');
    await put();
  });

  it('saves commands as versions and refuses what could never run', async () => {
    await put();
    const first = await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command());
    expect(first).toMatchObject({ name: 'GetInvoiceImage', version: 1, request: { method: 'GET' } });
    const same = await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command());
    expect(same).toEqual(first);
    const second = await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command('https://b.example/'));
    expect(second.version).toBe(2);
    expect(await uses.commands.get('*', 'acme', 'GetInvoiceImage')).toEqual(second);
    await uses.commands.remove('*', actor, 'acme', 'GetInvoiceImage');
    expect(await refused(uses.commands.get('*', 'acme', 'GetInvoiceImage'))).toMatchObject({ kind: 'not-found' });
    expect(await version()).toBe(4);
    const save = (name: string, definition = command()) =>
      refused(uses.commands.put('*', actor, 'acme', name, definition));
    expect((await save('getinvoiceimage')).message).toContain('Did you mean "GetInvoiceImage"?');
    expect((await save('Nothing')).message).toContain('There are "GetInvoiceImage", "LoginWithToken"');
    const headers = [{ key: 'if-none-match', value: '"mine"' }];
    const wrong = await save('GetInvoiceImage', {
      request: { ...command('https://a.example/{{invoiceNumber}}').request, headers },
      conditional: true,
      accept: { statuses: [200, 404], absentStatuses: [404] },
      retry: { batch: { baseMs: 100, maxMs: 10 } },
    });
    expect(wrong.kind).toBe('invalid');
    expect(wrong.errors.map(({ path }) => path)).toEqual([
      'request.url',
      'accept.absentStatuses.0',
      'conditional',
      'retry.batch.maxMs',
    ]);
    expect((await audit()).map(({ action, details }) => `${action} ${details.version ?? ''}`)).toEqual([
      'integration.created ',
      'command.saved 1',
      'command.saved 2',
      'command.deleted 2',
    ]);
  });

  it('tells every process at commit', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`listen ${configurationChannel}`);
      const told = new Promise<string[]>((resolve) => {
        const payloads: string[] = [];
        client.on('notification', ({ payload }) => {
          payloads.push(payload ?? '');
          if (payload === '*') resolve(payloads);
        });
      });
      await put();
      await refused(put('acme', { variables: { base: 'x' }, account: 'other' }));
      await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'a-long-value' });
      await uses.commandTypes.put('*', actor, 'ListInvoices', { tokens: [] });
      expect(await told).toEqual(['acme', 'acme', '*']);
    } finally {
      await client.end();
    }
  });

  it('takes changes that come at the same time one after the other', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `name ${index}`);
    await Promise.all(names.map((name) => put('acme', { name, variables: { who: name } })));
    expect(await version()).toBe(8);
    const now = await uses.get('*', 'acme');
    expect(now.variables.who).toBe(now.name);
    const versions = await Promise.all(
      names.map((name) =>
        uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command(`https://${name.at(-1)}.example/`)),
      ),
    );
    expect(versions.map((saved) => saved.version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { rows } = await database.pool.query('select count(*)::int as n from integration_values where until is null');
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('writes no secret into the audit log, even one that was typed into a template or a variable', async () => {
    await put();
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'a-long "value"' });
    await put('acme', { variables: { copy: 'x a-long "value" y' } });
    await uses.commands.put(
      '*',
      actor,
      'acme',
      'GetInvoiceImage',
      command('https://a.example/?k=a-long%20%22value%22'),
    );
    await uses.remove('*', actor, 'acme');
    const entries = await audit();
    expect(entries[2]?.details.after).toEqual({ variables: { copy: 'x *** y' } });
    expect(entries[3]?.details.after).toEqual(command('https://a.example/?k=***'));
    expect(JSON.stringify(entries)).not.toContain('a-long');
  });

  it('lets an admin add command types, as long as no saved command suffers', async () => {
    const type = { tokens: [{ name: 'Since' }, { name: 'Page', required: true }] };
    expect(await uses.commandTypes.put('*', actor, 'ListInvoices', type)).toEqual({
      name: 'ListInvoices',
      builtIn: false,
      ...type,
    });
    expect((await uses.commandTypes.list(['x'], page)).items.map(({ name }) => name)).toEqual([
      'GetInvoiceImage',
      'ListInvoices',
      'LoginWithToken',
    ]);
    await put('acme', { variables: { base: 'x' } });
    await uses.commands.put('*', actor, 'acme', 'ListInvoices', command('https://a.example/?s={{Since}}'));
    const change = (
      tokens: { name: string; required?: boolean; aliasOf?: string }[],
      scope: '*' | string[] = '*',
      name = 'ListInvoices',
    ) => refused(uses.commandTypes.put(scope, actor, name, { tokens }));
    expect(await change([], ['x'])).toMatchObject({ kind: 'forbidden' });
    expect(await change([], '*', 'GetInvoiceImage')).toMatchObject({ kind: 'conflict' });
    for (const tokens of [
      [{ name: 'Page' }],
      [{ name: 'Since', required: true }],
      [{ name: 'Since', aliasOf: 'Page' }, { name: 'Page' }],
      [{ name: 'Since' }, { name: 'base' }],
    ]) {
      const refusal = await change(tokens);
      expect(refusal.kind).toBe('conflict');
      expect(refusal.errors[0]?.message).toContain('acme/ListInvoices');
    }
    expect((await change([{ name: 'Since' }, { name: 'More' }])).message).toBe('was not refused');
  });

  it('loads one configuration to run, and past ones to show', async () => {
    const [old, young] = [secretKey('old'), secretKey('young')];
    uses = build(database.pool, [old]).integrations;
    await put('acme', { variables: { base: 'https://one.example' } });
    await uses.secrets.put('*', actor, 'acme', 'apiKey', { value: 'a-long-value' });
    await uses.commands.put('*', actor, 'acme', 'GetInvoiceImage', command('{{base}}/{{InvoiceNumber}}?k={{apiKey}}'));
    await put('acme', { variables: { base: 'https://two.example' } });
    const cacheWith = (keys: (typeof old)[]) =>
      createConfigurations({
        load: (id) => loadConfiguration(database.pool, id),
        sealer: createSealer(keys),
        createRedactor,
      });
    const configuration = await cacheWith([young, old]).get('acme');
    expect(configuration).toMatchObject({ version: 4, account: 'default' });
    expect(configuration?.secrets.get('apiKey')).toBe('a-long-value');
    expect(configuration?.variables.get('base')).toBe('https://two.example');
    expect(configuration?.commands.get('GetInvoiceImage')?.version).toBe(1);
    expect(configuration?.redact('x a-long-value')).toBe('x ***');
    expect((await cacheWith([young]).get('acme'))?.secrets.get('apiKey')).toBeNull();
    expect(await cacheWith([old]).get('nothing')).toBeNull();
    const past = createPastCommands({ load: (...of) => loadPast(database.pool, ...of) });
    const before = await past.get('acme', 3, 'GetInvoiceImage', 1);
    expect(before?.variables).toEqual(new Map([['base', 'https://one.example']]));
    expect(before?.secrets).toEqual(new Set(['apiKey']));
    expect((await past.get('acme', 4, 'GetInvoiceImage', 1))?.variables.get('base')).toBe('https://two.example');
    expect(await past.get('acme', 4, 'GetInvoiceImage', 2)).toBeNull();
  });
});
