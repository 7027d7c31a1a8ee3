import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../support/endpoints/endpoint.ts';
import { verified } from '../support/notifications.ts';
import { queueBackends } from '../support/queues.ts';

type Told = { request: LoggedRequest; type: string; data: Record<string, unknown> };

describe.each(queueBackends())('callbacks on $name (contract §4, §7)', (backend) => {
  let errand: Deployment;
  let customer: Endpoint;
  let billing: Endpoint;
  let secret: string;
  let arrived: () => void = () => undefined;
  /** Receivers that never answer, by path. */
  const silent = new Map<string, ServerResponse[]>();

  beforeAll(async () => {
    customer = await startEndpoint((request, response) => {
      if (request.url === '/slow') return;
      response.writeHead(request.url === '/missing' ? 404 : 200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    billing = await startEndpoint((request, response) => {
      const held = silent.get(request.url);
      if (held === undefined) response.writeHead(204).end();
      else held.push(response);
      arrived();
    });
    errand = await deploy(backend);
    await errand.worker('batch');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: customer.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
    secret = (await api('GET', '/v1/callback-secrets/default')).secret as string;
  });
  afterAll(async () => {
    for (const held of silent.values()) for (const response of held) response.end();
    await errand?.stop();
    await customer?.close();
    await billing?.close();
  });

  async function api(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(errand.url + path, {
      method,
      headers: { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(JSON.stringify(json));
    return json;
  }

  const at = (path: string) => billing.requests.filter(({ url }) => url === path);
  /** What the billing system was told there, once it was told that many times. */
  async function told(path: string, count = 1): Promise<Told[]> {
    while (at(path).length < count) await new Promise<void>((resolve) => (arrived = resolve));
    return at(path).map((request) => ({ request, ...verified(request, secret) }));
  }
  const item = (number: string) => ({
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: number },
  });
  const callbackUrl = (path: string) => billing.url + path;

  it('say that an invocation has succeeded, within moments', async () => {
    const accepted = await errand.client.enqueue({ ...item('A1'), callbackUrl: callbackUrl('/ok') });
    const { id } = accepted;
    expect(accepted.callback).toMatchObject({ url: callbackUrl('/ok'), attempts: 0, endedAt: null });
    const { finishedAt } = await errand.ended(id);
    const [callback] = await told('/ok');
    expect(callback).toMatchObject({ type: 'invocation.finished', data: { id, status: 'succeeded', finishedAt } });
    const invocation = await errand.client.getInvocation(id);
    expect(callback?.data.result).toEqual(invocation.result);
    expect(callback?.data.createdAt).toBe(invocation.createdAt);
  });

  it('are told of by what they are of: whether it was delivered', async () => {
    const { id } = await errand.client.enqueue({ ...item('A2'), callbackUrl: callbackUrl('/told?key=s3cr3t') });
    await told('/told?key=s3cr3t');
    const callback = async () => (await errand.client.getInvocation(id)).callback;
    await expect.poll(callback, { timeout: 10_000 }).toMatchObject({
      url: callbackUrl('/told?key=***'),
      status: 'delivered',
      attempts: 1,
      lastStatus: 204,
      lastError: null,
    });
    const [webhook] = at('/told?key=s3cr3t');
    expect((await callback())?.notification).toBe(webhook?.header('webhook-id'));
    const { items } = await errand.client.listInvocations();
    expect(items.find((each) => each.id === id)).not.toHaveProperty('callback');
    const without = await errand.client.enqueue(item('A3'));
    expect(without).not.toHaveProperty('callback');
  });

  it('say that it has failed, or was cancelled while it ran', async () => {
    const failed = await errand.client.enqueue({ ...item('missing'), callbackUrl: callbackUrl('/failed') });
    const [callback] = await told('/failed');
    expect(callback?.data).toMatchObject({ id: failed.id, status: 'failed', error: { code: 'unexpected-status' } });
    const slow = await errand.client.enqueue({ ...item('slow'), callbackUrl: callbackUrl('/cancelled') });
    await expect.poll(() => customer.requests.some(({ url }) => url === '/slow'), { timeout: 10_000 }).toBe(true);
    await errand.client.cancelInvocation(slow.id);
    expect((await told('/cancelled'))[0]?.data).toMatchObject({ id: slow.id, status: 'cancelled' });
  });

  it('say that a batch has ended, handed over as JSON or as NDJSON, or late', async () => {
    const { tokens, ...head } = item('B1');
    const json = await errand.client.enqueueBatch({ ...head, items: [{ tokens }], callbackUrl: callbackUrl('/json') });
    const items = (async function* () {
      yield { tokens };
      yield { tokens: { InvoiceNumber: 'missing' } };
    })();
    const lines = await errand.client.enqueueBatch({ ...head, items, callbackUrl: callbackUrl('/lines') });
    expect((await told('/json'))[0]).toMatchObject({ type: 'batch.finished', data: { id: json.id, outcome: 'clean' } });
    expect((await told('/lines'))[0]?.data).toMatchObject({ id: lines.id, outcome: 'partial', total: 2, failed: 1 });
    await errand.client.pauseIntegration('acme');
    const finishBy = new Date(Date.now() + 1_500).toISOString();
    const late = await errand.client.enqueueBatch({
      ...head,
      items: [{ tokens }],
      finishBy,
      callbackUrl: callbackUrl('/late'),
    });
    expect((await told('/late'))[0]?.data).toMatchObject({ id: late.id, outcome: 'failed', failed: 1 });
    for (const [path, { id }] of Object.entries({ '/json': json, '/lines': lines, '/late': late })) {
      const callback = async () => (await errand.client.batch(id)).callback;
      const done = { url: callbackUrl(path), status: 'delivered', attempts: 1, lastStatus: 204 };
      await expect.poll(callback, { timeout: 10_000 }).toMatchObject(done);
    }
    const { items: listed } = (await api('GET', '/v1/batches')) as { items: object[] };
    for (const batch of listed) expect(batch).not.toHaveProperty(['callback']);
    await errand.client.resumeIntegration('acme');
  });

  it("are asked for by a producer's own job, too", async () => {
    const queue = await backend.openQueue(`${errand.prefix}-batch`, errand.database.url);
    try {
      const job = await queue.add('invoke', { ...item('P1'), callbackUrl: callbackUrl('/job') });
      const { invocation } = (await queue.finished(job)) as { invocation: string };
      expect((await told('/job'))[0]?.data).toMatchObject({ id: invocation, status: 'succeeded' });
    } finally {
      await queue.close();
    }
  });

  it('are sent again, under the same id, when the worker that sent one was killed', async () => {
    silent.set('/killed', []);
    const { id } = await errand.client.enqueue({ ...item('K1'), callbackUrl: callbackUrl('/killed') });
    await told('/killed');
    for (const each of errand.workers) await each.kill('SIGKILL');
    silent.delete('/killed');
    await errand.database.pool.query('update notifications set due_at = now() where due_at is not null');
    await errand.worker('batch');
    const [first, second] = await told('/killed', 2);
    expect(second?.request.header('webhook-id')).toBe(first?.request.header('webhook-id'));
    expect(second?.request.body).toEqual(first?.request.body);
    expect(second?.data.id).toBe(id);
    await expect
      .poll(async () => (await api('GET', '/v1/notifications?status=pending')).items, { timeout: 10_000 })
      .toEqual([]);
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://10.0.0.1/',
    'https://billing.example.com:25/',
    'https://me:secret@example.com/',
    'ftp://example.com/',
  ])('to %s are refused at once, however they are asked for', async (url) => {
    const { tokens, ...head } = item('E1');
    const refused = { status: 422, errors: [{ path: 'callbackUrl' }] };
    await expect(errand.client.enqueue({ ...head, tokens, callbackUrl: url })).rejects.toMatchObject(refused);
    const items = [{ tokens }];
    await expect(errand.client.enqueueBatch({ ...head, items, callbackUrl: url })).rejects.toMatchObject(refused);
    const lines = (async function* () {
      yield* items;
    })();
    const streamed = errand.client.enqueueBatch({ ...head, items: lines, callbackUrl: url });
    await expect(streamed).rejects.toMatchObject(refused);
    const queue = await backend.openQueue(`${errand.prefix}-batch`, errand.database.url);
    try {
      const job = await queue.add('invoke', { ...head, tokens, callbackUrl: url });
      await expect(queue.finished(job)).rejects.toThrow(/^invalid-job: .*callbackUrl: /);
    } finally {
      await queue.close();
    }
    expect((await api('GET', '/v1/batches?status=receiving')).items).toEqual([]);
  });
});
