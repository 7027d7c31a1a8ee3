import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/contract/batch.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../support/endpoints/endpoint.ts';
import type { ErrandProcess } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

type Answer = { status: number; body?: string } | 'never';

describe.each(queueBackends())('batches on $name (contract §1, §3, §7)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let worker: ErrandProcess;
  let answer: (invoice: string, times: number) => Answer;
  let onRequest: (invoice: string) => void;
  let asked: Map<string, number>;

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => {
      const invoice = request.url.split('/').at(-1) ?? '';
      const times = (asked.get(invoice) ?? 0) + 1;
      asked.set(invoice, times);
      const given = answer(invoice, times);
      if (given !== 'never')
        response.writeHead(given.status, { 'content-type': 'text/plain' }).end(given.body ?? invoice);
      onRequest(invoice);
    });
    worker = await errand.worker('batch');
  }, 240_000);
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  }, 60_000);
  beforeEach(() => {
    asked = new Map();
    answer = () => ({ status: 200 });
    onRequest = () => {};
  });

  let count = 0;
  async function configured(): Promise<string> {
    count += 1;
    const id = `acme-${count}`;
    await errand.client.putIntegration(id, { name: id, type: 'custom', limits: { concurrency: 16 } });
    await errand.client.putCommand(id, 'GetInvoiceImage', {
      request: { method: 'POST', url: `${endpoint.url}/{{InvoiceNumber}}`, body: 'please' },
      accept: { absentStatuses: [404], contentTypes: ['*/*'] },
      retry: { attempts: 2, baseMs: 50, maxMs: 100 },
    });
    return id;
  }

  const invoices = (length: number) => Array.from({ length }, (_, index) => `INV${index + 1}`);
  const itemsOf = (numbers: readonly string[]) => numbers.map((InvoiceNumber) => ({ tokens: { InvoiceNumber } }));

  function stream(integration: string, lines: readonly unknown[], query = '') {
    return fetch(`${errand.url}/v1/batches?integration=${integration}&command=GetInvoiceImage${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/x-ndjson' },
      body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
    });
  }

  const ended = (id: string): Promise<Batch> => errand.client.waitForBatch(id, { timeoutMs: 60_000 });
  const kept = async (integration: string) => {
    const { rows } = await errand.database.pool.query('select id from invocations where integration = $1', [
      integration,
    ]);
    return rows.length;
  };

  it('run to their end, with what failed, was absent or came only later counted apart', async () => {
    const integration = await configured();
    answer = (invoice, times) => {
      if (invoice === 'INV7') return { status: 404 };
      if (invoice === 'INV8') return { status: 403 };
      return invoice.endsWith('5') && times === 1 ? { status: 503 } : { status: 200 };
    };
    const response = await stream(integration, itemsOf(invoices(250)), '&run=nightly');
    const accepted = (await response.json()) as Batch;
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`/v1/batches/${accepted.id}`);
    expect(accepted).toMatchObject({ integration, total: 250, run: 'nightly', schedule: null });

    const batch = await ended(accepted.id);
    expect(batch).toMatchObject({ status: 'finished', outcome: 'partial', succeeded: 248, absent: 1, failed: 1 });
    expect(batch).toMatchObject({ queued: 0, running: 0, retrying: 0, cancelled: 0, unchanged: 0 });
    expect(endpoint.requests.filter(({ url }) => url === '/INV15')).toHaveLength(2);
    const report = await errand.client.batchReport(batch.id);
    expect(report.byCode).toEqual({ absent: 1, 'unexpected-status': 1 });
    expect(report.missing.map(({ item, code }) => [item, code])).toEqual([
      [7, 'absent'],
      [8, 'unexpected-status'],
    ]);
    expect(await errand.client.run('nightly')).toMatchObject({ batches: 1, total: 250, succeeded: 248, failed: 1 });
    const listed = await errand.client.listInvocations({ batch: batch.id, status: 'failed' });
    expect(listed.items.map(({ tokens }) => tokens.InvoiceNumber)).toEqual(['INV8', 'INV7']);
  }, 90_000);

  it('count what came again with the same bytes as unchanged', async () => {
    const integration = await configured();
    const items = itemsOf(invoices(120));
    await ended((await errand.client.enqueueBatch({ integration, command: 'GetInvoiceImage', items })).id);
    const again = await errand.client.enqueueBatch({ integration, command: 'GetInvoiceImage', items });
    expect(await ended(again.id)).toMatchObject({ outcome: 'clean', succeeded: 120, unchanged: 120 });
  }, 90_000);

  it('refuse a bad line with its number, and keep nothing', async () => {
    const integration = await configured();
    const lines: unknown[] = itemsOf(invoices(1_500));
    lines[1_449] = { tokens: { invoiceNumber: 'INV1' } };
    const response = await stream(integration, lines);
    const problem = (await response.json()) as { errors: { path: string; message: string }[] };
    expect(response.status).toBe(422);
    expect(problem.errors[0]).toEqual({
      path: 'line 1450.tokens.invoiceNumber',
      message: expect.stringContaining('Did you mean "InvoiceNumber"'),
    });
    const broken = await stream(integration, ['{"tokens": {"InvoiceNumber": "A"}}', '{"tokens": ']);
    expect([broken.status, ((await broken.json()) as typeof problem).errors[0]?.path]).toEqual([422, 'line 2']);
    expect(await kept(integration)).toBe(0);
    expect((await errand.client.batches({ integration })).items).toEqual([]);
    expect(endpoint.requests.some(({ url }) => url === '/INV1449')).toBe(false);
  }, 60_000);

  it('give the same batch for the same key and items, and refuse other items', async () => {
    const integration = await configured();
    const body = { integration, command: 'GetInvoiceImage', items: itemsOf(['A', 'B']), idempotencyKey: 'night-1' };
    const first = await errand.client.enqueueBatch(body);
    expect((await errand.client.enqueueBatch(body)).id).toBe(first.id);
    const other = errand.client.enqueueBatch({ ...body, items: itemsOf(['C']) });
    await expect(other).rejects.toMatchObject({ status: 409 });
    expect(await ended(first.id)).toMatchObject({ total: 2, succeeded: 2 });
  }, 60_000);

  it('are cancelled in the middle: nothing more is sent, what is in flight is aborted', async () => {
    const integration = await configured();
    const reached = Promise.withResolvers<void>();
    onRequest = () => asked.size === 5 && reached.resolve();
    answer = () => 'never';
    const { id } = await errand.client.enqueueBatch({
      integration,
      command: 'GetInvoiceImage',
      items: itemsOf(invoices(500)),
    });
    await reached.promise;
    const cancelled = await errand.client.cancelBatch(id);
    expect(cancelled).toMatchObject({ status: 'cancelled', queued: 0, running: 0, retrying: 0 });
    expect(cancelled).toMatchObject({ succeeded: 0, cancelled: 500, outcome: null });
    await expect(errand.client.cancelBatch(id)).rejects.toMatchObject({ status: 409 });
    const sent = asked.size;
    // Another batch runs to its end meanwhile, so the worker has had its chance to send more of this one.
    answer = () => ({ status: 200 });
    const items = itemsOf(['LATER']);
    await ended((await errand.client.enqueueBatch({ integration, command: 'GetInvoiceImage', items })).id);
    expect(asked.size).toBe(sent + 1);
  }, 90_000);

  it('have what failed redriven, and end again', async () => {
    const integration = await configured();
    answer = (invoice) => ({ status: invoice === 'INV3' ? 403 : 200 });
    const { id } = await errand.client.enqueueBatch({
      integration,
      command: 'GetInvoiceImage',
      items: itemsOf(invoices(5)),
    });
    expect(await ended(id)).toMatchObject({ outcome: 'partial', failed: 1 });
    answer = () => ({ status: 200 });
    const redriven = await fetch(`${errand.url}/v1/invocations/redrive`, {
      method: 'POST',
      headers: { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ batch: id }),
    });
    expect(await redriven.json()).toEqual({ matched: 1, redriven: 1 });
    expect(await ended(id)).toMatchObject({ status: 'finished', outcome: 'clean', succeeded: 5, failed: 0 });
  }, 90_000);

  it('go on when their worker is killed in the middle of a range, with the same keys', async () => {
    const integration = await configured();
    const before = endpoint.requests.length;
    const keyOf = (request: LoggedRequest) => request.header('idempotency-key');
    const reached = Promise.withResolvers<void>();
    onRequest = (invoice) => invoice === 'INV150' && reached.resolve();
    answer = (invoice, times) => (invoice === 'INV150' && times === 1 ? 'never' : { status: 200 });
    const { id } = await errand.client.enqueueBatch({
      integration,
      command: 'GetInvoiceImage',
      items: itemsOf(invoices(300)),
    });
    await reached.promise;
    await worker.kill('SIGKILL');
    worker = await errand.worker('batch');
    expect(await ended(id)).toMatchObject({ status: 'finished', outcome: 'clean', total: 300, succeeded: 300 });
    expect(asked.size).toBe(300);
    const keys = endpoint.requests
      .slice(before)
      .filter(({ url }) => url === '/INV150')
      .map(keyOf);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  }, 120_000);
});
