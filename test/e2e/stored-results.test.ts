import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, type EndpointHandler, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

const pdf = (text: string) => Buffer.from(`%PDF-1.7\n${text}\n%%EOF\n`);

describe.each(queueBackends())('results that serve, on $name (contract §3, §6)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let answer: EndpointHandler;

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => answer(request, response));
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    for (const id of ['acme', 'paused']) {
      await errand.client.putIntegration(id, { name: id, type: 'custom', variables: { baseUrl: endpoint.url } });
      await errand.client.putCommand(id, 'GetInvoiceImage', {
        request: { method: 'GET', url: '{{baseUrl}}/invoices/{{InvoiceNumber}}' },
        accept: { contentTypes: ['application/pdf'] },
        retry: { attempts: 1 },
      });
    }
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  /** Serves one version of every invoice, and 304 to whoever has it. */
  const versioned =
    (version: string): EndpointHandler =>
    (request, response) => {
      const etag = `"${version}"`;
      if (request.header('if-none-match') === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { 'content-type': 'application/pdf', etag }).end(pdf(version));
    };
  const body = (invoice: string, integration = 'acme') => ({
    integration,
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: invoice },
  });
  const sync = async (invoice: string, integration = 'acme') =>
    errand.ended((await errand.client.enqueue(body(invoice, integration))).id);
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${errand.url}${path}`, { headers: { authorization: `Bearer ${errand.adminKey}`, ...headers } });
  const latest = (invoice: string) =>
    get(`/v1/integrations/acme/commands/GetInvoiceImage/latest?InvoiceNumber=${invoice}`);
  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
  const view = (invoice: string, integration = 'acme') =>
    fetch(`${errand.url}/v1/invocations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${errand.adminKey}`,
        'content-type': 'application/json',
        accept: 'application/pdf',
      },
      // Whoever clicks has a session and an address of their own, which this command does not send.
      body: JSON.stringify({
        ...body(invoice, integration),
        tokens: { InvoiceNumber: invoice, authToken: 'session of a person', ipAddress: '192.0.2.1' },
        fallback: 'stored',
      }),
    });
  const requestsFor = (invoice: string) => endpoint.requests.filter(({ url }) => url === `/invoices/${invoice}`);

  it('asks the second time only for what is new, and keeps the bytes of a 304', async () => {
    answer = versioned('v1');
    const first = await sync('INV1');
    const { lastSyncAt } = await errand.client.getIntegration('acme');
    const second = await sync('INV1');
    expect(requestsFor('INV1').map((request) => request.header('if-none-match'))).toEqual([undefined, '"v1"']);
    expect(first.result?.unchanged).toBe(false);
    expect(second).toMatchObject({
      status: 'succeeded',
      error: null,
      attempts: [{ status: 304, outcome: 'succeeded', response: { status: 304, bytes: 0 } }],
      result: { ...first.result, status: 304, unchanged: true },
    });
    const now = await errand.client.getIntegration('acme');
    expect(Date.parse(now.lastSyncAt ?? '')).toBeGreaterThan(Date.parse(lastSyncAt ?? ''));
    expect(now.lastSyncQuality).toBe('complete');
    expect(Buffer.from((await errand.client.result(second.id)).bytes)).toEqual(pdf('v1'));
    expect(await bytesOf(await latest('INV1'))).toEqual(pdf('v1'));

    const sent = second.attempts[0]?.request?.headers ?? [];
    const seen = requestsFor('INV1')[1];
    expect(sent.find(({ key }) => key === 'If-None-Match')?.value).toBe('"v1"');
    for (const { key, value } of sent) expect(seen?.header(key)).toBe(value);
    expect(first.attempts[0]?.request?.headers.some(({ key }) => key === 'If-None-Match')).toBe(false);
  });

  it('gets what has changed, and from then on asks about that', async () => {
    answer = versioned('v1');
    await sync('INV2');
    answer = versioned('v2');
    const changed = await sync('INV2');
    expect(changed).toMatchObject({ attempts: [{ status: 200 }], result: { unchanged: false } });
    expect((await sync('INV2')).attempts[0]?.status).toBe(304);
    expect(await bytesOf(await latest('INV2'))).toEqual(pdf('v2'));
  });

  it('asks for the whole once the command has changed', async () => {
    answer = versioned('v1');
    await sync('INV3');
    const { request, accept, retry } = await errand.client.getCommand('acme', 'GetInvoiceImage');
    await errand.client.putCommand('acme', 'GetInvoiceImage', { request, accept, retry, timeoutMs: 5000 });
    expect((await sync('INV3')).attempts[0]?.status).toBe(200);
    await errand.client.putIntegration('acme', {
      name: 'acme',
      type: 'custom',
      variables: { baseUrl: endpoint.url.replace('127.0.0.1', 'localhost') },
    });
    await errand.client.putIntegration('acme', { name: 'acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    expect((await sync('INV3')).attempts[0]?.status).toBe(200);
    expect((await sync('INV3')).attempts[0]?.status).toBe(304);
  });

  it('gets the bytes again where they were deleted in between', async () => {
    answer = versioned('v4');
    await errand.client.enqueue(body('INV4'), { waitSeconds: 20 });
    answer = async (request, response) => {
      await errand.database.pool.query('delete from blobs where bytes = $1', [pdf('v4')]);
      await versioned('v4')(request, response);
    };
    const ended = await sync('INV4');
    expect(ended.attempts.map(({ status, outcome }) => [status, outcome])).toEqual([
      [304, 'retryable'],
      [200, 'succeeded'],
    ]);
    expect(Buffer.from((await errand.client.result(ended.id)).bytes)).toEqual(pdf('v4'));
  });

  it('answers VIEW with the stored PDF when the endpoint is dead', async () => {
    answer = versioned('v1');
    await sync('INV5');
    answer = (_request, response) => void response.destroy();
    const response = await view('INV5');
    expect([response.status, response.headers.get('errand-fallback')]).toEqual([200, 'stored']);
    expect(Number(response.headers.get('age'))).toBeGreaterThanOrEqual(0);
    expect(await bytesOf(response)).toEqual(pdf('v1'));
    const own = await errand.ended(response.headers.get('location')?.split('/').at(-1) ?? '');
    expect(own).toMatchObject({ status: 'failed', error: { code: 'attempts-exhausted', cause: 'connect-failed' } });
    expect((await view('INV6')).status).toBe(502);
  });

  it('answers VIEW at once when the integration is paused, and sends nothing', async () => {
    answer = versioned('v1');
    await sync('INV7', 'paused');
    const asked = requestsFor('INV7').length;
    const pausing = await fetch(`${errand.url}/v1/integrations/paused/pause`, {
      method: 'POST',
      headers: { authorization: `Bearer ${errand.adminKey}` },
    });
    expect(pausing.status).toBe(200);
    const response = await view('INV7', 'paused');
    expect([response.status, response.headers.get('errand-fallback')]).toEqual([200, 'stored']);
    expect(await bytesOf(response)).toEqual(pdf('v1'));
    const own = await errand.ended(response.headers.get('location')?.split('/').at(-1) ?? '');
    expect(own).toMatchObject({ status: 'failed', error: { code: 'integration-paused' } });
    expect(requestsFor('INV7')).toHaveLength(asked);
  });
});
