import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

// How a batch arrives has nothing to do with where the queues are.
const backends = queueBackends().slice(0, 1);
const command = 'GetInvoiceImage';

describe.each(backends)('contract §3: a long stream of items', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let integration: string;
  let count = 0;

  beforeAll(async () => {
    endpoint = await startEndpoint((_, response) => void response.end('an invoice'));
    errand = await deploy(backend, { LOG_LEVEL: 'info' });
    await errand.worker('batch');
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });
  beforeEach(async () => {
    count += 1;
    integration = `acme-${count}`;
    await errand.client.putIntegration(integration, { name: integration, type: 'custom' });
    await errand.client.putCommand(integration, command, {
      request: { method: 'GET', url: `${endpoint.url}/{{InvoiceNumber}}` },
      accept: { contentTypes: ['*/*'] },
    });
  });

  function* lines(total: number, bad?: number): Generator<string> {
    for (let line = 1; line <= total; line += 1) {
      const name = line === bad ? 'invoiceNumber' : 'InvoiceNumber';
      yield JSON.stringify({ tokens: { [name]: `INV${line}` } });
    }
  }

  const keptRows = async (): Promise<number> => {
    const { rows } = await errand.database.pool.query<{ count: number }>(
      `select (select count(*) from invocations where integration = $1)::int
         + (select count(*) from batches where integration = $1)::int
         + (select count(*) from batch_ranges r where not exists (select 1 from batches b where b.id = r.batch))::int
         as count`,
      [integration],
    );
    return rows[0]?.count ?? 0;
  };
  /** Another batch of the same integration runs to its end: whoever looks after batches has had every occasion. */
  async function runOneMore(): Promise<void> {
    const items = [{ tokens: { InvoiceNumber: 'LATER' } }];
    const { id } = await errand.client.enqueueBatch({ integration, command, items });
    expect(await errand.client.waitForBatch(id, { timeoutMs: 30_000 })).toMatchObject({ outcome: 'clean' });
  }

  it('is refused for one bad line far in it, by its number, and nothing of it is kept or sent', async () => {
    const refused = errand.client.enqueueBatch({ integration, command, items: lines(100_000, 90_001) });
    const path = 'line 90001.tokens.invoiceNumber';
    await expect(refused).rejects.toMatchObject({ status: 422, errors: [{ path }, {}] });
    expect(await keptRows()).toBe(0);
    await runOneMore();
    expect(endpoint.requests.map(({ url }) => url)).toEqual(['/LATER']);
    endpoint.requests.length = 0;
  }, 60_000);

  it('that is refused is passed over to its end: the connection serves the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (method: string, path: string, body = '') => {
      const headers = { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/x-ndjson' };
      const request = httpRequest(`${errand.url}${path}`, { method, agent, headers }).end(body);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      return { status: response.statusCode, reused: request.reusedSocket };
    };
    try {
      const body = [...lines(10_000, 2)].join('\n');
      const refused = await ask('POST', `/v1/batches?integration=${integration}&command=${command}`, body);
      expect(refused).toEqual({ status: 422, reused: false });
      expect(await ask('GET', '/healthz')).toEqual({ status: 200, reused: true });
    } finally {
      agent.destroy();
    }
  });

  it('whose source fails in the middle leaves nothing', async () => {
    async function* failing() {
      yield* lines(20_500);
      // The client sends what there is, before it asks for more.
      await expect.poll(keptRows, { timeout: 20_000, interval: 20 }).toBeGreaterThan(5_000);
      throw new Error('the cursor is gone');
    }
    await expect(errand.client.enqueueBatch({ integration, command, items: failing() })).rejects.toThrow(
      'the cursor is gone',
    );
    await expect.poll(keptRows, { timeout: 20_000 }).toBe(0);
    expect((await errand.client.batches({ integration })).items).toEqual([]);
  }, 60_000);

  it('that breaks off leaves nothing, also not later', async () => {
    const request = httpRequest(`${errand.url}/v1/batches?integration=${integration}&command=${command}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/x-ndjson' },
    });
    const broken = new Promise((resolve) => request.once('error', resolve));
    // Kept a thousand at a time: most of it is when it breaks off, and the last ones never fill their thousand.
    request.write([...lines(20_500)].join('\n'));
    await expect.poll(keptRows, { timeout: 20_000, interval: 20 }).toBeGreaterThan(5_000);
    request.destroy(new Error('the client has gone'));
    await broken;
    await expect.poll(keptRows, { timeout: 20_000 }).toBe(0);
    await runOneMore();
    expect(endpoint.requests.map(({ url }) => url)).toEqual(['/LATER']);
    expect((await errand.client.batches({ integration })).items).toMatchObject([{ total: 1 }]);
  }, 60_000);
});
