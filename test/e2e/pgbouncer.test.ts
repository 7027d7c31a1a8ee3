import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { advisoryLocks } from '../../src/store/locks.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { runErrand } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';
import { type OwnPgBouncer, ownPgBouncer } from '../support/services/own-pgbouncer.ts';

const onBackends = describe.runIf(ownPgBouncer.available).each(queueBackends());

onBackends('behind PgBouncer in transaction mode, queues on $name (contract §7)', (backend) => {
  let bouncer: OwnPgBouncer;
  let errand: Deployment;
  let endpoint: Endpoint;
  /** What the endpoint does with requests under `/held/`. */
  let onHeld: (answer: () => void) => void;

  beforeAll(async () => {
    endpoint = await startEndpoint((request, response) => {
      const answer = () => void response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
      if (request.url.startsWith('/down/')) response.writeHead(500).end('no');
      else if (request.url.startsWith('/held/')) onHeld(answer);
      else answer();
    });
  });
  afterAll(() => endpoint?.close());
  beforeEach(async () => {
    errand = await deploy(backend, async (database) => {
      bouncer = await ownPgBouncer.start(database.url);
      const urls = { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: database.url };
      expect((await runErrand(['migrate'], urls)).code).toBe(0);
      return urls;
    });
    for (const id of ['acme', 'held', 'down']) await configure(id);
  });
  afterEach(async () => {
    await errand?.stop(() => bouncer.stop());
  });

  async function configure(id: string, query = '') {
    await errand.client.putIntegration(id, { name: id, type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand(id, 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: `{{baseUrl}}/${id}/{{InvoiceNumber}}${query}` },
    });
  }
  const invoice = (integration: string, number: string) => ({
    integration,
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: number },
  });
  const sent = () => endpoint.requests.map(({ url }) => url);

  it('clicks, batches, saved commands and holds work as ever', { timeout: 60_000 }, async () => {
    const [, batch] = await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    const click = await errand.client.enqueue(invoice('acme', 'C1'), { waitSeconds: 20 });
    expect(click.status).toBe('succeeded');
    await configure('acme', '?v=2');
    await errand.client.enqueue(invoice('acme', 'C2'), { waitSeconds: 20 });
    expect(sent()).toContain('/acme/C2?v=2');

    const items = Array.from({ length: 450 }, (_, index) => ({ tokens: { InvoiceNumber: `B${index}` } }));
    const { id } = await errand.client.enqueueBatch({ integration: 'acme', command: 'GetInvoiceImage', items });
    expect(await errand.client.waitForBatch(id)).toMatchObject({ outcome: 'clean', succeeded: 450 });

    await Promise.all(Array.from({ length: 30 }, (_, index) => errand.client.enqueue(invoice('down', `D${index}`))));
    await batch.event('integration.held', (line) => line.integration === 'down');
  });

  it('a cancellation is heard of while the exchange runs', async () => {
    const arrived = Promise.withResolvers<void>();
    onHeld = () => arrived.resolve();
    await errand.worker('interactive');
    const { id } = await errand.client.enqueue({ ...invoice('held', 'H1'), lane: 'interactive' });
    await arrived.promise;
    const authorization = `Bearer ${errand.adminKey}`;
    await fetch(`${errand.url}/v1/invocations/${id}/cancel`, { method: 'POST', headers: { authorization } });
    const ended = await errand.ended(id);
    expect(ended).toMatchObject({ status: 'cancelled', attempts: [{ outcome: 'unknown' }] });
  });

  it('one process leads, another when that is killed, and its work resumes', { timeout: 60_000 }, async () => {
    const waiting: (() => void)[] = [];
    const arrived = Promise.withResolvers<void>();
    onHeld = (answer) => {
      waiting.push(answer);
      arrived.resolve();
    };
    const first = await errand.worker('batch');
    await first.event('leader.gained');
    const { id } = await errand.client.enqueue(invoice('held', 'K1'));
    await arrived.promise;
    onHeld = (answer) => answer();
    const second = await errand.worker('batch');
    const { rows } = await errand.database.pool.query<{ leaders: number }>(
      `select count(*)::int as leaders from pg_locks where locktype = 'advisory' and granted and objid = $1
       and database = (select oid from pg_database where datname = current_database())`,
      [advisoryLocks.leader],
    );
    expect(rows).toEqual([{ leaders: 1 }]);
    expect(second.output()).not.toContain('leader.gained');
    await first.kill('SIGKILL');
    await second.event('leader.gained');
    const ended = await errand.ended(id);
    expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'succeeded']);
    for (const answer of waiting) answer();
  });

  it('what was accepted ends, although the pooler is away in between', { timeout: 60_000 }, async () => {
    const accepted = await Promise.all(
      Array.from({ length: 20 }, (_, index) => errand.client.enqueue(invoice('acme', `R${index}`))),
    );
    await bouncer.kill();
    expect((await fetch(`${errand.url}/readyz`)).status).toBe(503);
    const starting = errand.worker('batch');
    await bouncer.restart();
    await starting;
    for (const { id } of accepted) expect((await errand.ended(id)).status).toBe('succeeded');
  });

  it('a role without a way past the pooler does not start', async () => {
    const { DATABASE_DIRECT_URL: _, ...without } = errand.env;
    for (const env of [without, { ...without, DATABASE_URL: `${bouncer.url}?a=b`, DATABASE_DIRECT_URL: bouncer.url }]) {
      const { code, stderr } = await runErrand(['worker', '--lane', 'batch'], env);
      expect([code, stderr]).toEqual([78, expect.stringMatching(/DATABASE_(DIRECT_)?URL: leads through a pooler/)]);
    }
  });
});
