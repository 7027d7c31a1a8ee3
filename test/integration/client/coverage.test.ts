import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../../../src/client/index.ts';
import { adminKey, type RunningApi, startApi } from '../api/support/start-api.ts';

let running: RunningApi;

beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running?.stop());

const body = { integration: 'acme', command: 'GetInvoiceImage' };
const draft = { draft: { request: { method: 'GET', url: 'https://example.com' } } } as const;
const command = draft.draft;

/** Every call that there is: without one of them this does not compile. */
const calls: { [Name in keyof Client]: (client: Client) => unknown } = {
  enqueue: (client) => client.enqueue(body),
  enqueueForBytes: (client) => client.enqueueForBytes(body),
  wait: (client) => client.wait('1'),
  getInvocation: (client) => client.getInvocation('1'),
  listInvocations: (client) => client.listInvocations(),
  retryInvocation: (client) => client.retryInvocation('1'),
  cancelInvocation: (client) => client.cancelInvocation('1'),
  redrive: (client) => client.redrive({ all: true }),
  result: (client) => client.result('1'),
  latest: (client) => client.latest('acme', 'GetInvoiceImage', { InvoiceNumber: 'INV1' }),
  enqueueBatch: (client) => client.enqueueBatch({ ...body, items: [{ tokens: {} }] }),
  batch: (client) => client.batch('1'),
  batches: (client) => client.batches(),
  cancelBatch: (client) => client.cancelBatch('1'),
  batchReport: (client) => client.batchReport('1'),
  exportBatchReport: (client) => client.exportBatchReport('1'),
  waitForBatch: (client) => client.waitForBatch('1'),
  runs: (client) => client.runs(),
  run: (client) => client.run('night'),
  schedules: (client) => client.schedules('acme'),
  schedule: (client) => client.schedule('acme', 'nightly'),
  putSchedule: (client) => client.putSchedule('acme', 'nightly', { command: 'GetInvoiceImage', cron: '0 2 * * *' }),
  deleteSchedule: (client) => client.deleteSchedule('acme', 'nightly'),
  runSchedule: (client) => client.runSchedule('acme', 'nightly'),
  allSchedules: (client) => client.allSchedules(),
  listIntegrations: (client) => client.listIntegrations(),
  getIntegration: (client) => client.getIntegration('acme'),
  putIntegration: (client) => client.putIntegration('acme', { name: 'Acme', type: 'custom' }),
  patchIntegration: (client) => client.patchIntegration('acme', { name: 'Acme' }),
  deleteIntegration: (client) => client.deleteIntegration('acme'),
  pauseIntegration: (client) => client.pauseIntegration('acme'),
  resumeIntegration: (client) => client.resumeIntegration('acme'),
  listSecrets: (client) => client.listSecrets('acme'),
  putSecret: (client) => client.putSecret('acme', 'apiKey', 'a secret value'),
  deleteSecret: (client) => client.deleteSecret('acme', 'apiKey'),
  listCommands: (client) => client.listCommands('acme'),
  getCommand: (client) => client.getCommand('acme', 'GetInvoiceImage'),
  putCommand: (client) => client.putCommand('acme', 'GetInvoiceImage', command),
  checkCommand: (client) => client.checkCommand('acme', 'GetInvoiceImage', draft),
  dryRunCommand: (client) => client.dryRunCommand('acme', 'GetInvoiceImage', draft),
  listCommandVersions: (client) => client.listCommandVersions('acme', 'GetInvoiceImage'),
  getCommandVersion: (client) => client.getCommandVersion('acme', 'GetInvoiceImage', 1),
  deleteCommand: (client) => client.deleteCommand('acme', 'GetInvoiceImage'),
  previewCommand: (client) => client.previewCommand('acme', 'GetInvoiceImage'),
  testCommand: (client) => client.testCommand('acme', 'GetInvoiceImage'),
  listCommandTypes: (client) => client.listCommandTypes(),
  putCommandType: (client) => client.putCommandType('GetThing', { tokens: [] }),
  statistics: (client) => client.statistics(),
  lanes: (client) => client.lanes(),
  problems: (client) => client.problems(),
  acknowledgeProblem: (client) => client.acknowledgeProblem({ ...body, code: 'timeout' }),
  createNotificationEndpoint: (client) =>
    client.createNotificationEndpoint({ url: 'https://ops.example.com/', events: ['batch.finished'] }),
  notificationEndpoints: (client) => client.notificationEndpoints(),
  notificationEndpoint: (client) => client.notificationEndpoint('1'),
  updateNotificationEndpoint: (client) => client.updateNotificationEndpoint('1', { enabled: false }),
  deleteNotificationEndpoint: (client) => client.deleteNotificationEndpoint('1'),
  rotateNotificationSecret: (client) => client.rotateNotificationSecret('1'),
  testNotificationEndpoint: (client) => client.testNotificationEndpoint('1'),
  notifications: (client) => client.notifications(),
  retryNotification: (client) => client.retryNotification('1'),
  callbackSecret: (client) => client.callbackSecret('default'),
  rotateCallbackSecret: (client) => client.rotateCallbackSecret('default'),
  listAudit: (client) => client.listAudit(),
  verifyAudit: (client) => client.verifyAudit(),
  exportAudit: (client) => client.exportAudit(),
  session: (client) => client.session(),
  createPortalSession: (client) => client.createPortalSession({ account: 'north', role: 'configurer' }),
  openPortalSession: (client) => client.openPortalSession('ticket'),
  createKey: (client) => client.createKey({ role: 'producer', accounts: '*' }),
  listKeys: (client) => client.listKeys(),
  revokeKey: (client) => client.revokeKey('1'),
};

/** What the client leaves to others, and why. */
const notOfTheClient = new Map([
  ['GET /healthz', 'for what watches over processes'],
  ['GET /readyz', 'for what watches over processes'],
  ['GET /metrics', 'for what collects metrics'],
]);

describe('contract §3: the client', () => {
  it('has a call for everything that /openapi.json describes', async () => {
    const { paths } = (await running.call('GET', '/openapi.json', { key: null })).json;
    const described = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const patterns = described.map((name) => ({
      name,
      pattern: new RegExp(`^${name.replace(/\{[^}]+\}/g, '[^/]+')}$`),
    }));
    const reached = new Set<string>();
    for (const call of Object.values(calls)) {
      for (const { method, path } of await requestsOf(call)) {
        const fits = patterns.filter(({ pattern }) => pattern.test(`${method} ${path}`)).map(({ name }) => name);
        expect(fits, `${method} ${path}`).not.toEqual([]);
        reached.add(fits.find((name) => name === `${method} ${path}`) ?? (fits[0] as string));
      }
    }
    expect(described.filter((name) => !reached.has(name) && !notOfTheClient.has(name))).toEqual([]);
  });

  it('has the bytes of results: of an invocation, of the newest, and in one call', async () => {
    const client = createClient({ url: running.url, apiKey: adminKey });
    const stored = await client.latest('north', 'GetInvoiceImage', { InvoiceNumber: 'INV0000001' });
    expect(stored).toMatchObject({ contentType: 'application/pdf', ageSeconds: 7, etag: expect.stringMatching(/^"/) });
    expect(new TextDecoder().decode(stored.bytes)).toMatch(/^%PDF-/);
    await expect(client.latest('north', 'GetInvoiceImage', { InvoiceNumber: 'none' })).rejects.toMatchObject({
      type: 'not-found',
    });

    const tokens = { InvoiceNumber: 'INV0000001' };
    const instead = await client.enqueueForBytes(
      { integration: 'north', command: 'GetInvoiceImage', tokens, fallback: 'stored' },
      { waitSeconds: 0 },
    );
    expect(instead).toMatchObject({ storedAgeSeconds: 7, result: { etag: stored.etag } });

    const unended = await client.enqueueForBytes(
      { integration: 'north', command: 'GetInvoiceImage', tokens },
      { waitSeconds: 0 },
    );
    expect(unended).toMatchObject({ result: null, storedAgeSeconds: null });
    running.invocations.end(unended.invocation, { bytes: Buffer.from('%PDF-1.7 new'), contentType: 'application/pdf' });
    const { bytes } = await client.result(unended.invocation);
    expect(new TextDecoder().decode(bytes)).toBe('%PDF-1.7 new');
  });
});

/** What a call asks for, of an API that answers everything at once. */
async function requestsOf(call: (client: Client) => unknown): Promise<{ method: string; path: string }[]> {
  const asked: { method: string; path: string }[] = [];
  const ended = JSON.stringify({ status: 'succeeded', finishedAt: '2026-11-23T02:00:00.000Z' });
  const client = createClient({
    url: running.url,
    apiKey: adminKey,
    retries: 0,
    fetch: async (url, init) => {
      asked.push({ method: init?.method ?? 'GET', path: new URL(String(url)).pathname });
      return new Response(ended, { headers: { 'content-type': 'application/json' } });
    },
  });
  await call(client);
  return asked;
}
