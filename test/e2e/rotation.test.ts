import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../src/client/http.ts';
import { hasEnded, type Invocation } from '../../src/contract/invocation.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand, startErrand } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [k1, k2] = [key('k1'), key('k2')];

/** The steps of docs/operating.md, with work of all kinds under way. */
describe.each(queueBackends())('a secret key is replaced, on $name (contract §2, §7)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let answer: (invoice: string) => number;
  let running: ErrandProcess[] = [];
  let client: HttpClient;

  beforeAll(async () => {
    answer = () => 200;
    endpoint = await startEndpoint(({ url }, response) => {
      response.writeHead(answer(url.split('/').at(-1) ?? ''), { 'content-type': 'text/plain' }).end('an invoice');
    });
    errand = await deploy(backend, { ERRAND_SECRET_KEYS: k1 });
    client = errand.client;
    running = [errand.api, await errand.worker('interactive'), await errand.worker('batch')];
    await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await call('PUT', '/v1/integrations/acme/secrets/apiKey', { value: 'a secret to be kept' });
    await client.putCommand('acme', 'GetInvoiceImage', {
      request: {
        method: 'GET',
        url: '{{baseUrl}}/{{InvoiceNumber}}',
        headers: [
          { key: 'X-Key', value: '{{apiKey}}' },
          { key: 'X-Session', value: '{{authToken}}' },
        ],
      },
      retry: { attempts: 2, baseMs: 10, maxMs: 20 },
      accept: { contentTypes: ['*/*'] },
    });
  });
  afterAll(async () => {
    await Promise.all(running.map((each) => each.kill()));
    await errand?.stop();
    await endpoint?.close();
  });

  async function call(method: string, path: string, body?: object) {
    const response = await fetch(`${(await running[0]?.event('ready'))?.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${errand.adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** All roles, one after the other, with other keys. */
  async function restartWith(keys: string): Promise<void> {
    await Promise.all(running.map((each) => each.kill()));
    const env = { ...errand.env, ERRAND_SECRET_KEYS: keys };
    const lanes = ['interactive', 'batch'].map((lane) => startErrand(['worker', '--lane', lane], env));
    running = [startErrand(['api'], env), ...lanes];
    const [api] = await Promise.all(running.map((each) => each.event('ready')));
    client = createHttpClient({ url: api?.url as string, apiKey: errand.adminKey });
  }

  const rotate = (keys: string, ...args: string[]) =>
    runErrand(['keys', 'rotate-secrets', ...args], { DATABASE_URL: errand.database.url, ERRAND_SECRET_KEYS: keys });

  const body = (invoice: string, more: object = {}) => ({
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: invoice, authToken: `session of ${invoice}` },
    ...more,
  });
  const enqueue = (invoice: string, more: object = {}) => call('POST', '/v1/invocations', body(invoice, more));
  async function ended(id: string): Promise<Invocation> {
    const isOver = async () => hasEnded((await client.getInvocation(id)).status);
    await expect.poll(isOver, { timeout: 30_000 }).toBe(true);
    return client.getInvocation(id);
  }
  const sentFor = (invoice: string) =>
    endpoint.requests
      .filter(({ url }) => url === `/${invoice}`)
      .map((request) => [request.header('x-key'), request.header('x-session')]);
  const as = (invoice: string) => ['a secret to be kept', `session of ${invoice}`];
  const versions = async () =>
    (await errand.database.pool.query('select id, configuration_version, updated_at from integrations')).rows;

  it('while everything runs, and all that was accepted before goes on after it', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const good = await enqueue('GOOD', { idempotencyKey: 'good' });
    expect((await ended(good.json.id)).status).toBe('succeeded');
    answer = (invoice) => (invoice === 'BAD' ? 400 : 200);
    const bad = await enqueue('BAD');
    expect((await ended(bad.json.id)).status).toBe('failed');
    const waiting = await enqueue('WAITING', { runAt: later, idempotencyKey: 'waiting' });
    expect([good.status, bad.status, waiting.status]).toEqual([202, 202, 202]);
    answer = () => 200;

    await restartWith(`${k1},${k2}`);
    await restartWith(`${k2},${k1}`);
    const before = await versions();
    const during = await enqueue('DURING', { runAt: later });

    // A transaction that holds a row keeps it from being done: it is killed in the middle of its work, for certain.
    const holder = await errand.database.pool.connect();
    await holder.query('begin');
    await holder.query('select from invocations where id = $1 for update', [waiting.json.id]);
    const killed = startErrand(['keys', 'rotate-secrets'], {
      DATABASE_URL: errand.database.url,
      ERRAND_SECRET_KEYS: `${k2},${k1}`,
    });
    const secretKey = async () =>
      (
        await errand.database.pool.query(
          "select split_part(sealed, '.', 2) as key from integration_values where sealed is not null",
        )
      ).rows[0].key;
    await expect.poll(secretKey, { timeout: 20_000 }).toBe('k2');
    expect(await killed.kill('SIGKILL')).toEqual([null, 'SIGKILL']);
    await holder.query('commit');
    holder.release();

    const counted = await rotate(`${k2},${k1}`, '--dry-run');
    expect(counted.stdout.toString()).toMatch(/^k2: \d+ records, the key that encrypts\nk1: [1-9]\d* left\n$/);
    const done = await rotate(`${k2},${k1}`);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout.toString()).toMatch(
      /^\d records? sealed anew with "k2"\nk2: \d records, the key that encrypts\nk1: 0 left; it may be removed from ERRAND_SECRET_KEYS\n$/,
    );
    expect(JSON.parse((await rotate(`${k2},${k1}`, '--json')).stdout.toString())).toMatchObject({
      key: 'k2',
      rotated: 0,
      keys: [{ id: 'k2' }, { id: 'k1', records: 0 }],
      unreadable: [],
    });
    expect(await versions()).toEqual(before);
    // What runs has decrypted its configuration before.
    expect((await ended((await enqueue('RUNNING')).json.id)).status).toBe('succeeded');

    await restartWith(k2);
    // An idempotency key from before: the same invocation, and other tokens are still told from the same.
    const again = await enqueue('GOOD', { idempotencyKey: 'good' });
    expect([again.status, again.json.id]).toEqual([200, good.json.id]);
    const waits = await enqueue('WAITING', { runAt: later, idempotencyKey: 'waiting' });
    expect([waits.status, waits.json.id]).toEqual([200, waiting.json.id]);
    expect((await enqueue('OTHER', { idempotencyKey: 'good' })).status).toBe(409);

    // A person's retry, and what waited all the time.
    expect((await call('POST', `/v1/invocations/${bad.json.id}/retry`)).status).toBe(202);
    await errand.database.pool.query('update invocations set due_at = now() where due_at is not null');
    for (const [invoice, { json }] of Object.entries({ BAD: bad, WAITING: waiting, DURING: during })) {
      const over = await ended(json.id);
      expect([invoice, over.status, sentFor(invoice).at(-1)]).toEqual([invoice, 'succeeded', as(invoice)]);
      expect(over.tokens).toEqual({ InvoiceNumber: invoice, authToken: '***' });
    }
    // The stored result is found.
    answer = () => 400;
    const response = await fetch(`${(await running[0]?.event('ready'))?.url}/v1/invocations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${errand.adminKey}`,
        'content-type': 'application/json',
        prefer: 'wait=20',
        accept: 'text/plain',
      },
      body: JSON.stringify(body('GOOD', { fallback: 'stored' })),
    });
    expect([response.status, response.headers.get('errand-fallback')]).toEqual([200, 'stored']);
    expect(await response.text()).toBe('an invoice');
    const { items } = (await call('GET', '/v1/audit?action=secrets.rotated')).json;
    expect(items).toMatchObject([{ actor: { type: 'system' }, details: { records: { k2: expect.any(Number) } } }]);
    for (const each of running) expect(each.output()).not.toContain('unreadable');
  }, 120_000);

  it('fails with exit 1 and the names of what cannot be decrypted', async () => {
    const { code, stdout, stderr } = await rotate(key('k3'));
    expect([code, stdout.toString().split('\n')[0]]).toEqual([1, '0 records sealed anew with "k3"']);
    expect(stdout.toString()).toMatch(/^k2: \d+ left, not in ERRAND_SECRET_KEYS$/m);
    expect(stderr).toContain('the secret "apiKey" of "acme", sealed with "k2"');
    expect(stderr).toMatch(/sensitive tokens of \d+ invocations of "acme", sealed with "k2"/);
    const none = await runErrand(['keys', 'rotate-secrets'], {
      DATABASE_URL: errand.database.url,
      ERRAND_DATA_DIR: '/nowhere',
    });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no secret keys: set ERRAND_SECRET_KEYS')]);
  });
});
