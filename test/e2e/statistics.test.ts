import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configureAcme } from '../support/acme.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

describe.each(queueBackends())('contract §3: statistics, on $name', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let worker: Awaited<ReturnType<Deployment['worker']>>;

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => {
      const status = request.url.endsWith('GOOD') ? 200 : 404;
      response.writeHead(status, { 'content-type': 'text/plain' }).end('an invoice');
    });
    worker = await errand.worker('batch');
    await configureAcme(errand.client, endpoint.url, 'POST');
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  it('have what workers did, within seconds, and all of it once a worker has stopped', async () => {
    const enqueue = (InvoiceNumber: string) =>
      errand.client.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber } });
    const counts = async () => (await errand.client.statistics({ bucket: 'all', by: 'integration' })).items;
    const all = await Promise.all(['GOOD', 'GOOD', 'BAD'].map(enqueue));
    for (const { id } of all) await errand.ended(id);
    await expect.poll(counts, { timeout: 20_000 }).toMatchObject([
      {
        integration: 'acme',
        succeeded: 2,
        failed: 1,
        attempts: 3,
        byCode: { 'unexpected-status': 1 },
        durationMs: { p50: expect.any(Number) },
      },
    ]);
    expect((await errand.client.lanes()).items).toMatchObject([
      { lane: 'interactive', workers: 0 },
      { lane: 'batch', waiting: 0, running: 0, workers: 1 },
    ]);

    await errand.ended((await enqueue('GOOD')).id);
    await worker.kill();
    expect(await counts()).toMatchObject([{ succeeded: 3, attempts: 4 }]);
    await enqueue('GOOD');
    expect((await errand.client.lanes()).items).toMatchObject([
      {},
      { lane: 'batch', waiting: 1, oldestAt: expect.any(String), workers: 0 },
    ]);
  });
});
