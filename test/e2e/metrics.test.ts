import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/client/http.ts';
import { configureAcme } from '../support/acme.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, startErrand } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';
import { seriesOf } from '../support/series.ts';

async function scrape(url: string, key: string | null): Promise<{ status: number; text: string }> {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/metrics`, { headers });
  return { status: response.status, text: await response.text() };
}

describe.each(queueBackends())('contract §3: /metrics, on $name', { timeout: 90_000 }, (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => {
      const status = request.url.endsWith('GOOD') ? 200 : 404;
      response.writeHead(status, { 'content-type': 'text/plain' }).end('an invoice');
    });
    await configureAcme(errand.client, endpoint.url, 'POST');
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  const invoke = async (client: Deployment['client'], InvoiceNumber: string) => {
    const call = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber } };
    await errand.ended((await client.enqueue(call)).id);
  };

  it('of a worker are on a port of their own, for the same keys', async () => {
    const worker: ErrandProcess = startErrand(['worker'], { ...errand.env, ERRAND_METRICS_PORT: '0' });
    try {
      const { host, port } = await worker.event('metrics.listening');
      await worker.event('ready');
      const url = `http://${host}:${port}`;
      await invoke(errand.client, 'GOOD');
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect((await scrape(url, null)).status).toBe(401);
      const producer = (await errand.client.createKey({ role: 'producer', accounts: '*' })).key;
      expect((await scrape(url, producer)).status).toBe(401);
      const { status, text } = await scrape(url, errand.adminKey);
      expect(status).toBe(200);
      expect(
        seriesOf(text, 'errand_attempts_total', {
          lane: 'batch',
          integration: 'acme',
          outcome: 'succeeded',
          code: 'none',
          process: 'worker',
        }),
      ).toBe(1);
      expect(text).toMatch(/^errand_build_info\{(?=.*version="[^"]+")(?=.*node="v\d+)(?=.*process="worker").*\} 1$/m);
      expect(seriesOf(text, 'errand_commit_rows_count', { lane: 'batch', process: 'worker' })).toBe(1);
      expect(text).not.toMatch(/^errand_http_requests_total/m);
    } finally {
      await worker.kill('SIGTERM');
    }
  });

  it('of `errand up` has the processes of all lanes in one scrape', async () => {
    const up = startErrand(['up'], { ...errand.env, ERRAND_METRICS_PUBLIC: '1', ERRAND_METRICS_PORT: '9' });
    try {
      const { url = '' } = await up.event('ready', ({ role }) => role === 'up');
      const client = createHttpClient({ url, apiKey: errand.adminKey });
      await invoke(client, 'GOOD');
      await invoke(client, 'BAD');
      const items = ['GOOD', 'GOOD'].map((InvoiceNumber) => ({ tokens: { InvoiceNumber } }));
      await client.enqueueBatch({ integration: 'acme', command: 'GetInvoiceImage', items });
      await client.getInvocation(
        (
          await client.enqueue(
            { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'GOOD' }, lane: 'interactive' },
            { waitSeconds: 20 },
          )
        ).id,
      );
      const text = (await scrape(url, null)).text;
      const processes = new Set(
        [...text.matchAll(/^process_start_time_seconds\{process="([^"]+)"\}/gm)].map(([, name]) => name),
      );
      expect(processes).toEqual(new Set(['api', 'worker-interactive', 'worker-batch']));
      for (const [name, labels, value] of [
        [
          'errand_attempts_total',
          {
            lane: 'batch',
            integration: 'acme',
            outcome: 'permanent',
            code: 'unexpected-status',
            process: 'worker-batch',
          },
          1,
        ],
        [
          'errand_attempts_total',
          {
            lane: 'interactive',
            integration: 'acme',
            outcome: 'succeeded',
            code: 'none',
            process: 'worker-interactive',
          },
          1,
        ],
        ['errand_invocations_accepted_total', { source: 'http', lane: 'batch', process: 'api' }, 2],
        ['errand_invocations_accepted_total', { source: 'batch', lane: 'batch', process: 'api' }, 2],
        ['errand_database_up', { process: 'api' }, 1],
        ['errand_workers', { lane: 'interactive', process: 'api' }, 1],
        ['errand_concurrency_limit', { lane: 'batch', process: 'worker-batch' }, 64],
        ['errand_http_requests_total', { method: 'POST', route: '/v1/batches', status: '202', process: 'api' }, 1],
      ] as [string, Record<string, string>, number][]) {
        expect([name, labels, seriesOf(text, name, labels)]).toEqual([name, labels, value]);
      }
      // Somebody leads, or will in a moment.
      await expect
        .poll(async () => [...(await scrape(url, null)).text.matchAll(/^errand_leader\{[^}]*\} 1$/gm)].length, {
          timeout: 20_000,
        })
        .toBe(1);
    } finally {
      await up.kill('SIGTERM');
    }
  });
});
