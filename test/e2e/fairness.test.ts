import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

describe.each(queueBackends())('shares on $name (contract §7)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let held: (() => void)[];
  let holding: boolean;

  beforeAll(async () => {
    held = [];
    holding = true;
    endpoint = await startEndpoint((request, response) => {
      const answer = () => response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
      if (holding && request.url.startsWith('/slow')) held.push(answer);
      else answer();
    });
    errand = await deploy(backend, { ERRAND_CONCURRENCY_BATCH: '8' });
    await errand.worker('batch');
    for (const id of ['slow', 'healthy']) {
      await errand.client.putIntegration(id, {
        name: id,
        type: 'custom',
        variables: { baseUrl: `${endpoint.url}/${id}` },
      });
      await errand.client.putCommand(id, 'GetInvoiceImage', {
        accept: { contentTypes: ['*/*'] },
        request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      });
    }
  });
  afterAll(async () => {
    for (const answer of held) answer();
    await errand?.stop();
    await endpoint?.close();
  });

  const enqueue = (integration: string, number: number) =>
    errand.client.enqueue({ integration, command: 'GetInvoiceImage', tokens: { InvoiceNumber: number } });

  it('a slow endpoint with more work than the lane has slots delays no other integration, and all of it ends', async () => {
    const slow = await Promise.all(Array.from({ length: 40 }, (_, number) => enqueue('slow', number)));
    const healthy = await enqueue('healthy', 1);
    expect((await errand.ended(healthy.id)).status).toBe('succeeded');
    const hanging = endpoint.requests.filter(({ url }) => url.startsWith('/slow'));
    // Of its eight at a time, one is kept for interactive.
    expect(hanging.length).toBeLessThanOrEqual(7);
    holding = false;
    for (const answer of held.splice(0)) answer();
    for (const { id } of slow) expect((await errand.ended(id)).status).toBe('succeeded');
    expect(endpoint.requests.filter(({ url }) => url.startsWith('/slow'))).toHaveLength(40);
  });
});
