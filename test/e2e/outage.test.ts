import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureAcme } from '../support/acme.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type OwnRedis, ownRedis } from '../support/queues.ts';

describe.runIf(ownRedis.available)('Redis fails (contract §7)', () => {
  let redis: OwnRedis;
  let errand: Deployment;
  let endpoint: Endpoint;

  beforeEach(async () => {
    redis = await ownRedis.start();
    endpoint = await startEndpoint((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    errand = await deploy({ name: 'redis', url: redis.url });
    await configureAcme(errand.client, endpoint.url);
  });
  afterEach(async () => {
    await errand?.stop();
    await endpoint?.close();
    await redis?.stop();
  });

  const enqueue = (number: string) =>
    errand.client.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: number } });

  it('and is emptied: what was accepted ends all the same', async () => {
    const accepted = await Promise.all(Array.from({ length: 20 }, (_, index) => enqueue(`F${index}`)));
    await redis.flushAll();
    await errand.worker('batch');
    for (const { id } of accepted) expect((await errand.ended(id)).status).toBe('succeeded');
    expect(endpoint.requests).toHaveLength(20);
  });

  it('and is away: the answer is still 202, and the work is done when it is back', async () => {
    await errand.worker('batch');
    await redis.kill();
    const { id, status } = await enqueue('A1');
    expect(status).toBe('queued');
    const ready = await fetch(`${errand.url}/readyz`);
    expect(ready.status).toBe(503);
    await redis.restart();
    expect((await errand.ended(id)).status).toBe('succeeded');
    expect(endpoint.requests).toHaveLength(1);
  });
});
