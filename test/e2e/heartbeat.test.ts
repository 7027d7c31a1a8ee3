import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

/** More than a worker has connections for its work. */
const batches = 24;

describe.each(queueBackends())('contract §7: a worker whose work waits for the database, on $name', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;

  beforeAll(async () => {
    endpoint = await startEndpoint((_, response) => void response.end('an invoice'));
    errand = await deploy(backend);
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom' });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      request: { method: 'GET', url: `${endpoint.url}/{{InvoiceNumber}}` },
      accept: { contentTypes: ['*/*'] },
    });
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  it('still says that it lives, so that nobody else sends the same again', async () => {
    const { pool } = errand.database;
    const accepted = await Promise.all(
      Array.from({ length: batches }, (_, number) =>
        errand.client.enqueueBatch({
          integration: 'acme',
          command: 'GetInvoiceImage',
          items: [{ tokens: { InvoiceNumber: number } }],
        }),
      ),
    );
    const blocker = await pool.connect();
    await blocker.query('begin');
    await blocker.query('lock table batch_ranges in access exclusive mode');
    const beats = new Set<number>();
    try {
      await errand.worker('batch');
      const waits = `select 1 from pg_stat_activity
        where datname = current_database() and application_name = 'errand-worker-batch' and wait_event_type = 'Lock'`;
      await expect.poll(async () => (await pool.query(waits)).rowCount, { timeout: 20_000 }).toBe(10);
      const seen = async () => {
        const { rows } = await pool.query<{ heartbeat_at: Date }>('select heartbeat_at from workers');
        for (const { heartbeat_at } of rows) beats.add(heartbeat_at.getTime());
        return beats.size;
      };
      // Three, since one may have been on its way.
      await expect.poll(seen, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    } finally {
      await blocker.query('rollback');
      blocker.release();
    }
    for (const { id } of accepted) {
      expect(await errand.client.waitForBatch(id, { timeoutMs: 30_000 })).toMatchObject({ outcome: 'clean' });
    }
    expect(endpoint.requests).toHaveLength(batches);
  }, 90_000);
});
