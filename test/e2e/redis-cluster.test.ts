import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createQueueClient } from '../../src/client/queue.ts';
import { queueName } from '../../src/contract/job.ts';
import { keyPrefix } from '../../src/contract/redis-nodes.ts';
import { redisProblem } from '../../src/platform/redis.ts';
import { configureAcme } from '../support/acme.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type OwnCluster, ownCluster } from '../support/queues.ts';

describe.runIf(ownCluster.available)('on a Redis Cluster (contract §2, §4, §7)', { timeout: 60_000 }, () => {
  let cluster: OwnCluster;
  let errand: Deployment;
  let endpoint: Endpoint;

  beforeAll(async () => {
    cluster = await ownCluster.start({ replicas: true });
  });
  afterAll(() => cluster?.stop());
  beforeEach(async () => {
    endpoint = await startEndpoint((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    errand = await deploy({ name: 'redis', url: cluster.url });
    await configureAcme(errand.client, endpoint.url);
  });
  afterEach(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  const invoice = (number: string) => ({
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: number },
  });
  const batchKey = () => {
    const queue = queueName(errand.prefix, 'batch');
    return `${keyPrefix(queue, true)}:${queue}:wait`;
  };

  it('work comes from the API, batches and producers, and Bull Board shows it', async () => {
    await Promise.all([errand.worker('batch'), errand.worker('interactive')]);
    const click = await errand.client.enqueue(invoice('C1'), { waitSeconds: 20 });
    expect(click.status).toBe('succeeded');

    const items = Array.from({ length: 450 }, (_, index) => ({ tokens: { InvoiceNumber: `B${index}` } }));
    const batch = await errand.client.enqueueBatch({ integration: 'acme', command: 'GetInvoiceImage', items });
    expect(await errand.client.waitForBatch(batch.id)).toMatchObject({ outcome: 'clean', succeeded: 450 });

    const producer = createQueueClient({ connection: cluster.url, prefix: errand.prefix });
    const job = await producer.enqueue({ ...invoice('P1'), lane: 'interactive' });
    expect(await producer.wait(job, { timeoutMs: 20_000 })).toMatchObject({ status: 'succeeded' });
    await producer.close();

    const authorization = `Bearer ${errand.adminKey}`;
    const board = await fetch(`${errand.url}/queues/api/queues?page=1`, { headers: { authorization } });
    const { queues } = (await board.json()) as { queues: { counts: Record<string, number> }[] };
    expect(queues.map(({ counts }) => counts.completed ?? 0).every((completed) => completed > 0)).toBe(true);
    expect(errand.api.output()).not.toContain('CROSSSLOT');
  });

  it('what was accepted ends, although every node is emptied', async () => {
    const accepted = await Promise.all(
      Array.from({ length: 20 }, (_, index) => errand.client.enqueue(invoice(`F${index}`))),
    );
    await cluster.flushAll();
    await errand.worker('batch');
    for (const { id } of accepted) expect((await errand.ended(id)).status).toBe('succeeded');
    expect(endpoint.requests).toHaveLength(20);
  });

  it('a REDIS_URL that takes a cluster for a server, or a server for a cluster, is told', async () => {
    const [one = ''] = cluster.url.split(',');
    expect(await redisProblem(cluster.url)).toBeNull();
    expect(await redisProblem(one)).toMatch(/is a cluster: name several of its nodes/);
    expect(await redisProblem(`${one},redis://127.0.0.1:1`)).toBeNull();
  });

  it('what was accepted ends when the whole cluster was away, also by workers that were there before', async ({
    annotate,
  }) => {
    await Promise.all([errand.worker('batch'), errand.worker('interactive')]);
    const before = await errand.client.enqueue(invoice('A1'), { waitSeconds: 20 });
    expect(before.status).toBe('succeeded');
    await cluster.killAll();
    const during = await errand.client.enqueue(invoice('A2'));
    expect(during.status).toBe('queued');
    expect((await fetch(`${errand.url}/readyz`)).status).toBe(503);
    await cluster.restartAll();
    const backAt = performance.now();
    expect((await errand.ended(during.id)).status).toBe('succeeded');
    await annotate(`it had ended ${Math.round(performance.now() - backAt)} ms after the cluster was back`);
    const after = await errand.client.enqueue(invoice('A3'), { waitSeconds: 20 });
    expect(after.status).toBe('succeeded');
  });

  it("the lane goes on when its master is killed: a replica takes the master's place", async ({ annotate }) => {
    await errand.worker('batch');
    expect((await errand.ended((await errand.client.enqueue(invoice('K1'))).id)).status).toBe('succeeded');
    const master = await cluster.masterOf(batchKey());
    await master.kill();
    const killedAt = performance.now();
    const during = await errand.client.enqueue(invoice('K2'));
    expect(during.status).toBe('queued');
    expect((await errand.ended(during.id)).status).toBe('succeeded');
    await annotate(`what was accepted then had ended after ${Math.round(performance.now() - killedAt)} ms`);
    expect((await cluster.masterOf(batchKey())).port).not.toBe(master.port);
    const after = await errand.client.enqueue(invoice('K3'));
    expect((await errand.ended(after.id)).status).toBe('succeeded');
  });
});
