import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../src/client/http.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
let ann: string;
let elsewhere: string;
const path = '/v1/integrations/acme/commands/GetInvoiceImage';
const draft = (name: string) => ({ request: { method: 'GET', url: `https://${name}.example/{{InvoiceNumber}}` } });
const changed = 'urn:errand:problem:changed-meanwhile';

beforeAll(async () => {
  running = await startApi();
  ann = await running.keyFor('configurer', ['north']);
  elsewhere = await running.keyFor('admin', ['south']);
});
afterAll(() => running.stop());
beforeEach(async () => {
  await running.pool.query('truncate integrations, commands, command_versions');
  await running.call('PUT', '/v1/integrations/acme', { body: { account: 'north', name: 'Acme', type: 'custom' } });
});

const save = (name: string, match?: string, key?: string) =>
  running.call('PUT', path, {
    body: draft(name),
    ...(match === undefined ? {} : { headers: { 'if-match': match } }),
    ...(key === undefined ? {} : { key }),
  });
const saveNew = (name: string) => running.call('PUT', path, { body: draft(name), headers: { 'if-none-match': '*' } });
const get = (at = '', key?: string) => running.call('GET', path + at, key === undefined ? {} : { key });

describe('contract §3: If-Match on a command', () => {
  it('saves what is still the version that its author saw', async () => {
    await save('one');
    const etag = (await get()).headers.get('etag') ?? '';
    expect(etag).toBe('"1"');
    expect((await save('two', etag)).json.version).toBe(2);
    expect((await get()).headers.get('etag')).toBe('"2"');
    expect((await save('three', '"7", "2"')).json.version).toBe(3);
    expect((await save('four', '*')).json.version).toBe(4);
    expect((await save('five')).json.version).toBe(5);
  });

  it('is refused where somebody else has saved meanwhile, saying who', async () => {
    await save('one');
    await save('two', undefined, ann);
    for (const stale of ['"1"', 'W/"2"', '"nothing"']) {
      const answer = await save('three', stale);
      expect([answer.status, answer.json.type]).toEqual([412, changed]);
      expect(answer.json.detail).toMatch(
        /newest version of command "GetInvoiceImage" is 2, saved by key "a configurer" at 20/,
      );
    }
    expect((await get()).json).toMatchObject({ ...draft('two'), version: 2 });
  });

  it('is refused where the command is not there', async () => {
    for (const match of ['*', '"1"']) {
      const answer = await save('one', match);
      expect([answer.status, answer.json.type]).toEqual([412, changed]);
      expect(answer.json.detail).toContain('has no command "GetInvoiceImage"');
    }
    await save('one');
    await running.call('DELETE', path);
    for (const match of ['*', '"1"']) {
      const answer = await save('two', match);
      expect([answer.status, answer.json.detail]).toEqual([412, expect.stringMatching(/was deleted.*version was 1/)]);
    }
    expect((await save('two')).json.version).toBe(2);
  });

  it('lets a save be repeated whose answer was lost', async () => {
    await save('one');
    expect((await save('two', '"1"')).json.version).toBe(2);
    const again = await save('two', '"1"');
    expect([again.status, again.json.version]).toEqual([200, 2]);
  });

  it('refuses what is no If-Match, and what is wrong in itself first', async () => {
    await save('one');
    const broken = await save('two', '1');
    expect([broken.status, broken.json.errors[0].path]).toEqual([422, 'if-match']);
    const wrong = await running.call('PUT', path, { body: draft('{{x}}'), headers: { 'if-match': '"9"' } });
    expect([wrong.status, wrong.json.errors[0].path]).toEqual([422, 'request.url']);
    expect(
      (await running.call('PUT', path, { body: draft('two'), headers: { 'if-match': '"1"' }, key: elsewhere })).status,
    ).toBe(404);
  });

  it('lets one of those win who save at the same time', async () => {
    await save('one');
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = await Promise.all(names.map((name) => save(name, '"1"')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    const winner = names[answers.findIndex(({ status }) => status === 200)] ?? '';
    expect((await get()).json).toMatchObject({ ...draft(winner), version: 2 });
    expect((await get('/versions')).json.items).toHaveLength(2);
  });
});

describe('contract §3: If-None-Match on a command', () => {
  it('lets one of those win who make it at the same time', async () => {
    const names = ['a', 'b'];
    const answers = await Promise.all(names.map(saveNew));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const winner = names[answers.findIndex(({ status }) => status === 200)] ?? '';
    const refused = answers.find(({ status }) => status === 412)?.json;
    expect(refused).toMatchObject({ type: changed, detail: expect.stringContaining('is 1, saved by') });
    expect((await get()).json).toMatchObject({ ...draft(winner), version: 1 });
    expect((await get('/versions')).json.items).toHaveLength(1);
  });

  it('lets what was deleted be made again, and a save be repeated whose answer was lost', async () => {
    await save('one');
    expect((await saveNew('two')).status).toBe(412);
    await running.call('DELETE', path);
    expect((await saveNew('two')).json.version).toBe(2);
    const again = await saveNew('two');
    expect([again.status, again.json.version]).toEqual([200, 2]);
  });

  it("is the client's `ifVersion: null`", async () => {
    const client = createHttpClient({ url: running.url, apiKey: await running.keyFor('admin', ['north']) });
    const body = { request: { method: 'GET', url: 'https://one.example/' } } as const;
    expect((await client.putCommand('acme', 'GetInvoiceImage', body, { ifVersion: null })).version).toBe(1);
    const other = { request: { method: 'GET', url: 'https://two.example/' } } as const;
    await expect(client.putCommand('acme', 'GetInvoiceImage', other, { ifVersion: null })).rejects.toMatchObject({
      status: 412,
    });
  });
});

describe("contract §3: a command's versions", () => {
  it('are listed, newest first, with who saved them', async () => {
    await save('one');
    await save('two', undefined, ann);
    await save('two');
    await save('three');
    const { items, nextCursor } = (await get('/versions')).json;
    expect(nextCursor).toBeNull();
    expect(items).toMatchObject([
      { version: 3, current: true, savedBy: { name: 'ERRAND_ADMIN_KEY' } },
      { version: 2, current: false, savedBy: { type: 'key', name: 'a configurer' } },
      { version: 1, current: false },
    ]);
    const first = (await get('/versions?limit=2')).json;
    const rest = (await get(`/versions?limit=2&cursor=${first.nextCursor}`)).json;
    expect([...first.items, ...rest.items]).toEqual(items);
    expect(rest.nextCursor).toBeNull();
  });

  it('are as they were saved', async () => {
    const { updatedAt } = (await save('one', undefined, ann)).json;
    await save('two');
    expect((await get('/versions/1')).json).toMatchObject({
      name: 'GetInvoiceImage',
      ...draft('one'),
      version: 1,
      updatedAt,
      savedBy: { name: 'a configurer' },
    });
    for (const version of ['3', '0', '01', 'x', '99999999999']) {
      const answer = await get(`/versions/${version}`);
      expect([answer.status, answer.json.detail]).toEqual([404, expect.stringContaining('its newest is 2')]);
    }
  });

  it('outlive the command, none of them current', async () => {
    await save('one');
    await running.call('DELETE', path);
    expect((await get('/versions')).json.items).toMatchObject([{ version: 1, current: false }]);
    expect((await get('/versions/1')).json).toMatchObject(draft('one'));
    await save('two');
    expect((await get('/versions')).json.items).toMatchObject([
      { version: 2, current: true },
      { version: 1, current: false },
    ]);
  });

  it('are not there where there is no such command, or for other accounts', async () => {
    for (const at of ['/versions', '/versions/1']) {
      expect((await get(at)).status).toBe(404);
      await save('one');
      expect((await get(at, elsewhere)).status).toBe(404);
      expect((await get(at, ann)).status).toBe(200);
      await running.pool.query('truncate commands, command_versions');
    }
    await save('one');
    await running.call('DELETE', '/v1/integrations/acme');
    expect((await get('/versions')).status).toBe(404);
  });
});
