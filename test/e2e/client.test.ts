import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, createQueueClient, type QueueClient, UnknownJob, WaitTimeout } from '../../src/client/index.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { producingExamples } from '../support/docs.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

const root = path.resolve(import.meta.dirname, '../..');
const examples = producingExamples();

describe.each(queueBackends())('errand/client on $name (contract §4)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let queue: QueueClient;
  const tries = new Map<string, number>();

  beforeAll(async () => {
    endpoint = await startEndpoint(({ url }, response) => {
      const attempt = (tries.get(url) ?? 0) + 1;
      tries.set(url, attempt);
      const status = url.startsWith('/missing') ? 404 : url.startsWith('/flaky') && attempt < 3 ? 503 : 200;
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`invoice ${url}`);
    });
    errand = await deploy(backend);
    await errand.worker('batch');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      retry: { attempts: 3, baseMs: 100, maxMs: 200 },
    });
    const connection = backend.name === 'redis' ? backend.url : errand.database.url;
    queue = createQueueClient({ connection, prefix: errand.prefix });
  });
  afterAll(async () => {
    await queue?.close();
    await errand?.stop();
    await endpoint?.close();
  });

  const invoice = (number: string) => ({
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: number },
  });

  describe('over HTTP', () => {
    it('enqueues, waits, and has the bytes', async () => {
      const client = createClient({ url: errand.url, apiKey: errand.adminKey });
      const { id, idempotencyKey } = await client.enqueue(invoice('H1'));
      expect(idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
      expect(await client.wait(id)).toMatchObject({ status: 'succeeded' });
      const { bytes, contentType } = await client.result(id);
      expect(contentType).toBe('text/plain');
      expect(new TextDecoder().decode(bytes)).toBe('invoice /H1');
      expect(await client.listInvocations({ integration: 'acme', limit: 1 })).toMatchObject({ items: [{ id }] });
    });

    it('says what is wrong, by type and field', async () => {
      const client = createClient({ url: errand.url, apiKey: errand.adminKey });
      await expect(client.enqueue({ ...invoice('H2'), integration: 'acmee' })).rejects.toMatchObject({
        type: 'not-found',
        status: 404,
      });
      const wrong = { ...invoice('H2'), tokens: { invoiceNumbr: 'x' } };
      await expect(client.enqueue(wrong)).rejects.toMatchObject({
        type: 'invalid',
        errors: expect.arrayContaining([expect.objectContaining({ path: expect.stringContaining('tokens') })]),
      });
      const stranger = createClient({ url: errand.url, apiKey: 'wrong' });
      await expect(stranger.getIntegration('acme')).rejects.toMatchObject({ type: 'unauthenticated' });
    });

    it('lets a wait end before the invocation does', async () => {
      const client = createClient({ url: errand.url, apiKey: errand.adminKey });
      const { id } = await client.enqueue({ ...invoice('H3'), runAt: new Date(Date.now() + 3_600_000).toISOString() });
      await expect(client.wait(id, { timeoutMs: 200 })).rejects.toThrow(WaitTimeout);
      await expect(client.wait(id, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
        name: 'TimeoutError',
      });
    });
  });

  describe('straight to the queue', () => {
    it('enqueues and follows the job to its end', async () => {
      const job = await queue.enqueue({ ...invoice('Q1'), reference: 'from the queue' });
      const outcome = await queue.wait(job);
      expect(outcome).toMatchObject({ status: 'succeeded', code: null, reason: null });
      expect(await errand.client.getInvocation(outcome.invocation ?? '')).toMatchObject({
        status: 'succeeded',
        reference: 'from the queue',
        lane: 'batch',
      });
      // Also when it had ended before anybody waited.
      expect(await queue.wait(job)).toEqual(outcome);
    });

    it('follows the retries, which are jobs of their own', async () => {
      const outcome = await queue.wait(await queue.enqueue(invoice('flaky-1')));
      expect(outcome.status).toBe('succeeded');
      expect((await errand.client.getInvocation(outcome.invocation ?? '')).attempts).toHaveLength(3);
    });

    it('follows retries that were over before anybody waited', async () => {
      const job = await queue.enqueue({ ...invoice('flaky-2'), idempotencyKey: 'flaky-2' });
      const { id } = await errand.client.wait(await idOf('flaky-2'));
      expect(await queue.wait(job, { timeoutMs: 10_000 })).toMatchObject({ invocation: id, status: 'succeeded' });
    });

    it('says why it failed', async () => {
      const outcome = await queue.wait(await queue.enqueue(invoice('missing')));
      expect(outcome).toMatchObject({ status: 'failed', code: 'unexpected-status' });
      expect(outcome.reason).toMatch(/^unexpected-status: .*404/);
      expect((await errand.client.getInvocation(outcome.invocation ?? '')).status).toBe('failed');
    });

    it('tells of a job that was refused', async () => {
      const outcome = await queue.wait(await queue.enqueue({ ...invoice('Q2'), integration: 'nobody' }));
      expect(outcome).toMatchObject({ invocation: null, status: 'failed', code: 'invalid-job' });
    });

    it('runs no earlier than runAt', async () => {
      const runAt = new Date(Date.now() + 700);
      const outcome = await queue.wait(await queue.enqueue({ ...invoice('Q3'), runAt }));
      const { attempts } = await errand.client.getInvocation(outcome.invocation ?? '');
      expect(Date.parse(attempts[0]?.startedAt ?? '')).toBeGreaterThanOrEqual(runAt.getTime() - 15);
    });

    it('gives the same invocation for the same idempotency key', async () => {
      const first = await queue.wait(await queue.enqueue({ ...invoice('Q4'), idempotencyKey: 'q4' }));
      const second = await queue.wait(await queue.enqueue({ ...invoice('Q4'), idempotencyKey: 'q4' }));
      expect(second.invocation).toBe(first.invocation);
      expect(tries.get('/Q4')).toBe(1);
    });

    it('neither waits nor closes for ever where the queue is away', async () => {
      const connection = backend.name === 'redis' ? 'redis://127.0.0.1:1' : 'postgres://nobody@127.0.0.1:1/none';
      const away = createQueueClient({ connection });
      await expect(away.enqueue(invoice('Q6'), { timeoutMs: 300 })).rejects.toThrow(
        /did not take the job|ECONNREFUSED/,
      );
      await away.close();
    });

    it('adds nothing that was aborted beforehand, also where the queue is closed', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(queue.enqueue(invoice('Q7'), { signal })).rejects.toThrow('enough');
      // What came after it has ended: had it been added, it would have, too.
      await queue.wait(await queue.enqueue(invoice('Q8')));
      expect(tries.has('/Q7')).toBe(false);
      const closed = createQueueClient({ connection: 'redis://127.0.0.1:1' });
      await closed.close();
      await expect(closed.wait({ lane: 'batch', id: 'job' }, { signal })).rejects.toThrow('enough');
    });

    it('ends a wait by time, by signal, and for a job that nobody has', async () => {
      const job = await queue.enqueue({ ...invoice('Q5'), runAt: new Date(Date.now() + 3_600_000) });
      await expect(queue.wait(job, { timeoutMs: 100 })).rejects.toThrow(WaitTimeout);
      await expect(queue.wait(job, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
        name: 'TimeoutError',
      });
      await expect(queue.wait({ lane: 'batch', id: 'nobody' })).rejects.toThrow(UnknownJob);
    });
  });

  it.each(
    examples.filter(({ code }) => backend.name === 'redis' || !code.includes("from 'bullmq'")),
  )('runs the example of docs/producing.md that begins with $title', async ({ code }) => {
    const { stdout, stderr, exit } = await runExample(code.replace("'errand-batch'", `'${errand.prefix}-batch'`));
    expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
    expect(stdout).toMatch(/^(?:text\/plain 19|\S{36} succeeded null|\d+|clean 2 0)\n$/);
  });

  async function runExample(code: string) {
    const source = code
      .replace("'errand/client'", `'${path.join(root, 'src/client/index.ts')}'`)
      .replace('createQueueClient({ connection })', `createQueueClient({ connection, prefix: '${errand.prefix}' })`);
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
      cwd: root,
      env: {
        ERRAND_URL: errand.url,
        ERRAND_API_KEY: errand.adminKey,
        ...(backend.name === 'redis' ? { REDIS_URL: backend.url } : { DATABASE_URL: errand.database.url }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [exit, stdout, stderr] = await Promise.all([
      once(child, 'close').then(([code]) => code),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { exit, stdout, stderr };
  }

  async function idOf(idempotencyKey: string): Promise<string> {
    for (;;) {
      const { items } = await errand.client.listInvocations({ integration: 'acme' });
      const found = items.find((each) => each.idempotencyKey === idempotencyKey);
      if (found !== undefined) return found.id;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
