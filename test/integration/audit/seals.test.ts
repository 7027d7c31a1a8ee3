import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openVerifyAudit } from '../../../src/app/audit.ts';
import { contentsOf, headOf } from '../../../src/audit/seal.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { openPool } from '../../../src/platform/pg.ts';
import { auditInsert, auditValues } from '../../../src/store/audit.ts';
import { createVerifyingStore, sealsAfter } from '../../../src/store/audit-seals.ts';
import { type AuditLog, openAuditLog } from './audit-log.ts';

describe('contract §1, §3: the audit log is append-only, and seals show it', () => {
  let audit: AuditLog;

  beforeAll(async () => {
    audit = await openAuditLog();
  });
  afterAll(() => audit.drop());
  beforeEach(() => audit.empty());

  const rows = (sql: string, values: unknown[] = []) => audit.rows(sql, values);
  const verify: AuditLog['verify'] = (...given) => audit.verify(...given);
  const { signal } = new AbortController();

  it('covers what was committed, each range once, and nothing where nothing happened', async () => {
    await audit.sealedLog();
    await audit.sealAll();
    expect(await audit.seals()).toEqual([
      { number: 1, from_seq: 0, to_seq: 3, entries: 3 },
      { number: 2, from_seq: 3, to_seq: 5, entries: 2 },
      { number: 3, from_seq: 5, to_seq: 6, entries: 1 },
    ]);
  });

  it('waits for whoever had a number before and has not ended, and passes over what was rolled back', async () => {
    const seal = audit.sealing();
    const open: PoolClient = await audit.database.pool.connect();
    try {
      await open.query('begin');
      await open.query(auditInsert(1), auditValues(audit.record('slow')));
      await audit.write('quick');
      const rolledBack = await audit.database.pool.connect();
      await rolledBack.query('begin');
      await rolledBack.query(auditInsert(1), auditValues(audit.record('never')));
      await rolledBack.query('rollback');
      rolledBack.release();
      for (let pass = 0; pass < 3; pass += 1) await seal();
      expect(await audit.seals()).toEqual([]);
      await open.query('commit');
    } finally {
      open.release();
    }
    await audit.sealAll(seal);
    expect(await audit.seals()).toEqual([{ number: 1, from_seq: 0, to_seq: 3, entries: 2 }]);
    expect(await verify()).toMatchObject({ ok: true, entries: 2 });
  });

  it('is not torn by many who write at once, some of whom roll back, while two believe that they lead', async () => {
    let writing = true;
    const writer = async (name: number) => {
      for (let number = 0; number < 60; number += 1) {
        const client = await audit.database.pool.connect();
        await client.query('begin');
        await client.query(auditInsert(1), auditValues(audit.record(`${name}-${number}`)));
        await client.query(number % 7 === 0 ? 'rollback' : 'commit');
        client.release();
      }
    };
    const leader = async () => {
      const seal = audit.sealing();
      while (writing) await seal();
      await audit.sealAll(seal);
    };
    const written = Promise.all([0, 1, 2, 3, 4, 5].map(writer)).then(() => {
      writing = false;
    });
    await Promise.all([written, leader(), leader()]);
    const answer = await verify();
    expect(answer).toMatchObject({ ok: true, unsealed: 0, problems: [] });
    expect(answer.entries).toBe((await rows('select count(*)::int as n from audit_log'))[0].n);
    expect(answer.entries).toBe(6 * 51);
  });

  it.each<[string, string, RegExp]>([
    [
      'its details changed',
      `update audit_log set details = '{}' where subject_id = 'b'`,
      /^At least one of 3 entries under seal 1, of .+: changed\.$/,
    ],
    [
      'its time changed',
      `update audit_log set at = at - interval '1 ms' where subject_id = 'b'`,
      /under seal 1.*changed/,
    ],
    ['its account set', `update audit_log set account = '' where subject_id = 'b'`, /under seal 1.*changed/],
    ['another actor', `update audit_log set actor_name = null where subject_id = 'b'`, /under seal 1.*changed/],
    ['gone', `delete from audit_log where subject_id = 'e'`, /^1 entry of 2 under seal 2, of .+: missing\.$/],
    ['changed places', `update audit_log set seq = 6 - seq where subject_id in ('d', 'b')`, /under seal [12].*changed/],
    [
      'added',
      `insert into audit_log select errand_uuid_v7(), now(), account, actor_type, actor_id, actor_name, action, subject_type, 'x', details, 2 from audit_log where subject_id = 'a'`,
      /^1 entry under seal 1, of .+: added after it was sealed\.$/,
    ],
  ])('finds an entry that is %s', async (_, tamper, message) => {
    await audit.sealedLog();
    await rows(tamper);
    const { ok, problems } = await verify();
    expect(ok).toBe(false);
    expect(problems[0]?.message).toMatch(message);
  });

  it.each<[string, string, RegExp]>([
    ['missing', 'delete from audit_seals where number = 2', /^Seal 2 is missing\.$/],
    ['changed', `update audit_seals set entries = 1 where number = 2`, /Seal 2 does not follow/],
    [
      'made by somebody without the key',
      `update audit_seals set seal = sha256('x') where number = 2`,
      /Seal 2 was not made with the key "k1"/,
    ],
    ['at another place', 'update audit_seals set from_seq = 2 where number = 2', /Seal 2 does not begin where/],
  ])('finds a seal that is %s', async (_, tamper, message) => {
    await audit.sealedLog();
    await rows(tamper);
    expect((await verify()).problems.map((problem) => problem.message).join(' ')).toMatch(message);
  });

  it('finds what was cut off with its seals, by a seal that was kept', async () => {
    await audit.sealedLog();
    const { newest } = await verify();
    if (newest === null) throw new Error('There is no seal');
    const kept = { number: newest.number, head: newest.head };
    expect(await verify(kept)).toMatchObject({ ok: true });
    await rows(`delete from audit_seals where number = 3`);
    await rows(`delete from audit_log where subject_id = 'f'`);
    expect(await verify()).toMatchObject({ ok: true });
    expect((await verify(kept)).problems).toEqual([
      { seal: 3, message: 'Seal 3, which was kept, is missing: the log was cut off after seal 2.' },
    ]);
    await audit.write('g');
    await audit.sealAll();
    expect((await verify(kept)).problems[0]?.message).toContain('another one than the one that was kept');
    await rows(`select setval('audit_log_seq', 2)`);
    expect((await verify()).problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('were set back'),
    );
  });

  it('goes on with a new key, and vouches for what an old one sealed when that is gone', async () => {
    await audit.sealedLog();
    const [second] = [{ id: 'k2', key: randomBytes(32) }];
    // Where nothing happens either: the old key may be taken away.
    await audit.sealing([second, ...audit.keys])();
    expect(await verify({}, [second, ...audit.keys])).toMatchObject({ ok: true, seals: 4 });
    expect(await verify({}, [second])).toMatchObject({ ok: true, seals: 4 });
    expect((await verify()).problems[0]?.message).toBe(
      'Seal 4 was made with the key "k2", which is not in ERRAND_SECRET_KEYS.',
    );
    await rows(`update audit_log set details = '{}' where subject_id = 'b'`);
    expect(await verify({}, [second])).toMatchObject({ ok: false });
  });

  it.each<[string, string, RegExp]>([
    [
      'entries with numbers of no range',
      `update audit_log set seq = -seq where subject_id = 'a'`,
      /numbers before those that are sealed/,
    ],
    [
      'that all of it is gone',
      'truncate audit_log, audit_seals',
      /neither entry nor seal, but 6 numbers were given out/,
    ],
  ])('finds %s', async (_, tamper, message) => {
    await audit.sealedLog();
    await rows(tamper);
    expect((await verify()).problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message));
  });

  it('says so where a transaction holds it up, once a minute', async () => {
    await audit.write('a');
    let now = 0;
    const seal = audit.sealing(audit.keys, { elapsed: () => now });
    const open = await audit.database.pool.connect();
    try {
      await open.query('begin');
      await open.query('select pg_current_xact_id()');
      for (now = 0; now < 150_000; now += 10_000) await seal();
      expect(audit.log.warn.mock.calls.map(([event]) => event)).toEqual(['audit.seal-waits', 'audit.seal-waits']);
      expect(await audit.seals()).toEqual([]);
    } finally {
      await open.query('rollback');
      open.release();
    }
  });

  /** What somebody without the keys can make of it: heads that follow, by a key that nobody knows. */
  async function forge(from: number): Promise<void> {
    await rows(`update audit_log set details = '{}' where seq = (select to_seq from audit_seals where number = $1)`, [
      from,
    ]);
    const forged = await sealsAfter(audit.database.pool, 0, 100);
    let previous: Buffer | null = null;
    for (const seal of forged) {
      if (seal.number >= from) {
        const entries = await createVerifyingStore(audit.database.pool).entries(seal.from, seal.to);
        const { digest } = contentsOf(entries);
        seal.head = headOf(previous, { ...seal, digest, keyId: 'gone' });
        await rows(`update audit_seals set digest = $2, head = $3, key_id = 'gone' where number = $1`, [
          seal.number,
          digest,
          seal.head,
        ]);
      }
      previous = seal.head;
    }
  }

  it.each([
    1, 2,
  ])('seals nothing on top of what was forged from seal %i on, and finds it, also by a seal that was kept', async (from) => {
    await audit.sealedLog();
    const { newest } = await verify();
    await forge(from);
    await audit.write('g');
    const seal = audit.sealing();
    for (let pass = 0; pass < 5; pass += 1) await seal();
    expect(await audit.seals()).toHaveLength(3);
    expect(audit.log.error.mock.calls.map(([event]) => event)).toEqual(['audit.broken']);
    const found = await verify();
    expect(found).toMatchObject({ ok: false, unsealed: 1 });
    expect(found.problems.map(({ message }) => message)).toContainEqual(expect.stringContaining('"gone"'));
    const kept = await verify({ number: newest?.number, head: newest?.head });
    expect(kept.problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('the log was made anew'),
    );
  });

  it('notices that its own seal is gone', async () => {
    const seal = audit.sealing();
    await audit.write('a');
    await audit.sealAll(seal);
    await rows('delete from audit_seals');
    await audit.write('b');
    await seal();
    expect(audit.log.error.mock.calls.map(([, fields]) => fields.problem)).toEqual([
      'seal 1, which this process made, is gone',
    ]);
    expect(await audit.seals()).toEqual([]);
  });

  it('ends a verification with whoever asked for it', async () => {
    await audit.sealedLog();
    const gone = AbortSignal.abort(new Error('gone'));
    const verifying = openVerifyAudit({ pool: audit.database.pool, secretKeys: audit.keys })({}, gone);
    await expect(verifying).rejects.toThrow('broken off');
  });

  it('says the newest seal in the log, at most once a minute', async () => {
    await audit.sealedLog();
    const { newest } = await verify();
    expect(audit.log.info.mock.calls.map(([, fields]) => fields.number)).toEqual([1]);
    expect(audit.log.debug.mock.calls.map(([, fields]) => fields.number)).toEqual([2, 3]);
    expect(audit.log.debug.mock.calls.at(-1)?.[1]).toMatchObject({ number: newest?.number, head: newest?.head });
  });

  it('seals and verifies tens of thousands in pieces, whatever the settings of the session', async () => {
    await rows(`insert into audit_log (id, account, actor_type, actor_id, action, subject_type, subject_id, details)
      select errand_uuid_v7(), 'account', 'system', 'errand', 'key.created', 'key', n::text, '{}' from generate_series(1, 45000) n`);
    await audit.sealAll();
    expect(await audit.seals()).toHaveLength(5);
    const name = new URL(audit.database.url).pathname.slice(1);
    await rows(`alter database ${name} set timezone = 'Asia/Kathmandu'`);
    await rows(`alter database ${name} set bytea_output = 'escape'`);
    const other = openPool({ url: audit.database.url, max: 1, applicationName: 'test-verify', log: silentLog });
    try {
      expect(await openVerifyAudit({ pool: other, secretKeys: audit.keys })({}, signal)).toMatchObject({
        ok: true,
        seals: 5,
        entries: 45_000,
      });
    } finally {
      await other.end();
    }
  });
});
