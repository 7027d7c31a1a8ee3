import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Invocation } from '../../src/contract/invocation.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { startReceiver } from '../support/otlp.ts';
import { freePort } from '../support/ports.ts';
import { queueBackends } from '../support/queues.ts';

const producers = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') });
const headerOf = ({ traceId, spanId }: ReturnType<typeof producers>, flags = '01') =>
  `00-${traceId}-${spanId}-${flags}`;

/** Asks as a producer that traces: with its own `traceparent`. */
async function enqueue(errand: Deployment, number: string, traceparent?: string): Promise<string> {
  const answer = await fetch(`${errand.url}/v1/invocations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${errand.adminKey}`,
      'content-type': 'application/json',
      ...(traceparent === undefined ? {} : { traceparent }),
    },
    body: JSON.stringify({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: number } }),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as Invocation).id;
}

async function configured(errand: Deployment, endpoint: Endpoint): Promise<void> {
  await errand.worker('batch');
  await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
  await errand.client.putCommand('acme', 'GetInvoiceImage', {
    accept: { contentTypes: ['*/*'] },
    request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    retry: { attempts: 2, baseMs: 20, maxMs: 40 },
  });
}

describe.each(queueBackends())('tracing on $name (contract §6)', (backend) => {
  let endpoint: Endpoint;
  const tried = new Set<string>();
  const received = (number: string) =>
    endpoint.requests.filter(({ url }) => url === `/${number}`).map((each) => each.header('traceparent') ?? '');

  beforeAll(async () => {
    endpoint = await startEndpoint(({ url }, response) => {
      const fails = url.startsWith('/flaky') && !tried.has(url);
      tried.add(url);
      response.writeHead(fails ? 503 : 200, { 'content-type': 'text/plain' }).end('an invoice');
    });
  });
  afterAll(() => endpoint?.close());

  describe('with a receiver', () => {
    let errand: Deployment;
    let receiver: Awaited<ReturnType<typeof startReceiver>>;

    beforeAll(async () => {
      receiver = await startReceiver();
      errand = await deploy(backend, {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '50',
      });
      await configured(errand, endpoint);
    });
    afterAll(async () => {
      await errand?.stop();
      await receiver?.close();
    });

    it("has one trace from the producer's span to the customer's endpoint, each attempt with a span of its own", async () => {
      const producer = producers();
      const id = await enqueue(errand, 'flaky-1', headerOf(producer));
      expect((await errand.ended(id)).attempts).toHaveLength(2);
      const spans = await receiver.spansOf(producer.traceId, 3);
      const [accepted, ...attempts] = spans.sort((a, b) => a.startedAt - b.startedAt);
      expect(accepted).toMatchObject({
        name: 'accept http',
        parent: producer.spanId,
        service: 'errand',
        attributes: { 'errand.invocation.id': id, 'errand.created': true, 'errand.lane': 'batch' },
      });
      const common = { name: 'GET', parent: accepted?.spanId };
      const attributes = { 'errand.invocation.id': id, 'http.request.method': 'GET', 'server.address': '127.0.0.1' };
      expect(attempts).toMatchObject([
        {
          ...common,
          attributes: { ...attributes, 'errand.attempt': 1, 'http.response.status_code': 503, 'error.type': '503' },
        },
        { ...common, attributes: { ...attributes, 'errand.attempt': 2, 'http.response.status_code': 200 } },
      ]);
      expect(received('flaky-1')).toEqual(attempts.map(({ traceId, spanId }) => headerOf({ traceId, spanId })));
    });

    it('shows the request with the traceparent that it was sent with', async () => {
      const { id, attempts } = await errand.ended(await enqueue(errand, 'shown', headerOf(producers())));
      const shown = attempts[0]?.request?.headers.find(({ key }) => key === 'traceparent');
      expect([shown?.value]).toEqual(received('shown'));
      expect(shown?.value).not.toContain(id.replaceAll('-', ''));
    });

    it("takes what a producer's BullMQ telemetry sent along", async () => {
      const producer = producers();
      const queue = await backend.openQueue(`${errand.prefix}-batch`, errand.database.url);
      try {
        const data = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'job' } };
        const metadata = JSON.stringify({ traceparent: headerOf(producer) });
        await queue.finished(await queue.add('invoke', data, { telemetry: { metadata } }));
      } finally {
        await queue.close();
      }
      const spans = await receiver.spansOf(producer.traceId, 2);
      expect(spans.map(({ name }) => name).sort()).toEqual(['GET', 'accept bullmq']);
      expect(received('job')[0]).toContain(producer.traceId);
    });

    it('gives items of a batch traces of their own, by the ids that their requests always carry', async () => {
      const items = [{ tokens: { InvoiceNumber: 'item' } }];
      await errand.client.enqueueBatch({ integration: 'acme', command: 'GetInvoiceImage', items });
      const [span] = await receiver.spansMatching(({ attributes }) => attributes['errand.batch.id'] !== undefined, 1);
      expect(span).toMatchObject({ name: 'GET', parent: null, spanId: '0000000000000001' });
      expect(received('item')).toEqual([headerOf(span as { traceId: string; spanId: string })]);
      expect(span?.traceId).toBe(String(span?.attributes['errand.invocation.id']).replaceAll('-', ''));
    });

    it('keeps to what the producer decided about sampling', async () => {
      const producer = producers();
      await errand.ended(await enqueue(errand, 'unsampled', headerOf(producer, '00')));
      // Spans leave in order: with these, those before would have come.
      const next = producers();
      await errand.ended(await enqueue(errand, 'sampled', headerOf(next)));
      await receiver.spansOf(next.traceId, 2);
      expect(receiver.spans.filter(({ traceId }) => traceId === producer.traceId)).toEqual([]);
      expect(received('unsampled')[0]).toMatch(new RegExp(`^00-${producer.traceId}-[0-9a-f]{16}-00$`));
    });
  });

  it('is not there without the variables: requests carry what they always did', async () => {
    const errand = await deploy(backend);
    try {
      await configured(errand, endpoint);
      const { id } = await errand.ended(await enqueue(errand, 'untraced', headerOf(producers())));
      expect(received('untraced')).toEqual([`00-${id.replaceAll('-', '')}-0000000000000001-01`]);
      const { rows } = await errand.database.pool.query('select traceparent from invocations');
      expect(rows).toEqual([{ traceparent: null }]);
    } finally {
      await errand.stop();
    }
  });

  it('loses spans and nothing else while nobody receives them, and stops in time', async () => {
    const errand = await deploy(backend, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_BSP_SCHEDULE_DELAY: '20',
    });
    try {
      await configured(errand, endpoint);
      const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => enqueue(errand, `lonely-${index}`)));
      const ended = await Promise.all(ids.map((id) => errand.ended(id)));
      expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
    } finally {
      const begun = performance.now();
      await errand.stop();
      expect(performance.now() - begun).toBeLessThan(7_000);
    }
  });
});
