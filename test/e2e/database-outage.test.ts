import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { startErrand } from '../support/errand.ts';
import { freePort } from '../support/ports.ts';
import { queueBackends } from '../support/queues.ts';

describe.each(queueBackends())('PostgreSQL fails, queues on $name (contract §7)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;

  beforeAll(async () => {
    endpoint = await startEndpoint((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    errand = await deploy(backend);
    await errand.worker('batch');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  it('by cutting every connection, again and again: what was accepted ends, once each', async () => {
    const accepted: string[] = [];
    const cut = () =>
      errand.database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'test'`,
      );
    for (let round = 0; round < 3; round += 1) {
      const enqueued = Array.from({ length: 20 }, (_, index) =>
        errand.client
          .enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: `R${round}-${index}` } })
          // A 503 is an honest answer; only what was answered with 202 counts.
          .then(
            ({ id }) => accepted.push(id),
            () => undefined,
          ),
      );
      await cut();
      await Promise.all(enqueued);
    }
    expect(accepted.length).toBeGreaterThan(0);
    for (const id of accepted) expect((await errand.ended(id)).status).toBe('succeeded');
  });
});

describe('contract §3, §7: a database that is not there at the start', () => {
  it('is waited for: /readyz says so, and the API goes on trying', async () => {
    const port = await freePort();
    const api = startErrand(['api'], {
      DATABASE_URL: `postgres://nobody:secret-password@127.0.0.1:${port}/errand`,
      ERRAND_ADMIN_KEY: '0123456789abcdef0123456789abcdef',
      ERRAND_SECRET_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
      PORT: String(await freePort()),
    });
    await api.event('database.unreachable');
    const listening = await api.event('api.listening');
    const ready = await fetch(`${listening.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(await ready.json())).toContain('database');
    const alive = await fetch(`${listening.url}/healthz`);
    expect(alive.status).toBe(200);
    expect(api.output()).not.toContain('secret-password');
    expect(await api.kill('SIGTERM')).toEqual([0, null]);
  });
});
