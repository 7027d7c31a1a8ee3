import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../src/contract/command.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

type Answer = { status: number; body: string } | 'never';

describe.each(queueBackends())('what operators do, on $name (contract §3)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let answer: (invoice: string) => Answer;
  let onRequest: (invoice: string) => void;
  /** Called with each invoice whose connection was cut before it was answered. */
  let onCut: (invoice: string) => void;

  beforeAll(async () => {
    errand = await deploy(backend);
    endpoint = await startEndpoint((request, response) => {
      const invoice = request.url.split('/').at(-1) ?? '';
      response.on('close', () => !response.writableFinished && onCut(invoice));
      const { status, body } = pick(answer(invoice));
      if (status > 0) response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
      onRequest(invoice);
    });
    await errand.worker('interactive');
    await errand.worker('batch');
    await configure('acme');
    await configure('globex');
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });
  beforeEach(() => {
    answer = () => ({ status: 200, body: 'an invoice' });
    onRequest = () => {};
    onCut = () => {};
  });

  const pick = (given: Answer) => (given === 'never' ? { status: 0, body: '' } : given);
  const command: CommandBody = {
    request: { method: 'POST', url: '{{baseUrl}}/{{InvoiceNumber}}', body: 'please' },
    accept: { contentTypes: ['*/*'] },
    retry: { attempts: 2, baseMs: 20, maxMs: 40 },
  };

  async function configure(id: string): Promise<void> {
    await errand.client.putIntegration(id, { name: id, type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand(id, 'GetInvoiceImage', command);
  }

  async function post(path: string, body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(`${errand.url}/v1/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${errand.adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return { status: response.status, json: (await response.json()) as any };
  }

  const enqueue = (invoice: string, more: object = {}): Promise<Invocation> =>
    errand.client.enqueue({
      integration: 'acme',
      command: 'GetInvoiceImage',
      tokens: { InvoiceNumber: invoice },
      ...more,
    });
  const arrival = (invoice: string) =>
    new Promise<void>((resolve) => {
      onRequest = (seen) => seen === invoice && resolve();
    });
  const keysFor = (invoice: string) =>
    endpoint.requests.filter(({ url }) => url === `/${invoice}`).map((request) => request.header('idempotency-key'));
  const shownKeys = ({ attempts }: Invocation) =>
    attempts.map(({ request }) => request?.headers.find(({ key }) => key === 'Idempotency-Key')?.value);

  it('cancels a running exchange: aborted, kept as unknown, and whoever waits wakes up', async () => {
    answer = () => 'never';
    const arrived = arrival('C1');
    const cut = new Promise<string>((resolve) => {
      onCut = resolve;
    });
    const { id } = await enqueue('C1');
    await arrived;
    const waiting = fetch(`${errand.url}/v1/invocations/${id}`, {
      headers: { authorization: `Bearer ${errand.adminKey}`, prefer: 'wait=30' },
    }).then((response) => response.json() as Promise<Invocation>);
    const cancelled = await post(`invocations/${id}/cancel`);
    expect(cancelled.status).toBe(200);
    expect(cancelled.json).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' }, nextAttemptAt: null });
    expect(await cut).toBe('C1');
    expect((await waiting).status).toBe('cancelled');
    // The worker adds what it had sent.
    await expect.poll(async () => shownKeys(await errand.client.getInvocation(id))).toEqual([id]);
    const ended = await errand.client.getInvocation(id);
    expect(ended.attempts).toMatchObject([{ number: 1, outcome: 'unknown', error: { code: 'cancelled' } }]);
    expect((await post(`invocations/${id}/cancel`)).status).toBe(409);

    answer = () => ({ status: 200, body: 'an invoice' });
    expect((await post(`invocations/${id}/retry`)).status).toBe(202);
    const retried = await errand.ended(id);
    expect(retried.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'unknown'],
      [2, 'succeeded'],
    ]);
    // Nobody knows what became of the first: the same key.
    expect(keysFor('C1')).toEqual([id, id]);
  });

  it('retries a failure with a key of its own, and shows which attempt had which', async () => {
    answer = () => ({ status: 503, body: 'busy' });
    const { id } = await enqueue('R1');
    expect((await errand.ended(id)).error?.code).toBe('attempts-exhausted');
    answer = () => ({ status: 400, body: 'no' });
    const again = await post(`invocations/${id}/retry`, undefined, { prefer: 'wait=20' });
    expect([again.status, again.json.status, again.json.error.code]).toEqual([200, 'failed', 'unexpected-status']);
    answer = () => ({ status: 200, body: 'an invoice' });
    expect((await post(`invocations/${id}/retry`, {})).status).toBe(202);
    const ended = await errand.ended(id);
    expect(ended).toMatchObject({ status: 'succeeded', error: null });
    expect(ended.attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(keysFor('R1')).toEqual([id, id, `${id}-2`, `${id}-3`]);
    expect(shownKeys(ended)).toEqual(keysFor('R1'));
    expect(Buffer.from((await errand.client.result(id)).bytes).toString()).toBe('an invoice');
  });

  it('refuses to retry what has not ended', async () => {
    const { id } = await enqueue('R2', { runAt: new Date(Date.now() + 3_600_000).toISOString() });
    expect((await post(`invocations/${id}/retry`)).status).toBe(409);
    expect((await post(`invocations/${id}/cancel`)).json.status).toBe('cancelled');
    expect(keysFor('R2')).toEqual([]);
  });

  it('redrives by code', async () => {
    answer = (invoice) => (invoice === 'D1' ? { status: 400, body: 'no' } : { status: 503, body: 'busy' });
    const one = await enqueue('D1', { integration: 'globex' });
    const other = await enqueue('D2', { integration: 'globex' });
    await Promise.all([one, other].map(({ id }) => errand.ended(id)));
    answer = () => ({ status: 200, body: 'an invoice' });
    const filter = { integration: 'globex', codes: ['unexpected-status'] };
    expect((await post('invocations/redrive', { ...filter, dryRun: true })).json).toEqual({ matched: 1, redriven: 0 });
    expect((await post('invocations/redrive', filter)).json).toEqual({ matched: 1, redriven: 1 });
    expect((await errand.ended(one.id)).status).toBe('succeeded');
    expect((await errand.client.getInvocation(other.id)).status).toBe('failed');
    expect(keysFor('D1')).toEqual([one.id, `${one.id}-2`]);
    expect((await post('invocations/redrive', {})).status).toBe(422);
  });

  /** Work of the other integration that only the sweep can ring for, since nobody else knows that it may go on. */
  async function sweepHasPassed(invoice: string): Promise<void> {
    await post('integrations/globex/pause');
    const { id } = await enqueue(invoice, { integration: 'globex' });
    await errand.database.pool.query(
      `with resumed as (update integrations set status = 'active' where id = 'globex' returning id)
       select pg_notify('errand_configuration', id) from resumed`,
    );
    expect((await errand.ended(id)).status).toBe('succeeded');
  }

  it('pauses: batch work waits, a click fails at once; resuming lets it go on', async () => {
    const paused = await post('integrations/acme/pause');
    expect(paused.json).toMatchObject({ status: 'paused', hold: { reason: 'paused', since: expect.any(String) } });
    const waiting = await Promise.all(Array.from({ length: 40 }, (_, index) => enqueue(`P${index}`)));
    const click = await errand.client.enqueue(
      { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'P-click' } },
      { waitSeconds: 20 },
    );
    expect(click).toMatchObject({ status: 'failed', error: { code: 'integration-paused', side: 'configuration' } });
    const generations = async () => {
      const { rows } = await errand.database.pool.query(
        `select status, rung_at, generation from invocations where integration = 'acme' and due_at is not null`,
      );
      return rows;
    };
    await expect.poll(async () => (await generations()).filter(({ rung_at }) => rung_at !== null)).toEqual([]);
    const before = await generations();
    await sweepHasPassed('P-other');
    expect(await generations()).toEqual(before);
    expect(before).toHaveLength(40);
    expect(endpoint.requests.filter(({ url }) => /^\/P\d+$/.test(url))).toEqual([]);

    expect((await post('integrations/acme/resume')).json).toMatchObject({ status: 'active', hold: null });
    const ended = await Promise.all(waiting.map(({ id }) => errand.ended(id)));
    expect(ended.every(({ status }) => status === 'succeeded')).toBe(true);
  });

  it('ends what waits for an integration that is deleted', async () => {
    await configure('gone');
    await post('integrations/gone/pause');
    const { id } = await enqueue('G1', { integration: 'gone' });
    await fetch(`${errand.url}/v1/integrations/gone`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${errand.adminKey}` },
    });
    expect((await errand.ended(id)).error?.code).toBe('command-not-configured');
    expect(keysFor('G1')).toEqual([]);
  });

  it('tests a command: one request, judged, nothing kept but the audit entry', async () => {
    answer = () => ({ status: 401, body: 'who are you?' });
    const tokens = { InvoiceNumber: 'T1' };
    const tested = await post('integrations/acme/commands/GetInvoiceImage/test', { tokens });
    expect(tested.json).toMatchObject({
      request: { method: 'POST', url: `${endpoint.url}/T1`, body: 'please' },
      response: { status: 401, bytes: 12, bodyPreview: 'who are you?' },
      verdict: { outcome: 'permanent', code: 'unexpected-status' },
    });
    expect(keysFor('T1')).toHaveLength(1);
    const draft = { request: { method: 'GET', url: 'http://169.254.169.254/{{InvoiceNumber}}' } };
    const blocked = await post('integrations/acme/commands/GetInvoiceImage/test', { tokens, draft });
    expect(blocked.json).toMatchObject({ response: null, verdict: { code: 'egress-blocked' } });
  });
});
