import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Integration } from '../../src/contract/integration.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { breaker } from '../../src/judging/breaker.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

const rightKey = 'the-right-api-key';

describe.each(queueBackends())('contract §1: an integration whose endpoint keeps failing, on $name', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  /** What is asked for without the right key, or with it while `down`, is refused. */
  let down: { status: number; headers?: Record<string, string> } | null;

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => {
      const refusal = down ?? (request.header('x-api-key') === rightKey ? null : { status: 401 });
      if (refusal !== null) response.writeHead(refusal.status, refusal.headers).end('no');
      else response.end('an invoice');
    });
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });
  beforeEach(() => {
    down = null;
  });

  const authorization = () => ({ authorization: `Bearer ${errand.adminKey}` });

  async function configure(id: string, apiKey: string, retry: object = {}): Promise<void> {
    await errand.client.putIntegration(id, { name: id, type: 'custom', variables: { baseUrl: endpoint.url } });
    await saveKey(id, apiKey);
    await errand.client.putCommand(id, 'GetInvoiceImage', {
      request: {
        method: 'GET',
        url: `{{baseUrl}}/${id}/{{InvoiceNumber}}`,
        headers: [{ key: 'X-Api-Key', value: '{{apiKey}}' }],
      },
      accept: { contentTypes: ['*/*'] },
      retry,
    });
  }

  async function saveKey(id: string, value: string): Promise<void> {
    const response = await fetch(`${errand.url}/v1/integrations/${id}/secrets/apiKey`, {
      method: 'PUT',
      headers: { ...authorization(), 'content-type': 'application/json' },
      body: JSON.stringify({ value }),
    });
    expect(response.status).toBe(200);
  }

  async function get<Answer>(path: string): Promise<Answer> {
    const response = await fetch(`${errand.url}/v1/${path}`, { headers: authorization() });
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  }

  const enqueue = (integration: string, invoice: string): Promise<Invocation> =>
    errand.client.enqueue({ integration, command: 'GetInvoiceImage', tokens: { InvoiceNumber: invoice } });
  const click = (integration: string): Promise<Invocation> =>
    errand.client.enqueue(
      { integration, command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'click' } },
      { waitSeconds: 20 },
    );
  const many = (integration: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => enqueue(integration, `INV${index}`)));
  const sentTo = (integration: string) => endpoint.requests.filter(({ url }) => url.startsWith(`/${integration}/`));
  const holdOf = async (integration: string) => (await get<Integration>(`integrations/${integration}`)).hold;
  const actions = async (integration: string) =>
    (await get<{ items: { action: string }[] }>(`audit?subject=integration:${integration}`)).items.map(
      ({ action }) => action,
    );

  it('is held after a handful of 401s; what waits is not sent, and a saved secret lets all of it go on', async () => {
    await configure('acme', 'the-wrong-api-key');
    const all = await many('acme', 100);
    await expect
      .poll(() => holdOf('acme'), { timeout: 20_000 })
      .toMatchObject({
        reason: expect.stringMatching(/^unexpected-status: The server answered 401/),
        since: expect.any(String),
        nextProbeAt: expect.any(String),
      });
    // In flight when it was held: not more than its share of slots, and those that took their place for a moment.
    await expect
      .poll(
        async () => (await errand.database.pool.query(`select 1 from invocations where status = 'running'`)).rowCount,
      )
      .toBe(0);
    const sent = sentTo('acme').length;
    expect(sent).toBeGreaterThanOrEqual(breaker.streak);
    expect(sent).toBeLessThan(50);

    const refused = await click('acme');
    expect(refused.error).toMatchObject({
      code: 'integration-paused',
      side: 'credentials',
      cause: 'unexpected-status',
    });
    const waiting = (await get<{ items: Invocation[] }>('invocations?integration=acme&status=queued&limit=200')).items;
    expect(waiting).toHaveLength(100 - sent);
    const nextProbeAt = (await holdOf('acme'))?.nextProbeAt;
    expect(new Set(waiting.map((each) => each.nextAttemptAt))).toEqual(new Set([nextProbeAt]));
    // Nobody else waits for it, and nothing more is sent meanwhile.
    await configure('globex', rightKey);
    expect((await click('globex')).status).toBe('succeeded');
    expect((await errand.ended((await enqueue('globex', 'INV1')).id)).status).toBe('succeeded');
    expect(sentTo('acme')).toHaveLength(sent);

    await saveKey('acme', rightKey);
    const ended = await Promise.all(all.map(({ id }) => errand.ended(id)));
    const succeeded = ended.filter(({ status }) => status === 'succeeded');
    expect(succeeded).toHaveLength(100 - sent);
    expect(succeeded.filter(({ attempts }) => attempts.length !== 1)).toEqual([]);
    expect(await holdOf('acme')).toBeNull();
    expect((await actions('acme')).slice(0, 2)).toEqual(['integration.released', 'integration.held']);
  }, 90_000);

  it('takes a handful of a batch; the rest waits unsent, and a saved secret lets all of it go on', async () => {
    await configure('hooli', 'the-wrong-api-key', { attempts: 10, baseMs: 20, maxMs: 50 });
    const items = Array.from({ length: 300 }, (_, index) => ({ tokens: { InvoiceNumber: `INV${index}` } }));
    const batch = await errand.client.enqueueBatch({ integration: 'hooli', command: 'GetInvoiceImage', items });
    await expect.poll(() => holdOf('hooli'), { timeout: 20_000 }).not.toBeNull();
    await expect
      .poll(
        async () => (await errand.database.pool.query(`select 1 from invocations where status = 'running'`)).rowCount,
      )
      .toBe(0);
    const sent = sentTo('hooli').length;
    expect(sent).toBeGreaterThanOrEqual(breaker.streak);
    expect(sent).toBeLessThan(50);
    const held = await errand.client.batch(batch.id);
    expect(held).toMatchObject({ status: 'running', failed: sent, queued: 300 - sent, succeeded: 0 });
    const rest = (await get<{ items: Invocation[] }>(`invocations?batch=${batch.id}&status=queued&limit=200`)).items;
    const nextProbeAt = (await holdOf('hooli'))?.nextProbeAt;
    expect(new Set(rest.map((each) => each.nextAttemptAt))).toEqual(new Set([nextProbeAt]));

    // The time of the probe comes: one of the batch is let through, and that is all.
    const until = (await holdOf('hooli'))?.nextProbeAt ?? '';
    await errand.database.pool.query(
      `update integration_flow set next_probe_at = now() - interval '1 second' where integration = 'hooli'`,
    );
    await expect
      .poll(async () => ((await holdOf('hooli'))?.nextProbeAt ?? '') > until && sentTo('hooli').length, {
        timeout: 20_000,
      })
      .toBe(sent + 1);

    await saveKey('hooli', rightKey);
    const ended = await errand.client.waitForBatch(batch.id, { timeoutMs: 60_000 });
    expect(ended).toMatchObject({ status: 'finished', failed: sent, succeeded: 300 - sent });
    expect(sentTo('hooli')).toHaveLength(301);
    expect(await holdOf('hooli')).toBeNull();
    expect((await actions('hooli')).slice(0, 2)).toEqual(['integration.released', 'integration.held']);
  }, 90_000);

  it('is held while it is down; the probe is one request, and when it is well again the rest follows', async () => {
    await configure('initech', rightKey, { attempts: 10, baseMs: 20, maxMs: 50 });
    down = { status: 503 };
    const all = await many('initech', 30);
    await expect.poll(() => holdOf('initech'), { timeout: 20_000 }).not.toBeNull();
    await expect
      .poll(
        async () => (await errand.database.pool.query(`select 1 from invocations where status = 'running'`)).rowCount,
      )
      .toBe(0);
    const sent = sentTo('initech').length;
    // The time of the probe comes: one is let through, fails, and the next is later.
    const until = (await holdOf('initech'))?.nextProbeAt;
    await errand.database.pool.query(`update integration_flow set next_probe_at = now() - interval '1 second'`);
    await expect
      .poll(
        async () => {
          const next = (await holdOf('initech'))?.nextProbeAt ?? '';
          return next > (until ?? '') && sentTo('initech').length;
        },
        { timeout: 20_000 },
      )
      .toBe(sent + 1);
    down = null;
    // Again and again: the failed probe may be weighed only now, and puts the next one off.
    const probeNow = `update integration_flow set next_probe_at = now() - interval '1 second' where hold is not null`;
    await expect
      .poll(async () => (await errand.database.pool.query(probeNow)) && holdOf('initech'), {
        timeout: 30_000,
        interval: 500,
      })
      .toBeNull();
    const ended = await Promise.all(all.map(({ id }) => errand.ended(id)));
    expect(ended.every(({ status }) => status === 'succeeded')).toBe(true);
  }, 90_000);

  it('that asks to wait is not asked by anybody until then', async () => {
    await configure('umbrella', rightKey, { attempts: 2, baseMs: 20, maxMs: 50 });
    down = { status: 429, headers: { 'retry-after': '3' } };
    const first = await enqueue('umbrella', 'INV1');
    await expect.poll(() => sentTo('umbrella').length).toBe(1);
    const waits = `select 1 from integration_flow where integration = 'umbrella' and not_before is not null`;
    await expect.poll(async () => (await errand.database.pool.query(waits)).rowCount).toBe(1);
    down = null;
    const askedAt = sentTo('umbrella')[0]?.at ?? 0;
    const [second, clicked] = await Promise.all([enqueue('umbrella', 'INV2'), click('umbrella')]);
    expect(clicked).toMatchObject({ status: 'succeeded' });
    expect(clicked.attempts).toHaveLength(1);
    for (const { id } of [first, second]) expect((await errand.ended(id)).status).toBe('succeeded');
    const [, ...later] = sentTo('umbrella');
    expect(later).toHaveLength(3);
    for (const { at } of later) expect(at - askedAt).toBeGreaterThan(2_900);
  });
});
