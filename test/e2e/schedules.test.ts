import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Schedule } from '../../src/contract/schedule.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

const apiKey = 'gckQ-a-real-secret-taJ9';

describe.each(queueBackends())('a schedule with a source, on $name (contract §3, §5)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let elsewhere: Endpoint;
  let answer: (request: LoggedRequest) => { status: number; body: unknown };

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => {
      if (request.url.startsWith('/image/')) return void response.end('an invoice');
      const { status, body } = answer(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    elsewhere = await startEndpoint((_, response) => void response.end('{}'));
    await errand.worker('batch');
    await errand.client.putCommandType('ListInvoices', { tokens: [] });
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putSecret('acme', 'apiKey', apiKey);
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      request: { method: 'GET', url: '{{baseUrl}}/image/{{InvoiceNumber}}' },
      accept: { contentTypes: ['*/*'] },
    });
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
    await elsewhere?.close();
  });
  beforeEach(() => {
    endpoint.requests.length = 0;
  });

  const api = async (method: string, path: string, body?: object): Promise<Schedule> => {
    const response = await fetch(`${errand.url}/v1/integrations/acme/schedules${path}`, {
      method,
      headers: { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(json));
    return json as Schedule;
  };
  const list = (url: string) =>
    errand.client.putCommand('acme', 'ListInvoices', {
      request: { method: 'GET', url, headers: [{ key: 'Authorization', value: 'Bearer {{apiKey}}' }] },
      retry: { baseMs: 1, maxMs: 1 },
    });
  const run = async (name: string) => {
    await api('PUT', `/${name}`, {
      command: 'GetInvoiceImage',
      cron: '0 2 * * *',
      source: {
        command: 'ListInvoices',
        itemsPointer: '/invoices',
        map: { InvoiceNumber: '/number' },
        next: { pointer: '/next' },
        initialSince: '2026-01-01T00:00:00Z',
      },
    });
    await api('POST', `/${name}/run`);
  };
  /** What the batch of the schedule's run was of, once it has ended. */
  async function collected(name: string): Promise<unknown[]> {
    for (;;) {
      const { lastRun } = await api('GET', `/${name}`);
      if (lastRun?.outcome === 'clean') {
        const { items } = await errand.client.listInvocations({ batch: lastRun.batch as string });
        return items.map(({ tokens }) => ({ tokens })).reverse();
      }
      if (lastRun !== null && lastRun.outcome !== 'running') throw new Error(JSON.stringify(lastRun));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const listings = () => endpoint.requests.filter(({ url }) => url.startsWith('/invoices'));
  const query = (request: LoggedRequest) => new URL(request.url, endpoint.url).searchParams;
  const tokens = (...numbers: string[]) => numbers.map((InvoiceNumber) => ({ tokens: { InvoiceNumber } }));

  it('follows the URLs of the next pages, credentials and all, and retries what may succeed later', async () => {
    let calls = 0;
    answer = (request) => {
      calls += 1;
      if (calls === 1) return { status: 503, body: {} };
      if (query(request).get('page') === '2') return { status: 200, body: { invoices: [{ number: 'INV3' }] } };
      // As many servers do, it repeats what it was asked, the key too.
      const next = `?since=2026-01-01&page=2&key=${apiKey}`;
      return { status: 200, body: { invoices: [{ number: 'INV1' }, { number: 'INV2' }], next } };
    };
    await list('{{baseUrl}}/invoices?since={{errand.since}}');
    await run('by-url');
    expect(await collected('by-url')).toEqual(tokens('INV1', 'INV2', 'INV3'));
    expect(listings().map(({ url }) => url)).toEqual([
      '/invoices?since=2026-01-01T00%3A00%3A00.000Z',
      '/invoices?since=2026-01-01T00%3A00%3A00.000Z',
      `/invoices?since=2026-01-01&page=2&key=${apiKey}`,
    ]);
    for (const request of listings()) expect(request.header('authorization')).toBe(`Bearer ${apiKey}`);

    const { items: pages } = await errand.client.listInvocations({ command: 'ListInvoices' });
    expect(pages.map(({ reference, attempts }) => [reference, attempts.length])).toEqual([
      ['by-url page 2', 1],
      ['by-url page 1', 2],
    ]);
    expect(pages[0]?.attempts[0]?.request?.url).toBe(`${endpoint.url}/invoices?since=2026-01-01&page=2&key=***`);
    expect(JSON.stringify(pages)).not.toContain(apiKey);
  });

  it('asks for the next page by a cursor, where the command has a place for it', async () => {
    answer = (request) => {
      const cursor = query(request).get('cursor');
      if (cursor === '') return { status: 200, body: { invoices: [{ number: 'INV1' }], next: 'a&b' } };
      if (cursor === 'a&b') return { status: 200, body: { invoices: [{ number: 'INV2' }], next: null } };
      return { status: 400, body: {} };
    };
    await list('{{baseUrl}}/invoices?cursor={{errand.next}}');
    await run('by-cursor');
    expect(await collected('by-cursor')).toEqual(tokens('INV1', 'INV2'));
    const { items: pages } = await errand.client.listInvocations({
      command: 'ListInvoices',
      reference: 'by-cursor page 2',
    });
    expect(pages[0]?.attempts[0]?.request?.url).toBe(`${endpoint.url}/invoices?cursor=a%26b`);
  });

  it('follows no page to another server', async () => {
    answer = () => ({ status: 200, body: { invoices: [{ number: 'INV1' }], next: `${elsewhere.url}/invoices` } });
    await list('{{baseUrl}}/invoices');
    await run('astray');
    let lastRun: Schedule['lastRun'] = null;
    while (lastRun === null || lastRun.outcome === 'running') {
      lastRun = (await api('GET', '/astray')).lastRun;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(lastRun.outcome).toBe('failed');
    expect(lastRun.reason).toContain('lies on another server than the command');
    expect(elsewhere.requests).toEqual([]);
  });

  it('cannot be run in another way: its command is refused as an invocation of its own', async () => {
    await list('{{baseUrl}}/invoices?since={{errand.since}}');
    const refused = errand.client.enqueue({ integration: 'acme', command: 'ListInvoices', tokens: {} });
    await expect(refused).rejects.toMatchObject({
      status: 422,
      problem: {
        errors: [{ path: 'command', message: expect.stringContaining('can only be the source of a schedule') }],
      },
    });
  });
});
