import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
  await running.call('PUT', '/v1/command-types/ListInvoices', { body: { tokens: [{ name: 'Kind' }] } });
  await running.call('PUT', '/v1/integrations/acme', {
    body: { name: 'Acme', type: 'custom', variables: { companyId: '7' } },
  });
  await running.call('PUT', '/v1/integrations/acme/secrets/apiKey', { body: { value: 'a-secret-value-of-acme' } });
  await save('GetInvoiceImage', 'https://example.com/{{companyId}}/{{InvoiceNumber}}');
  await save('ListInvoices', 'https://example.com/list?since={{errand.since}}');
});
afterAll(() => running.stop());

const save = (command: string, url: string) =>
  running.call('PUT', `/v1/integrations/acme/commands/${command}`, { body: { request: { method: 'GET', url } } });
const put = (name: string, body: object) => running.call('PUT', `/v1/integrations/acme/schedules/${name}`, { body });
const items = [{ tokens: { InvoiceNumber: 'INV1' } }];
const source = { command: 'ListInvoices', itemsPointer: '/invoices', map: { InvoiceNumber: '/number' } };
const base = { command: 'GetInvoiceImage', cron: '0 2 * * *' };

it('contract §3: saves a schedule, shows, lists, runs and deletes it', async () => {
  const body = {
    ...base,
    timezone: 'America/Chicago',
    spreadSeconds: 900,
    finishWithinSeconds: 18_000,
    source: {
      ...source,
      tokens: {},
      next: { pointer: '/next' },
      initialSince: '2026-01-01T00:00:00Z',
      overlapSeconds: 300,
    },
  };
  const saved = await put('nightly', body);
  expect(saved.status).toBe(200);
  expect(saved.json).toEqual({
    name: 'nightly',
    ...body,
    enabled: true,
    items: null,
    nextRunAt: expect.any(String),
    lastRun: null,
  });
  const delay = (Date.parse(saved.json.nextRunAt) / 1000) % 3600;
  expect(delay).toBeLessThanOrEqual(900);
  expect((await running.call('GET', '/v1/integrations/acme/schedules/nightly')).json).toEqual(saved.json);
  const { json: list } = await running.call('GET', '/v1/integrations/acme/schedules');
  expect(list).toEqual({ items: [saved.json], nextCursor: null });

  const ran = await running.call('POST', '/v1/integrations/acme/schedules/nightly/run');
  expect(ran.status).toBe(202);
  expect(ran.json).toMatchObject({ nextRunAt: saved.json.nextRunAt, lastRun: { outcome: 'running', batch: null } });
  expect((await running.call('POST', '/v1/integrations/acme/schedules/nightly/run')).status).toBe(409);

  expect((await running.call('DELETE', '/v1/integrations/acme/schedules/nightly')).status).toBe(204);
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/run'],
  ] as const) {
    const gone = await running.call(method, `/v1/integrations/acme/schedules/nightly${path}`);
    expect(gone.status).toBe(404);
    expect(gone.json.detail).toBe('Integration "acme" has no schedule "nightly".');
  }
  const { json: audit } = await running.call('GET', '/v1/audit?subject=schedule:acme/nightly');
  expect(audit.items.map(({ action }: { action: string }) => action)).toEqual([
    'schedule.deleted',
    'schedule.started',
    'schedule.saved',
  ]);
});

it('fills in what is left out, and says in the audit log what was changed', async () => {
  const saved = await put('plain', { ...base, items });
  expect(saved.json).toMatchObject({
    timezone: 'UTC',
    enabled: true,
    spreadSeconds: 0,
    finishWithinSeconds: null,
    items,
    source: null,
  });
  // Saving the same again changes nothing.
  expect((await put('plain', { ...base, items })).json).toEqual(saved.json);
  const reference = 'a-secret-value-of-acme';
  expect(
    (await put('plain', { ...base, items: [{ ...items[0], reference }], enabled: false })).json.nextRunAt,
  ).toBeNull();
  const { json: audit } = await running.call('GET', '/v1/audit?subject=schedule:acme/plain');
  expect(audit.items.map(({ details }: { details: object }) => details)).toMatchObject([
    { before: { enabled: true, items }, after: { enabled: false, items: [{ reference: '***' }] } },
    { before: null, after: { cron: '0 2 * * *', items } },
  ]);
});

it('is listed by name, in pages', async () => {
  for (const name of ['b', 'a', 'c']) await put(`page-${name}`, { ...base, items });
  const names = [];
  let cursor = '';
  do {
    const { json } = await running.call('GET', `/v1/integrations/acme/schedules?limit=2${cursor}`);
    names.push(...json.items.map(({ name }: { name: string }) => name));
    cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`;
  } while (cursor !== '');
  expect(names.filter((name) => name.startsWith('page-'))).toEqual(['page-a', 'page-b', 'page-c']);
});

it.each<[string, object, string, string]>([
  ['neither items nor a source', {}, 'items', 'is required, or source'],
  ['both', { items, source }, 'items', 'must be left out'],
  ['no items', { items: [] }, 'items', 'must not be empty'],
  ['a bad cron expression', { items, cron: '0 25 * * *' }, 'cron', 'expected range 0-23'],
  ['seconds', { items, cron: '0 0 2 * * *' }, 'cron', 'Seconds are not offered'],
  ['a day that never comes', { items, cron: '0 2 31 2 *' }, 'cron', 'no day'],
  ['a bad zone', { items, timezone: 'America/Chigaco' }, 'timezone', 'Did you mean "America/Chicago"?'],
  ['an unknown command', { items, command: 'GetInvoice' }, 'command', 'it has "GetInvoiceImage", "ListInvoices"'],
  ['a source as command', { items, command: 'ListInvoices' }, 'command', "which only a schedule's source has"],
  ['a token that is missing', { items: [...items, { tokens: {} }] }, 'items.1.tokens.InvoiceNumber', 'is required'],
  [
    'a token that is none',
    { items: [{ tokens: { InvoiceNumber: 1, Number: 2 } }] },
    'items.0.tokens.Number',
    'is not a token',
  ],
  [
    'a sensitive value',
    { items: [{ tokens: { InvoiceNumber: 1, authToken: 'x' } }] },
    'items.0.tokens.authToken',
    'is sensitive',
  ],
  [
    'an unknown source',
    { source: { ...source, command: 'List' } },
    'source.command',
    'it has "GetInvoiceImage", "ListInvoices"',
  ],
  ['a map without what is needed', { source: { ...source, map: {} } }, 'source.map.InvoiceNumber', 'is required'],
  [
    'a map of a variable',
    { source: { ...source, map: { ...source.map, companyId: '/c' } } },
    'source.map.companyId',
    'is a variable',
  ],
  [
    'a name and its alias',
    { source: { ...source, map: { InvoiceNumber: '/a', invoicenumber: '/b' } } },
    'source.map.invoicenumber',
    'is the same token',
  ],
  [
    'a bad pointer',
    { source: { ...source, itemsPointer: 'invoices' } },
    'source.itemsPointer',
    'must be a JSON Pointer',
  ],
  [
    'a token of the source',
    { source: { ...source, tokens: { 'errand.since': 'x' } } },
    'source.tokens.errand.since',
    'filled in by Errand itself',
  ],
  ['a time without a zone', { source: { ...source, initialSince: '2026-01-01' } }, 'source.initialSince', 'ISO 8601'],
  ['an unknown field', { items, spread: 5 }, 'spread', 'is not known here'],
])('refuses %s, naming the field', async (_, body, path, message) => {
  const answer = await put('wrong', { ...base, ...body });
  expect(answer.status).toBe(422);
  expect(answer.json.errors).toContainEqual({ path, message: expect.stringContaining(message) });
});

it('refuses a name that cannot stand in a label', async () => {
  const answer = await put('every%20night', { ...base, items });
  expect(answer.json.errors).toEqual([{ path: 'name', message: expect.stringContaining('must be 1 to 64') }]);
});

it('refuses errand.lastSync in a source, with the reason', async () => {
  await running.call('PUT', '/v1/command-types/ListByLastSync', { body: { tokens: [] } });
  await save('ListByLastSync', 'https://example.com/list?since={{errand.lastSync}}');
  const { json } = await put('wrong', { ...base, source: { ...source, command: 'ListByLastSync' } });
  expect(json.errors).toEqual([
    {
      path: 'source.command',
      message:
        'ListByLastSync uses {{errand.lastSync}}, which moves with every success: after a click at noon, what had ' +
        'changed before it would be skipped at night. Use {{errand.since}}',
    },
  ]);
});

it('asks where the next page is named, if the command has a place for it', async () => {
  await running.call('PUT', '/v1/command-types/ListPages', { body: { tokens: [] } });
  await save('ListPages', 'https://example.com/list?page={{errand.next}}');
  const paged = { ...source, command: 'ListPages' };
  const { json } = await put('wrong', { ...base, source: paged });
  expect(json.errors).toEqual([{ path: 'source.next', message: expect.stringContaining('uses {{errand.next}}') }]);
  expect((await put('paged', { ...base, source: { ...paged, next: { pointer: '/next' } } })).status).toBe(200);
});

it('shows in a preview what a source would ask for', async () => {
  const { json } = await running.call('POST', '/v1/integrations/acme/commands/ListInvoices/preview', {
    body: { tokens: {} },
  });
  expect(json.url).toMatch(/^https:\/\/example\.com\/list\?since=\d{4}-\d\d-\d\dT/);
});

it('contract §3: lists the schedules of all integrations, by integration and name, within the accounts of the key', async () => {
  const request = { method: 'GET', url: 'https://example.com/{{InvoiceNumber}}' };
  for (const [id, account] of [
    ['alpha', 'north'],
    ['beta', 'south'],
    ['gone', 'north'],
  ]) {
    await running.call('PUT', `/v1/integrations/${id}`, { body: { account, name: id, type: 'custom' } });
    await running.call('PUT', `/v1/integrations/${id}/commands/GetInvoiceImage`, { body: { request } });
    for (const name of ['weekly', 'B.2', 'daily']) {
      const path = `/v1/integrations/${id}/schedules/${name}`;
      expect((await running.call('PUT', path, { body: { ...base, items } })).status).toBe(200);
    }
  }
  await running.call('DELETE', '/v1/integrations/gone');
  const listed = async (query: string, key?: string) => {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const next = cursor === '' ? '' : `&cursor=${cursor}`;
      const { json } = await running.call(
        'GET',
        `/v1/schedules?limit=2${query}${next}`,
        key === undefined ? {} : { key },
      );
      for (const { integration, name } of json.items) found.push(`${integration}/${name}`);
      cursor = json.nextCursor;
    }
    return found;
  };
  const of = (id: string) => ['B.2', 'daily', 'weekly'].map((name) => `${id}/${name}`);
  expect([...(await listed('&account=north')), ...(await listed('&integration=beta'))].sort()).toEqual([
    ...of('alpha'),
    ...of('beta'),
  ]);
  const all = (await listed('')).filter((each) => !each.startsWith('acme/'));
  expect(all.toSorted()).toEqual([...of('alpha'), ...of('beta')]);
  expect(all.map((each) => each.split('/')[0])).toEqual([...Array(3).fill('alpha'), ...Array(3).fill('beta')]);
  const south = await running.keyFor('configurer', ['south']);
  expect((await listed('', south)).sort()).toEqual(of('beta'));
  expect(await listed('&integration=alpha', south)).toEqual([]);
  const { json } = await running.call('GET', '/v1/schedules?integration=alpha&limit=1');
  const { integration: _, ...own } = json.items[0];
  expect((await running.call('GET', `/v1/integrations/alpha/schedules/${own.name}`)).json).toEqual(own);
  expect((await running.call('GET', '/v1/schedules?cursor=bm9uZQ')).status).toBe(422);
});
