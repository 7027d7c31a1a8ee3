import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Batch } from '../../src/contract/batch.ts';
import { openBrowser } from '../support/browser.ts';
import { type ComposeDeployment, deployCompose } from '../support/compose/deployment.ts';
import { openSignedIn } from '../support/console/pages.ts';

/** Requests to the customer's server at the same time, at most: what a crash may repeat. */
const concurrency = 20;
const items = 3_000;
/** The promise for killed workers is 30 s; then the rest of the batch has to run. */
const batchWithinMs = 90_000;

describe.skipIf(inject('compose') === null)('docker-compose.yml, up (contract §2, §7)', { timeout: 180_000 }, () => {
  let errand: ComposeDeployment;
  beforeAll(async () => {
    errand = await deployCompose();
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', limits: { concurrency } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      request: { method: 'POST', url: 'http://customer:8080/invoices/{{InvoiceNumber}}' },
      accept: { contentTypes: ['application/pdf'] },
    });
  }, 600_000);
  afterAll(() => errand?.remove(), 60_000);

  const numbers = (label: string) => Array.from({ length: items }, (_, index) => `${label}-${index}`);
  const enqueue = (label: string) =>
    errand.client.enqueueBatch({
      integration: 'acme',
      command: 'GetInvoiceImage',
      items: numbers(label).map((number) => ({ tokens: { InvoiceNumber: number } })),
    });
  const requestsOf = async (label: string) => (await errand.seen()).filter(({ number }) => number.startsWith(label));

  /** When the customer's server has seen a fifth of it: work is in flight, and much is still to do. */
  async function underWay(label: string): Promise<void> {
    await expect
      .poll(async () => (await requestsOf(label)).length, { timeout: 30_000, interval: 100 })
      .toBeGreaterThan(items / 5);
  }

  /** All of it ended well, each invoice with one key, and no more repeated than was in flight. */
  async function holdTo(batch: Batch, label: string, repeats: number): Promise<void> {
    const ended = await errand.client.waitForBatch(batch.id, { timeoutMs: batchWithinMs });
    expect(ended).toMatchObject({ outcome: 'clean', total: items, succeeded: items });
    const requests = await requestsOf(label);
    const pairs = new Set(requests.map(({ number, key }) => `${number} ${key}`));
    expect(pairs.size).toBe(items);
    expect(new Set(requests.map(({ number }) => number))).toEqual(new Set(numbers(label)));
    expect(requests.length - items).toBeLessThanOrEqual(repeats);
  }

  it('is an API and two workers for each lane, as a user without rights on a read-only root', async () => {
    const services = { api: 1, 'worker-interactive': 2, 'worker-batch': 2 };
    for (const [service, count] of Object.entries(services)) {
      const ids = await errand.containers(service);
      expect(ids).toHaveLength(count);
      for (const id of ids) {
        const format = '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Init}}';
        expect(await errand.inspect(id, format)).toBe('node true [ALL] true');
        await expect(errand.docker('exec', id, 'touch', '/app/x')).rejects.toThrow('Read-only file system');
      }
    }
    expect(await (await fetch(`${errand.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
  });

  it('says of its image what it is', async () => {
    const labels = JSON.parse(await errand.inspect(errand.image, '{{json .Config.Labels}}'));
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': 'Errand',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': '0.0.0-test',
      'org.opencontainers.image.revision': 'test',
    });
    expect(await errand.docker('run', '--rm', errand.image, '--version')).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('fetches an invoice for somebody who waits', async () => {
    const invocation = await errand.client.enqueue(
      { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'click' } },
      { waitSeconds: 20 },
    );
    expect(invocation).toMatchObject({ lane: 'interactive', status: 'succeeded', attempts: [{ status: 200 }] });
  });

  it.skipIf(inject('chromium') === null)('serves the console, the board and the docs', async () => {
    const browser: Browser = await openBrowser();
    try {
      const { page, picture, complaints, elsewhere } = await openSignedIn(browser, errand.url, errand.adminKey);
      await page.goto('/integrations');
      await page.getByText('Acme', { exact: true }).first().waitFor();
      await picture('compose-console');
      await page.goto('/queues');
      await page.getByText('errand-batch').first().waitFor();
      await picture('compose-board');
      await page.goto('/docs');
      await page.getByText('/v1/invocations', { exact: true }).first().waitFor();
      expect(complaints()).toEqual([]);
      expect(elsewhere()).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it('loses nothing when a worker is killed', async () => {
    await errand.up('--scale', 'worker-batch=4');
    const workers = await errand.containers('worker-batch');
    expect(workers).toHaveLength(4);
    const batch = await enqueue('killed');
    await underWay('killed');
    await errand.docker('kill', '--signal', 'KILL', ...workers.slice(0, 1));
    await holdTo(batch, 'killed', concurrency);
    expect(await errand.inspect(workers[0] ?? '', '{{.State.ExitCode}}')).toBe('137');
  });

  it('drains a worker that is stopped, and repeats nothing', async () => {
    await errand.up('--scale', 'worker-batch=2');
    const batch = await enqueue('stopped');
    await underWay('stopped');
    const [worker = ''] = await errand.containers('worker-batch');
    const from = performance.now();
    await errand.docker('stop', '--time', '35', worker);
    expect(performance.now() - from).toBeLessThan(30_000);
    expect(await errand.inspect(worker, '{{.State.ExitCode}}')).toBe('0');
    await holdTo(batch, 'stopped', 0);
  });

  it('drains as the first process of a container, too', async () => {
    const [worker = ''] = await errand.containers('worker-batch');
    const variables: string[] = JSON.parse(await errand.inspect(worker, '{{json .Config.Env}}'));
    const env = variables.flatMap((variable) => ['--env', variable]);
    const id = await errand.docker(
      ...['run', '--detach', '--read-only', '--network', errand.network, ...env],
      ...[errand.image, 'worker', '--lane', 'batch'],
    );
    try {
      await errand.docker('stop', worker);
      await expect
        .poll(() => errand.docker('logs', id), { timeout: 20_000, interval: 100 })
        .toContain('"event":"ready"');
      const batch = await enqueue('first');
      await underWay('first');
      await errand.docker('stop', '--time', '35', id);
      expect(await errand.inspect(id, '{{.State.ExitCode}}')).toBe('0');
      await errand.up('--scale', 'worker-batch=2');
      await holdTo(batch, 'first', 0);
    } finally {
      await errand.docker('rm', '--force', id);
    }
  });

  it('loses nothing when Redis is emptied and started again', async () => {
    const batch = await enqueue('emptied');
    await underWay('emptied');
    const [redis = ''] = await errand.containers('redis');
    expect(await errand.docker('exec', redis, 'redis-cli', 'flushall')).toBe('OK');
    await errand.docker('restart', redis);
    await holdTo(batch, 'emptied', 0);
  });

  it('keeps its data when it goes down and comes up again', async () => {
    const before = await errand.client.batches();
    expect(before.items).toHaveLength(4);
    await errand.down();
    await errand.up();
    expect(await errand.client.batches()).toEqual(before);
    const { items: clicks } = await errand.client.listInvocations({ lane: 'interactive' });
    expect(clicks).toHaveLength(1);
  });
});
