import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SecretKey } from '../../../src/contract/secret-keys.ts';
import { createKeptSealer } from '../../../src/integrations/fingerprint-key.ts';
import { createRotation, type RotationDependencies } from '../../../src/integrations/rotation.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { sealedTokensContext } from '../../../src/invocations/prepare.ts';
import { signingContext } from '../../../src/notifications/signing.ts';
import { insertAudit } from '../../../src/store/audit.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { keepSealedKey } from '../../../src/store/sealed-keys.ts';
import { createSealedStore } from '../../../src/store/sealed-values.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { newInvocation } from '../../support/invocations.ts';
import { actor, build, secretKey } from './building.ts';

const [k1, k2, gone] = ['k1', 'k2', 'gone'].map(secretKey) as [SecretKey, SecretKey, SecretKey];

describe('contract §2: the first of ERRAND_SECRET_KEYS is replaced', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());

  function rotation(keys: readonly SecretKey[], overrides: Partial<RotationDependencies> = {}) {
    return createRotation({
      store: createSealedStore(database.pool),
      sealer: createSealer(keys),
      keyIds: keys.map(({ id }) => id),
      audit: (record) => insertAudit(database.pool, record),
      pause: () => Promise.reject(new Error('nothing holds a row here')),
      onProgress: () => {},
      ...overrides,
    });
  }

  async function saveSecret(integration: string, name: string, value: string, keys = [k1]): Promise<void> {
    const { integrations } = build(database.pool, keys);
    await integrations.put('*', actor, integration, { name: integration, type: 'custom' });
    await integrations.secrets.put('*', actor, integration, name, { value: value });
  }

  /** Invocations with sensitive tokens, a day and so sometimes a partition apart. */
  async function saveTokens(ids: readonly string[], key = k1): Promise<void> {
    const sealer = createSealer([key]);
    const seal = (id: string) => sealer.seal(JSON.stringify({ authToken: `token of ${id}` }), sealedTokensContext(id));
    await insertInvocations(
      database.pool,
      ids.map((id) => newInvocation({ id, sealedTokens: seal(id) })),
    );
  }

  const rows = async (sql: string) => (await database.pool.query(sql)).rows;
  /** Everything but the sealed texts. */
  const theRest = async () => [
    await rows(`select to_jsonb(v) - 'sealed' as row from integration_values v order by integration, name, since`),
    await rows(`select to_jsonb(i) - 'sealed_tokens' as row from invocations i order by id`),
    await rows('select * from integrations order by id'),
  ];
  const sealedWith = async () =>
    (
      await rows(`select distinct split_part(sealed, '.', 2) as key from (
        select sealed from integration_values union all select sealed_tokens from invocations
        union all select sealed from sealed_keys) t where sealed is not null order by 1`)
    ).map(({ key }) => key);
  const entries = () =>
    rows(`select action, subject_id, details from audit_log where action like 'secrets.%' order by id`);

  it('seals everything anew, and changes nothing else', async () => {
    await saveSecret('acme', 'apiKey', 'a key to keep');
    await saveSecret('globex', 'apiKey', 'an other key');
    const ids = Array.from({ length: 450 }, () => uuidv7());
    await saveTokens(ids);
    await insertInvocations(database.pool, [newInvocation()]);
    await keepSealedKey(database.pool, 'fingerprint', createSealer([k1]).seal('key', 'sealed_keys/fingerprint'));
    const before = await theRest();
    const progress: number[] = [];

    const { look, rotate } = rotation([k2, k1], { onProgress: ({ done }) => progress.push(done) });
    const counted = {
      key: 'k2',
      keys: [
        { id: 'k2', known: true, records: 0 },
        { id: 'k1', known: true, records: 453 },
      ],
    };
    expect(await look()).toEqual({ ...counted, dryRun: true, rotated: 0, unreadable: [] });
    expect(await sealedWith()).toEqual(['k1']);
    const done = [
      { id: 'k2', known: true, records: 453 },
      { id: 'k1', known: true, records: 0 },
    ];
    expect(await rotate()).toEqual({ key: 'k2', keys: done, dryRun: false, rotated: 453, unreadable: [] });

    expect(progress.at(-1)).toBe(453);
    expect(await theRest()).toEqual(before);
    expect(await entries()).toEqual([
      { action: 'secrets.rotation-started', subject_id: 'k2', details: { records: { k1: 453 } } },
      { action: 'secrets.rotated', subject_id: 'k2', details: { rotated: 453, records: { k2: 453 } } },
    ]);
    const young = createSealer([k2]);
    const kept = await rows('select id, sealed_tokens from invocations where sealed_tokens is not null');
    expect(kept).toHaveLength(450);
    for (const { id, sealed_tokens } of kept) {
      expect(JSON.parse(young.open(sealed_tokens, sealedTokensContext(id)))).toEqual({ authToken: `token of ${id}` });
    }
    const [acme] = await rows(`select sealed from integration_values where integration = 'acme'`);
    expect(young.open(acme.sealed, 'integration_values/acme/apiKey')).toBe('a key to keep');
    // Nothing to do, and so nothing to tell.
    expect(await rotate()).toMatchObject({ rotated: 0 });
    expect(await entries()).toHaveLength(2);
  });

  it('finds them among many without, and in other months', async () => {
    const old = (month: number) => uuidFrom(Date.UTC(2020, month, 1));
    await database.pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version)
       select errand_uuid_v7(), 'default', 'acme', 'Get', 'batch', 'succeeded', '{}', '', 1 from generate_series(1, 12000)`,
    );
    await saveTokens([old(1), old(2), uuidv7(), uuidFrom(Date.now() + 40 * 86_400_000)]);
    expect(await rotation([k2, k1]).rotate()).toMatchObject({ rotated: 4 });
    expect(await sealedWith()).toEqual(['k2']);
  });

  it('leaves a secret that was saved in the meantime as it was saved', async () => {
    await saveSecret('acme', 'apiKey', 'the former value');
    const store = createSealedStore(database.pool);
    const { rotate } = rotation([k2, k1], {
      store: {
        ...store,
        async replace(records) {
          await saveSecret('acme', 'apiKey', 'the value since', [k2]);
          return store.replace(records);
        },
      },
      pause: async () => {},
    });
    expect(await rotate()).toMatchObject({ rotated: 0, unreadable: [] });
    const [kept] = await rows('select sealed from integration_values where until is null');
    expect(createSealer([k2]).open(kept.sealed, 'integration_values/acme/apiKey')).toBe('the value since');
  });

  it('passes over a row that a worker holds, and looks at it again', async () => {
    const ids = [uuidv7(), uuidv7(), uuidv7()];
    await saveTokens(ids);
    const worker = await database.pool.connect();
    await worker.query('begin');
    await worker.query('select from invocations where id = $1 for update', [ids[1]]);
    const seen: number[] = [];
    const { rotate } = rotation([k2, k1], {
      pause: async () => {
        await worker.query('commit');
        worker.release();
      },
      onProgress: ({ done }) => seen.push(done),
    });
    expect(await rotate()).toMatchObject({ rotated: 3 });
    expect(seen).toContain(2);
    expect(await sealedWith()).toEqual(['k2']);
  });

  it('may run twice at the same time', async () => {
    await saveSecret('acme', 'apiKey', 'a key to keep');
    await saveTokens(Array.from({ length: 1_000 }, () => uuidv7()));
    const both = await Promise.all([1, 2].map(() => rotation([k2, k1], { pause: async () => {} }).rotate()));
    expect(both.reduce((sum, { rotated }) => sum + rotated, 0)).toBe(1_001);
    expect(await sealedWith()).toEqual(['k2']);
    const kept = await rows('select id, sealed_tokens from invocations');
    const young = createSealer([k2]);
    for (const { id, sealed_tokens } of kept) young.open(sealed_tokens, sealedTokensContext(id));
  });

  it('names what it cannot decrypt, and does the rest', async () => {
    await saveSecret('acme', 'apiKey', 'sealed with a lost key', [gone]);
    await saveSecret('globex', 'apiKey', 'a key to keep');
    await saveTokens([uuidv7(), uuidv7()], gone);
    const moved = uuidv7();
    await saveTokens([moved]);
    await database.pool.query('update invocations set sealed_tokens = $2 where id = $1', [
      moved,
      createSealer([k1]).seal('{}', sealedTokensContext(uuidv7())),
    ]);
    const lost = [
      { kind: 'secret', integration: 'acme', name: 'apiKey', key: 'gone', count: 1 },
      { kind: 'invocation', integration: 'acme', name: null, key: 'gone', count: 2 },
    ];
    expect((await rotation([k2, k1]).look()).unreadable).toEqual(lost);
    expect(await rotation([k2, k1]).rotate()).toEqual({
      key: 'k2',
      dryRun: false,
      rotated: 1,
      keys: [
        { id: 'k2', known: true, records: 1 },
        { id: 'k1', known: true, records: 1 },
        { id: 'gone', known: false, records: 3 },
      ],
      unreadable: [...lost, { kind: 'invocation', integration: 'acme', name: null, key: 'k1', count: 1 }],
    });
  });

  it('finds every column that holds a sealed value', async () => {
    const columns = await rows(
      `select table_name || '.' || column_name as column from information_schema.columns
       where table_schema = 'public' and column_name like '%sealed%' and table_name !~ '_(\\d{4}_\\d{2}|default)$' order by 1`,
    );
    expect(columns.map(({ column }) => column)).toEqual([
      'integration_values.sealed',
      'invocations.sealed_tokens',
      'sealed_keys.sealed',
      'signing_secrets.previous_sealed',
      'signing_secrets.sealed',
    ]);
  });

  it('seals both secrets of a webhook anew, but not one that is good no more', async () => {
    const put = (owner: string, hours: number) =>
      database.pool.query(`insert into signing_secrets values ($1, $2, $3, now() + $4 * interval '1 hour')`, [
        owner,
        createSealer([k1]).seal('whsec_new', signingContext(owner)),
        createSealer([k1]).seal('whsec_old', signingContext(owner)),
        hours,
      ]);
    await put('endpoint/a', 1);
    await put('account/b', -1);
    expect(await rotation([k2, k1]).rotate()).toMatchObject({ rotated: 3, unreadable: [] });
    const kept = await rows('select owner, sealed, previous_sealed as previous from signing_secrets order by owner');
    const young = createSealer([k2]);
    expect(kept.map(({ owner, sealed }) => young.open(sealed, signingContext(owner)))).toEqual([
      'whsec_new',
      'whsec_new',
    ]);
    expect(young.open(kept[1].previous, signingContext('endpoint/a'))).toBe('whsec_old');
    expect(await rotation([k2]).look()).toMatchObject({ unreadable: [] });
    await rows('truncate signing_secrets');
  });
});

describe('contract §7: fingerprints, when the first key is replaced', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());

  async function fingerprintOf(keys: readonly SecretKey[]) {
    const unreadable: unknown[] = [];
    const { sealer, obtain } = createKeptSealer({
      keys,
      keep: (fresh) => keepSealedKey(database.pool, 'fingerprint', fresh),
      onUnreadable: (error) => unreadable.push(error),
    });
    expect(() => sealer.fingerprint('acme', 'Get', {})).toThrow('has not been obtained');
    await obtain();
    return { fingerprint: sealer.fingerprint('acme', 'Get', { InvoiceNumber: '1' }).toString('hex'), unreadable };
  }

  it('stay the same in all processes, also when the old key is gone', async () => {
    const [first, beside] = await Promise.all([fingerprintOf([k1]), fingerprintOf([k1])]);
    expect(beside.fingerprint).toBe(first.fingerprint);
    expect((await fingerprintOf([k2, k1])).fingerprint).toBe(first.fingerprint);
    const { rotate } = createRotation({
      store: createSealedStore(database.pool),
      sealer: createSealer([k2, k1]),
      keyIds: ['k2', 'k1'],
      audit: (record) => insertAudit(database.pool, record),
      pause: async () => {},
      onProgress: () => {},
    });
    expect(await rotate()).toMatchObject({ rotated: 1 });
    expect(await fingerprintOf([k2])).toEqual({ fingerprint: first.fingerprint, unreadable: [] });
  });

  it('are others while their key cannot be read, and the same again when it is back', async () => {
    const { fingerprint } = await fingerprintOf([k1]);
    const without = await fingerprintOf([k2]);
    expect(without.fingerprint.slice(0, 8)).not.toBe(fingerprint.slice(0, 8));
    expect(String(without.unreadable)).toContain('the key "k1" is not in ERRAND_SECRET_KEYS');
    expect((await fingerprintOf([k2, k1])).fingerprint).toBe(fingerprint);
  });
});

/** A UUIDv7 of that time. */
function uuidFrom(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${uuidv7().slice(13)}`;
}
