import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../src/contract/command.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

const pdf = Buffer.from('%PDF-1.7\nan invoice\n%%EOF\n');

describe.each(queueBackends())('the main job on $name (contract §2, §3)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let answer: (
    attempt: number,
    invoice: string,
  ) => { status: number; type?: string; body: Buffer | string; headers?: Record<string, string> };

  beforeAll(async () => {
    errand = await deploy(backend);
    const tries = new Map<string, number>();
    endpoint = await startEndpoint((request, response) => {
      const invoice = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
      const attempt = (tries.get(invoice) ?? 0) + 1;
      tries.set(invoice, attempt);
      const { status, type = 'application/pdf', body, headers = {} } = answer(attempt, invoice);
      response.writeHead(status, { 'content-type': type, ...headers }).end(body);
    });
    await errand.worker('interactive');
    await errand.worker('batch');
    await errand.client.putIntegration('acme', {
      name: 'Acme',
      type: 'custom',
      variables: { baseUrl: endpoint.url, companyId: '77' },
    });
    await errand.client.putSecret('acme', 'apiKey', 'gckQ-a-real-secret-taJ9');
    await errand.client.putCommand('acme', 'GetInvoiceImage', command);
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });
  beforeEach(() => {
    answer = () => ({ status: 200, body: pdf });
  });

  const command: CommandBody = {
    request: {
      method: 'POST',
      url: '{{baseUrl}}/invoices/{{InvoiceNumber}}',
      headers: [
        { key: 'Content-Type', value: 'application/json' },
        { key: 'Authorization', value: 'Bearer {{apiKey}}' },
        { key: 'X-Session', value: '{{auth token}}' },
      ],
      body: '{"company": {{companyId}}, "invoice": "{{InvoiceNumber}}", "try": {{errand.attempt}}, "at": "{{errand.now}}", "since": "{{errand.lastSync}}"}',
    },
    accept: { contentTypes: ['application/pdf'] },
    retry: { attempts: 3, baseMs: 20, maxMs: 40 },
  };
  const body = (invoice: string) => ({
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: invoice, authToken: 'session-of-a-person' },
  });
  const requestsFor = (invoice: string) =>
    endpoint.requests.filter(({ url }) => url === `/invoices/${encodeURIComponent(invoice)}`);

  it('renders, sends, judges, stores the result, and moves Last Sync', async () => {
    const accepted = await errand.client.enqueue(body('INV 1/"é'));
    expect(accepted.status).toBe('queued');
    const ended = await errand.ended(accepted.id);
    expect(ended).toMatchObject({
      status: 'succeeded',
      lane: 'batch',
      error: null,
      tokens: { InvoiceNumber: 'INV 1/"é', authToken: '***' },
      result: { status: 200, contentType: 'application/pdf', bytes: pdf.byteLength, unchanged: false },
    });
    const [seen] = requestsFor('INV 1/"é');
    expect(seen?.header('authorization')).toBe('Bearer gckQ-a-real-secret-taJ9');
    expect(seen?.header('x-session')).toBe('session-of-a-person');
    expect(seen?.header('idempotency-key')).toBe(accepted.id);
    expect(seen?.header('user-agent')).toMatch(/^errand\//);
    expect(JSON.parse(seen?.body.toString() ?? '')).toMatchObject({ company: 77, invoice: 'INV 1/"é', try: 1 });
    expect(Buffer.from((await errand.client.result(accepted.id)).bytes)).toEqual(pdf);
    const { lastSyncAt } = await errand.client.getIntegration('acme');
    expect(Date.parse(lastSyncAt ?? '')).toBeGreaterThan(Date.parse(ended.createdAt));
  });

  it('shows the request as it was sent, rendered again, secrets and sensitive values masked (contract §6)', async () => {
    const { id } = await errand.client.enqueue(body('INV2'));
    const ended = await errand.ended(id);
    const [seen] = requestsFor('INV2');
    const [attempt] = ended.attempts;
    expect(attempt?.phases).toMatchObject({ tlsMs: null, firstByteMs: expect.any(Number), bodyMs: expect.any(Number) });
    expect(attempt?.request?.url).toBe(`${endpoint.url}/invoices/INV2`);
    expect(attempt?.request?.body).toBe(seen?.body.toString());
    const shown = Object.fromEntries(
      (attempt?.request?.headers ?? []).map(({ key, value }) => [key.toLowerCase(), value]),
    );
    expect(shown).toMatchObject({ authorization: 'Bearer ***', 'x-session': '***', 'idempotency-key': id });
    for (const name of ['content-type', 'idempotency-key', 'user-agent', 'traceparent']) {
      expect(shown[name]).toBe(seen?.header(name));
    }
  });

  it('retries what may succeed later, with the same idempotency key', async () => {
    answer = (attempt) =>
      attempt < 3 ? { status: 503, type: 'text/plain', body: 'busy' } : { status: 200, body: pdf };
    const { id } = await errand.client.enqueue(body('INV3'));
    const ended = await errand.ended(id);
    expect(ended.status).toBe('succeeded');
    expect(ended.attempts.map(({ number, outcome, status }) => [number, outcome, status])).toEqual([
      [1, 'retryable', 503],
      [2, 'retryable', 503],
      [3, 'succeeded', 200],
    ]);
    expect(ended.attempts[0]?.response?.bodyPreview).toBe('busy');
    expect(new Set(requestsFor('INV3').map((request) => request.header('idempotency-key')))).toEqual(new Set([id]));
  });

  it('gives up after the last attempt, with the cause', async () => {
    answer = () => ({ status: 503, type: 'text/plain', body: 'busy' });
    const { id } = await errand.client.enqueue(body('INV4'));
    expect((await errand.ended(id)).error).toMatchObject({
      code: 'attempts-exhausted',
      cause: 'unexpected-status',
      side: 'customer-server',
    });
    expect(requestsFor('INV4')).toHaveLength(3);
  });

  it('does not take a login page for an invoice', async () => {
    answer = () => ({ status: 200, type: 'text/html', body: '<html>Please sign in</html>' });
    const { id } = await errand.client.enqueue(body('INV5'));
    const ended = await errand.ended(id);
    expect(ended.error?.code).toBe('unexpected-content');
    expect(ended.attempts).toHaveLength(1);
    expect(ended.attempts[0]?.response?.bodyPreview).toContain('Please sign in');
  });

  it('masks a secret that the server sends back', async () => {
    answer = () => ({
      status: 400,
      type: 'text/plain',
      body: 'wrong key gckQ-a-real-secret-taJ9 for session-of-a-person',
    });
    const { id } = await errand.client.enqueue(body('INV6'));
    expect((await errand.ended(id)).attempts[0]?.response?.bodyPreview).toBe('wrong key *** for ***');
  });

  it('answers with the bytes in one call (contract §3)', async () => {
    const response = await fetch(`${errand.url}/v1/invocations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${errand.adminKey}`,
        'content-type': 'application/json',
        prefer: 'wait=20',
        accept: 'application/pdf',
      },
      body: JSON.stringify(body('INV7')),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(pdf);
  });

  it('waits for the end, in the interactive lane (contract §3)', async () => {
    const ended = await errand.client.enqueue(body('INV8'), { waitSeconds: 20 });
    expect(ended).toMatchObject({ status: 'succeeded', lane: 'interactive' });
  });

  it('gives the same invocation for the same idempotency key, and 409 for other tokens (contract §7)', async () => {
    const first = await errand.client.enqueue({ ...body('INV9'), idempotencyKey: 'once' });
    const second = await errand.client.enqueue({ ...body('INV9'), idempotencyKey: 'once' });
    expect(second.id).toBe(first.id);
    await expect(errand.client.enqueue({ ...body('INV10'), idempotencyKey: 'once' })).rejects.toMatchObject({
      problem: { status: 409 },
    });
    await errand.ended(first.id);
    expect(requestsFor('INV9')).toHaveLength(1);
  });

  it('runs no earlier than runAt', async () => {
    const runAt = new Date(Date.now() + 700).toISOString();
    const { id } = await errand.client.enqueue({ ...body('INV11'), runAt });
    const ended = await errand.ended(id);
    expect(Date.parse(ended.attempts[0]?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(runAt) - 15);
  });

  it('never runs the template from before a change', async () => {
    const { client } = errand;
    await client.putIntegration('changing', { name: 'Changing', type: 'custom', variables: { baseUrl: endpoint.url } });
    for (let version = 1; version <= 5; version += 1) {
      const request = { method: 'GET' as const, url: `{{baseUrl}}/version-${version}/{{InvoiceNumber}}` };
      await client.putCommand('changing', 'GetInvoiceImage', { request });
      const tokens = { InvoiceNumber: `C${version}` };
      const ended = await client.enqueue(
        { integration: 'changing', command: 'GetInvoiceImage', tokens },
        { waitSeconds: 20 },
      );
      expect(ended.attempts[0]?.request?.url).toBe(`${endpoint.url}/version-${version}/C${version}`);
    }
    expect(endpoint.requests.filter(({ url }) => /^\/version-(\d)\/C\1$/.test(url ?? ''))).toHaveLength(5);
  });

  it('blocks a request to a private address, and says so (contract §6)', async () => {
    await errand.client.putIntegration('evil', { name: 'Evil', type: 'custom' });
    await errand.client.putCommand('evil', 'GetInvoiceImage', {
      request: { method: 'GET', url: 'http://169.254.169.254/latest/{{InvoiceNumber}}' },
    });
    const { id } = await errand.client.enqueue({ ...body('INV12'), integration: 'evil' });
    expect((await errand.ended(id)).error).toMatchObject({ code: 'egress-blocked', side: 'configuration' });
  });

  it('says so where a secret cannot be decrypted, and sends nothing', async () => {
    await errand.client.putIntegration('locked', {
      name: 'Locked',
      type: 'custom',
      variables: { baseUrl: endpoint.url },
    });
    await errand.client.putSecret('locked', 'apiKey', 'sealed-with-another-key');
    await errand.database.pool.query(
      `update integration_values set sealed = overlay(sealed placing 'zz' from 4 for 2) where integration = 'locked' and name = 'apiKey'`,
    );
    await errand.client.putCommand('locked', 'GetInvoiceImage', {
      request: {
        method: 'GET',
        url: '{{baseUrl}}/locked/{{InvoiceNumber}}',
        headers: [{ key: 'Authorization', value: 'Bearer {{apiKey}}' }],
      },
    });
    const { id } = await errand.client.enqueue({ ...body('INV14'), integration: 'locked' });
    const { error } = await errand.ended(id);
    expect(error).toMatchObject({
      code: 'secret-unreadable',
      side: 'errand',
      message: expect.stringContaining('apiKey'),
    });
    expect(endpoint.requests.filter(({ url }) => url.startsWith('/locked'))).toEqual([]);
  });

  it('keeps an audit log of who did what', async () => {
    const { id } = await errand.client.enqueue(body('INV13'));
    await errand.ended(id);
    const response = await fetch(`${errand.url}/v1/audit?subject=invocation:${id}`, {
      headers: { authorization: `Bearer ${errand.adminKey}` },
    });
    const { items } = (await response.json()) as { items: { action: string; actor: { type: string } }[] };
    expect(items.map(({ action, actor }) => [action, actor.type])).toEqual([
      ['invocation.succeeded', 'worker'],
      ['invocation.accepted', 'key'],
    ]);
  });
});
