import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { createCertificateAuthority } from '../support/endpoints/certificates.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { startErrand } from '../support/errand.ts';
import { type OwnRedis, ownCluster, ownRedis } from '../support/queues.ts';

const authority = createCertificateAuthority();
const local = { ...authority.issue('localhost'), ca: authority.cert };
const servers = [
  { name: 'a Redis', start: () => ownRedis.start({ tls: local }) },
  { name: 'a Redis Cluster', start: () => ownCluster.start({ tls: local }) },
];

describe.runIf(ownRedis.available).each(servers)(
  'contract §2: $name that speaks TLS',
  { timeout: 60_000 },
  ({ start }) => {
    let directory: string;
    let redis: Pick<OwnRedis, 'url' | 'stop'>;
    let endpoint: Endpoint;
    let errand: Deployment;

    beforeAll(async () => {
      directory = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
      await writeFile(path.join(directory, 'ca.pem'), authority.cert);
      redis = await start();
      endpoint = await startEndpoint((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
      });
      errand = await deploy({ name: 'redis', url: redis.url }, { NODE_EXTRA_CA_CERTS: path.join(directory, 'ca.pem') });
    });
    afterAll(async () => {
      await errand?.stop();
      await endpoint?.close();
      await redis?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    it('is used over TLS, by an authority that NODE_EXTRA_CA_CERTS names', async () => {
      await errand.worker('batch');
      await errand.client.putIntegration('acme', {
        name: 'Acme',
        type: 'custom',
        variables: { baseUrl: endpoint.url },
      });
      await errand.client.putCommand('acme', 'GetInvoiceImage', {
        accept: { contentTypes: ['*/*'] },
        request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      });
      const { id } = await errand.client.enqueue({
        integration: 'acme',
        command: 'GetInvoiceImage',
        tokens: { InvoiceNumber: 'T1' },
      });
      expect((await errand.ended(id)).status).toBe('succeeded');
      expect((await fetch(`${errand.url}/readyz`)).status).toBe(200);
    });

    it('is not used while nobody vouches for its certificate', async () => {
      const { NODE_EXTRA_CA_CERTS: _, ...env } = errand.env;
      const api = startErrand(['api'], env);
      try {
        const { url } = await api.event('ready');
        const ready = await fetch(`${url}/readyz`);
        expect(ready.status).toBe(503);
        expect(api.output()).toMatch(/certificate|CERT/);
      } finally {
        await api.kill('SIGTERM');
      }
    });
  },
);
