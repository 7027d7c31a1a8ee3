import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running.stop());

const failure = { code: 'unexpected-status', message: 'The server answered 404.', side: 'customer-server' } as const;
const body = { integration: 'north', command: 'GetInvoiceImage', tokens: {} };
const post = (path: string, asked: Parameters<RunningApi['call']>[2] = {}) =>
  running.call('POST', `/v1/invocations/${path}`, asked);
const enqueued = async () => (await running.call('POST', '/v1/invocations', { body })).json.id as string;

describe('contract §3: POST /v1/invocations/{id}/retry', () => {
  it('answers 202 and where it is, or waits for the new end if that is preferred', async () => {
    const id = await enqueued();
    running.invocations.end(id, { failure });
    const retried = await post(`${id}/retry`);
    expect([retried.status, retried.json.status, retried.headers.get('location')]).toEqual([
      202,
      'queued',
      `/v1/invocations/${id}`,
    ]);
    running.invocations.end(id, { failure });
    running.invocations.whenEnqueued(() => setImmediate(() => running.invocations.end(id, 'cancelled')));
    const waited = await post(`${id}/retry`, { headers: { prefer: 'wait=5' } });
    running.invocations.whenEnqueued(() => undefined);
    expect([waited.status, waited.json.status]).toEqual([200, 'cancelled']);
    expect(waited.headers.get('preference-applied')).toBe('wait=5');
  });

  it('is a conflict while it has not ended', async () => {
    const answer = await post(`${await enqueued()}/retry`);
    expect([answer.status, answer.json.type]).toEqual([409, 'urn:errand:problem:conflict']);
  });
});

describe('contract §3: POST /v1/invocations/{id}/cancel', () => {
  it('answers how it stands, and wakes whoever waits for it', async () => {
    const id = await enqueued();
    const waiting = running.call('GET', `/v1/invocations/${id}`, { headers: { prefer: 'wait=30' } });
    await expect.poll(() => running.invocations.waits.some((wait) => wait.id === id)).toBe(true);
    expect(await post(`${id}/cancel`)).toMatchObject({ status: 200, json: { id, status: 'cancelled' } });
    expect((await waiting).json.status).toBe('cancelled');
    expect((await post(`${id}/cancel`)).status).toBe(409);
  });
});

describe('contract §3: what needs no body', () => {
  it.each(['retry', 'cancel'])('takes an empty object for %s, but no field', async (act) => {
    for (const [raw, status] of [
      ['{}', 404],
      ['{"force": true}', 422],
      ['[]', 422],
      ['{', 400],
    ] as const) {
      expect((await post(`01890000-0000-7000-8000-000000000000/${act}`, { raw })).status).toBe(status);
    }
  });
});

describe('contract §3: POST /v1/invocations/redrive', () => {
  it.each([
    [{}, ''],
    [{ dryRun: true }, ''],
    [{ all: false }, ''],
    [{ codes: [] }, 'codes'],
    [{ codes: ['nonsense'] }, 'codes.0'],
    [{ side: 'response' }, 'side'],
    [{ ids: [] }, 'ids'],
    [{ ids: ['1'] }, 'ids.0'],
    [{ since: 'yesterday' }, 'since'],
    [{ batch: 'x' }, 'batch'],
    [{ all: 'yes' }, 'all'],
    [{ integration: '\u0000' }, 'integration'],
    [{ command: '\u0000' }, 'command'],
    [{ run: '\u0000' }, 'run'],
  ])('refuses %j', async (asked, path) => {
    const answer = await post('redrive', { body: asked });
    expect([answer.status, answer.json.errors[0].path]).toEqual([422, path]);
  });

  it.each([
    { all: true },
    { integration: 'north' },
    { command: 'GetInvoiceImage' },
    { codes: ['timeout'] },
    { side: 'credentials' },
    { ids: ['01890000-0000-7000-8000-000000000000'] },
    { since: '2026-01-01T00:00:00Z' },
    { until: '2026-01-01T00:00:00+02:00', dryRun: true },
  ])('takes %j', async (asked) => {
    const answer = await post('redrive', { body: asked });
    expect([answer.status, Object.keys(answer.json)]).toEqual([200, ['matched', 'redriven']]);
  });
});

describe('contract §3: GET /v1/audit', () => {
  it('finds by every filter', async () => {
    const from = new Date(Date.now() - 60_000).toISOString();
    await running.call('PUT', '/v1/integrations/filtered', { body: { account: 'west', name: 'F', type: 'custom' } });
    const operator = await running.keyFor('operator');
    await running.call('POST', '/v1/integrations/filtered/pause', { key: operator });
    const { items } = (await running.call('GET', '/v1/audit?subject=integration:filtered')).json;
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'integration.paused',
      'integration.created',
    ]);
    const paused = items[0].id;
    const found = async (query: string) =>
      (await running.call('GET', `/v1/audit?limit=200&${query}`)).json.items.map(({ id }: { id: string }) => id);
    const actor = items[0].actor.id;
    const cases: [string, boolean][] = [
      ['account=west', true],
      ['account=north', false],
      ['subject=filtered', true],
      ['subject=command:filtered', false],
      ['action=integration.paused', true],
      ['action=integration.resumed', false],
      [`actor=${actor}`, true],
      ['actor=a%20operator', true],
      ['actor=nobody', false],
      [`since=${from}`, true],
      [`until=${from}`, false],
      [`since=${from}&until=2099-01-01T00:00:00Z&actor=${actor}&account=west&action=integration.paused`, true],
    ];
    for (const [query, there] of cases) expect([query, (await found(query)).includes(paused)]).toEqual([query, there]);
  });
});
