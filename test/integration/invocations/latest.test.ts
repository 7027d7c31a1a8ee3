import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tokens } from '../../../src/contract/tokens.ts';
import { createConfigurations } from '../../../src/integrations/configurations.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { createEnqueue } from '../../../src/invocations/enqueue.ts';
import type { Claimed } from '../../../src/invocations/invocation.ts';
import { createLatest } from '../../../src/invocations/latest.ts';
import { createRedactor } from '../../../src/platform/redaction.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { readBlob } from '../../../src/store/blobs.ts';
import { loadConfiguration } from '../../../src/store/configuration.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { findLatest } from '../../../src/store/latest-results.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { settled } from '../../support/invocations.ts';
import { actor, build, command, refused } from '../integrations/building.ts';

describe('the newest good result (contract §3)', () => {
  let database: TestDatabase;
  const worker = uuidv7();
  const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }]);

  beforeAll(async () => {
    database = await createDatabase();
    const { integrations } = build(database.pool);
    await integrations.put('*', actor, 'acme', { name: 'Acme', type: 'custom', account: 'north' });
    await integrations.commands.put('*', actor, 'acme', 'GetInvoiceImage', command());
    await integrations.put('*', actor, 'asks', { name: 'Asks', type: 'custom' });
    const headers = [{ key: 'X-Session', value: '{{authToken}}' }];
    const request = { ...command().request, headers };
    await integrations.commands.put('*', actor, 'asks', 'GetInvoiceImage', { request });
  });
  afterAll(() => database.drop());
  beforeEach(() =>
    database.pool.query('truncate invocations, attempts, audit_log, blobs, latest_results, idempotency_keys'),
  );

  const configurations = createConfigurations({
    load: (id) => loadConfiguration(database.pool, id),
    sealer,
    createRedactor,
  });
  const enqueue = createEnqueue({
    configurations,
    checkReceiver: async () => undefined,
    insert: async (news) => (await insertInvocations(database.pool, [news]))[0] as never,
    ring: async () => {},
    hold: async () => {},
    dueIn: () => {},
    sealer,
    newId: () => uuidv7(),
    now: Date.now,
  });
  const latest = createLatest({
    configurations,
    sealer,
    store: {
      find: (...of) => findLatest(database.pool, ...of),
      blob: (sha256) => readBlob(database.pool, sha256),
    },
  });
  const of = (tokens: Tokens, integration = 'acme') => ({ integration, command: 'GetInvoiceImage', tokens });
  const byQuery = (tokens: Record<string, string>, integration = 'acme') =>
    latest.byQuery('*', { integration, command: 'GetInvoiceImage', tokens });

  /** An invocation with these tokens that ended with these bytes, this long ago. */
  async function stored(tokens: Tokens, body: string, agoMs = 0, integration = 'acme'): Promise<string> {
    const everyone = { actor, accounts: '*' as const };
    const { id } = await enqueue(everyone, { ...of(tokens, integration), lane: 'batch' });
    const [claimed] = await claimInvocations(database.pool, worker, [id]);
    const one = settled(claimed as Claimed, { status: 'succeeded' }, body);
    one.attempt.startedAt -= agoMs + one.attempt.durationMs;
    await createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    }).record(one);
    return id;
  }

  it('is the one that was answered last, with its age by the clock of the database', async () => {
    await stored({ InvoiceNumber: 'INV1' }, 'old', 90_000);
    const newest = await stored({ InvoiceNumber: 'INV1' }, 'new', 30_000);
    await stored({ InvoiceNumber: 'INV1' }, 'late', 60_000);
    const result = await byQuery({ InvoiceNumber: 'INV1' });
    expect(result).toMatchObject({ bytes: Buffer.from('new'), contentType: 'application/pdf', invocation: newest });
    expect(result.ageSeconds).toBeGreaterThanOrEqual(30);
    expect(result.ageSeconds).toBeLessThan(60);
    expect(Math.abs(Date.now() - result.at.getTime() - result.ageSeconds * 1000)).toBeLessThan(10_000);
  });

  it('is found by an alias, and whatever else is given that the request does not use', async () => {
    await stored({ InvoiceNumber: 'INV1', authToken: 'of a person', ipAddress: '192.0.2.1' }, 'bytes');
    expect((await byQuery({ invoicenumber: 'INV1' })).bytes.toString()).toBe('bytes');
    expect((await byQuery({ InvoiceNumber: 'INV1', ipAddress: '192.0.2.7' })).bytes.toString()).toBe('bytes');
    expect(await latest.find('*', of({ InvoiceNumber: 'INV1', authToken: 'of another' }))).not.toBeNull();
  });

  it('is another for each value of a token that the request does use, sensitive or not', async () => {
    await stored({ InvoiceNumber: 'INV1', authToken: 'of a person' }, 'theirs', 0, 'asks');
    expect(await latest.find('*', of({ InvoiceNumber: 'INV1', authToken: 'of another' }, 'asks'))).toBeNull();
    const own = await latest.find('*', of({ InvoiceNumber: 'INV1', authToken: 'of a person' }, 'asks'));
    expect((own && (await latest.bytesOf(own)))?.bytes.toString()).toBe('theirs');
  });

  it('reads a parameter as the number, too, that it may have been given as', async () => {
    await stored({ InvoiceNumber: 4711 }, 'number');
    expect((await byQuery({ InvoiceNumber: '4711' })).bytes.toString()).toBe('number');
    await stored({ InvoiceNumber: '4711' }, 'text');
    expect((await byQuery({ InvoiceNumber: '4711' })).bytes.toString()).toBe('text');
    expect(await refused(byQuery({ InvoiceNumber: '04711' }))).toMatchObject({ kind: 'not-found' });
  });

  it('is not there for other tokens, or when its bytes are gone', async () => {
    await stored({ InvoiceNumber: 'INV1' }, 'bytes');
    expect(await refused(byQuery({ InvoiceNumber: 'INV2' }))).toMatchObject({ kind: 'not-found' });
    await database.pool.query('delete from blobs');
    expect(await refused(byQuery({ InvoiceNumber: 'INV1' }))).toMatchObject({ kind: 'not-found' });
    expect(await latest.find('*', of({ InvoiceNumber: 'INV1' }))).toBeNull();
  });

  it('outlives the invocation and the attempt that it came from', async () => {
    await stored({ InvoiceNumber: 'INV1' }, 'bytes');
    await database.pool.query('truncate invocations, attempts');
    expect((await byQuery({ InvoiceNumber: 'INV1' })).bytes.toString()).toBe('bytes');
  });

  it('is not there for other accounts', async () => {
    await stored({ InvoiceNumber: 'INV1' }, 'bytes');
    const asked = of({ InvoiceNumber: 'INV1' });
    expect(await refused(latest.find(['south'], asked))).toMatchObject({ kind: 'not-found' });
    expect(await latest.find(['north'], asked)).not.toBeNull();
  });

  it('checks parameters as the tokens of an invocation, and names them', async () => {
    expect((await refused(byQuery({ invoiceNumber: 'INV1' }))).errors).toEqual([
      { path: 'invoiceNumber', message: 'is not a token of this command. Did you mean "InvoiceNumber"?' },
      { path: 'InvoiceNumber', message: 'is required' },
    ]);
    expect(await refused(byQuery({ InvoiceNumber: 'INV1' }, 'nobody'))).toMatchObject({ kind: 'not-found' });
    const wrong = { integration: 'acme', command: 'LoginWithToken', tokens: {} };
    expect(await refused(latest.byQuery('*', wrong))).toMatchObject({ kind: 'not-found' });
  });

  it.each(['authToken', 'auth token'])('refuses %s in a URL, and says what to do', async (name) => {
    const { kind, errors } = await refused(byQuery({ InvoiceNumber: 'INV1', [name]: 'secret' }));
    expect([kind, errors]).toEqual(['invalid', [{ path: name, message: expect.stringContaining('"fallback"') }]]);
  });

  it('does not make an idempotency key with other tokens the same invocation', async () => {
    const everyone = { actor, accounts: '*' as const };
    const keyed = (tokens: Tokens) =>
      enqueue(everyone, { ...of({ InvoiceNumber: 'INV1', ...tokens }), lane: 'batch', idempotencyKey: 'once' });
    const first = await keyed({ ipAddress: '192.0.2.1' });
    expect(await keyed({ ipAddress: '192.0.2.1' })).toEqual({ ...first, created: false });
    expect(await refused(keyed({ ipAddress: '192.0.2.7' }))).toMatchObject({ kind: 'conflict' });
  });
});
