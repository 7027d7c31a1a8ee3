import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newKey } from '../../../src/access/key.ts';
import { createSealKeys } from '../../../src/audit/seal.ts';
import { createSealing } from '../../../src/audit/sealing.ts';
import { createHttpClient, type HttpClient } from '../../../src/client/http.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { secretContext } from '../../../src/integrations/secret-context.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { createSealingStore } from '../../../src/store/audit-seals.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Endpoint, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand, startErrand } from '../../support/errand.ts';
import { fillBase, fillBatches, migrateTo, oldStates, pdf, since } from './support/old-state.ts';

const secret = 'aKey of before';
const states = await oldStates();

/** `errand migrate`, then the API and workers, on a database that an older Errand had left in the middle of its work. */
describe.each(states)('an upgrade from $tag (contract §7)', { timeout: 60_000 }, ({ number }) => {
  const secretKeys = [{ id: 'k1', key: randomBytes(32) }];
  const processes: ErrandProcess[] = [];
  let database: TestDatabase;
  let endpoint: Endpoint;
  let client: HttpClient;
  let ids: Awaited<ReturnType<typeof fillBase>>['ids'];
  let audited: number;
  let batches: Awaited<ReturnType<typeof fillBatches>> | null = null;
  let sealedBefore = 0;

  beforeAll(async () => {
    endpoint = await startEndpoint((request, response) => {
      const known = request.header('x-api-key') === secret;
      response.writeHead(known ? 200 : 403, { 'content-type': 'application/pdf' }).end(pdf);
    });
    database = await createDatabase({ migrated: false });
    await migrateTo(database.pool, number);
    const { key, hash } = await fill();
    const env = {
      DATABASE_URL: database.url,
      ERRAND_SECRET_KEYS: `k1:${secretKeys[0]?.key.toString('base64')}`,
      ERRAND_ADMIN_KEY: randomBytes(24).toString('hex'),
      ERRAND_EGRESS_ALLOW: '127.0.0.1',
      PORT: '0',
    };
    expect(hash).toHaveLength(32);
    const migrated = await runErrand(['migrate'], env);
    expect(migrated.code, migrated.stderr).toBe(0);
    for (const args of [['api'], ['worker', '--lane', 'interactive'], ['worker', '--lane', 'batch']]) {
      processes.push(startErrand(args, env));
    }
    const [ready] = await Promise.all(processes.map((each) => each.event('ready')));
    client = createHttpClient({ url: ready?.url ?? '', apiKey: key });
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.kill()));
    await endpoint?.close();
    await database?.drop();
  });

  async function fill() {
    const id = uuidv7();
    const made = newKey(id);
    const sealedSecret = createSealer(secretKeys).seal(secret, secretContext('acme', 'apiKey'));
    ({ ids, audited } = await fillBase(database.pool, {
      baseUrl: endpoint.url,
      sealedSecret,
      key: { id, hash: made.hash },
    }));
    if (number >= since.batches) batches = await fillBatches(database.pool);
    if (number >= since.seals) sealedBefore = await sealAll();
    return made;
  }

  /** As the leader did. Should sealing ever need more than this state has, its rows have to be written here by hand. */
  async function sealAll(): Promise<number> {
    const { pool } = database;
    const store = createSealingStore(pool);
    const keys = createSealKeys(secretKeys);
    const seal = createSealing({ store, keys, elapsed: () => performance.now(), log: silentLog });
    const isSealed = async () => {
      await seal(new AbortController().signal);
      return ((await store.newest())?.to ?? 0) >= audited;
    };
    await vi.waitUntil(isSealed, { timeout: 20_000, interval: 10 });
    return (await store.newest())?.number ?? 0;
  }

  it('keeps what was configured, and its secrets', async () => {
    expect(await client.getIntegration('acme')).toMatchObject({
      account: 'north',
      status: 'active',
      variables: { baseUrl: endpoint.url },
      limits: { concurrency: 4 },
    });
    expect((await client.listSecrets('acme')).items).toMatchObject([{ name: 'apiKey', hint: 'aKey...fore' }]);
    expect(await client.getCommand('acme', 'GetInvoiceImage')).toMatchObject({ version: 2 });
    expect((await client.listCommandVersions('acme', 'GetInvoiceImage')).items).toHaveLength(2);
    expect((await client.listCommandTypes()).items.map(({ name }) => name)).toContain('GetThing');
    expect((await client.listKeys()).items).toMatchObject([{ name: 'of before' }]);
    const fresh = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'after' } };
    expect(await client.enqueue(fresh, { waitSeconds: 20 })).toMatchObject({ status: 'succeeded' });
  });

  it('keeps what had ended, with its attempts and bytes', async () => {
    const succeeded = await client.getInvocation(ids.succeeded);
    expect(succeeded).toMatchObject({ status: 'succeeded', reference: 'succeeded', result: { bytes: pdf.byteLength } });
    // Attempts are rendered again from what was kept of then.
    expect(succeeded.attempts).toMatchObject([
      { commandVersion: 1, outcome: 'succeeded', request: { url: `${endpoint.url}/before-succeeded` } },
    ]);
    expect(Buffer.from((await client.result(ids.succeeded)).bytes)).toEqual(pdf);
    expect(await client.getInvocation(ids.failed)).toMatchObject({
      status: 'failed',
      error: { code: 'unexpected-status' },
    });
    expect(await client.getInvocation(ids.cancelled)).toMatchObject({ status: 'cancelled' });
    const found = (query: object) => client.listInvocations(query).then(({ items }) => items.map(({ id }) => id));
    expect(await found({ code: 'unexpected-status' })).toEqual([ids.failed]);
    expect(await found({ q: 'before-succ' })).toEqual([ids.succeeded]);
    expect((await client.problems()).items).toMatchObject([{ code: 'unexpected-status' }]);
  });

  it('ends what was open: queued, between two attempts, or in the hands of a worker that is gone', async () => {
    for (const id of [ids.queued, ids.retrying, ids.running]) {
      expect(await client.wait(id, { timeoutMs: 45_000 }), id).toMatchObject({ status: 'succeeded' });
    }
    expect((await client.getInvocation(ids.retrying)).attempts).toHaveLength(2);
    expect((await client.getIntegration('acme')).lastSyncAt).toMatch(/^20/);
    await client.retryInvocation(ids.failed);
    expect(await client.wait(ids.failed, { timeoutMs: 30_000 })).toMatchObject({ status: 'succeeded' });
  });

  it('goes on with the night, gives up what came by half, and runs schedules', async () => {
    if (batches === null) {
      const items = [{ tokens: { InvoiceNumber: 'first-1' } }];
      const { id } = await client.enqueueBatch({ integration: 'acme', command: 'GetInvoiceImage', items });
      expect(await client.waitForBatch(id, { timeoutMs: 30_000 })).toMatchObject({ outcome: 'clean' });
      return;
    }
    const { half, receiving } = batches;
    expect(await client.waitForBatch(half, { timeoutMs: 45_000 })).toMatchObject({ outcome: 'clean', succeeded: 4 });
    await expect.poll(() => client.batch(receiving).catch(({ status }) => status), { timeout: 30_000 }).toBe(404);
    expect((await client.schedules('acme')).items).toMatchObject([{ name: 'nightly', enabled: true }]);
    await client.runSchedule('acme', 'nightly');
    const lastRun = async () => (await client.schedule('acme', 'nightly')).lastRun?.outcome;
    await expect.poll(lastRun, { timeout: 30_000 }).toBe('clean');
  });

  it('has an audit log that can be verified, with the entries of before', async () => {
    const verified = await client.verifyAudit();
    expect(verified).toMatchObject({ ok: true, problems: [] });
    expect(verified.seals).toBeGreaterThanOrEqual(sealedBefore);
    const { items } = await client.listAudit({ limit: 200 });
    expect(items.filter(({ details }) => details.of === 'before')).toHaveLength(audited);
    await expect.poll(async () => (await client.verifyAudit()).unsealed, { timeout: 20_000 }).toBe(0);
    expect((await client.verifyAudit()).entries).toBeGreaterThanOrEqual(audited);
  });
});
