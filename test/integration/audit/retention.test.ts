import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeAudit } from '../../../src/app/audit.ts';
import { type AuditLog, openAuditLog } from './audit-log.ts';

describe('contract §2: audit entries past their retention', () => {
  let audit: AuditLog;
  const { signal } = new AbortController();

  beforeAll(async () => {
    audit = await openAuditLog();
  });
  afterAll(() => audit.drop());
  beforeEach(() => audit.empty());

  const remove = (kind: 'executions' | 'all', days = 90, by = audit.keys) =>
    removeAudit({ pool: audit.database.pool, secretKeys: by }, { kind, days }, signal);
  const ids = async () => (await audit.rows('select subject_id as id from audit_log order by seq')).map(({ id }) => id);

  /** Four entries of a hundred days ago under two seals, two of each kind; and two of now under a third. */
  async function oldLog(): Promise<void> {
    const seal = audit.sealing(audit.keys, { daysAgo: 100 });
    for (const each of [1, 2]) {
      await audit.write(`old key ${each}`);
      await audit.write(`old invocation ${each}`, 'invocation.succeeded');
      await audit.rows(`update audit_log set at = now() - interval '100 days' where at > now() - interval '1 day'`);
      await audit.sealAll(seal);
    }
    await audit.write('new key');
    await audit.write('new invocation', 'invocation.succeeded');
    await audit.sealAll();
    expect(await audit.verify()).toMatchObject({ ok: true, seals: 3, entries: 6 });
  }

  it('go if they are of executions, and those of people and configuration stay; what is left is as it was sealed', async () => {
    await oldLog();
    expect(await remove('executions')).toBe(2);
    expect(await ids()).toEqual(['old key 1', 'old key 2', 'new key', 'new invocation', 'executions']);
    await audit.sealAll();
    expect(await audit.verify()).toMatchObject({ ok: true, seals: 4, entries: 5 });
    expect(await audit.rows(`select details from audit_log where action = 'audit.removed'`)).toEqual([
      { details: { afterSeal: 0, upToSeal: 2, olderThanDays: 90 } },
    ]);
    // Once a day is enough, and nothing is left to do.
    expect(await remove('executions')).toBe(0);
    await audit.rows(`delete from audit_log where subject_id = 'old key 2'`);
    expect((await audit.verify()).problems).toMatchObject([{ seal: 2, message: expect.stringContaining('missing') }]);
  });

  it('go with their seals in the end; the next seal follows on the last that went', async () => {
    await oldLog();
    expect(await remove('executions')).toBe(2);
    expect(await remove('all', 95)).toBe(2);
    expect(await ids()).toEqual(['new key', 'new invocation', 'executions', 'all']);
    await audit.sealAll();
    expect((await audit.seals()).map(({ number }) => number)).toEqual([3, 4]);
    expect(await audit.verify()).toMatchObject({ ok: true, seals: 4, entries: 4 });
    // All that is there is past a retention of no days, but for the floor of the functions that remove.
    await audit.rows(`update audit_floor set days = 0`);
    await audit.rows(`update audit_checkpoints set at = now() - interval '2 days'`);
    expect(await remove('all', 0)).toBe(4);
    await audit.rows(`update audit_floor set days = 1`);
    expect(await audit.seals()).toEqual([]);
    await audit.sealAll();
    expect((await audit.seals()).map(({ number }) => number)).toEqual([5]);
    expect(await audit.verify()).toMatchObject({ ok: true, seals: 5 });
    const kept = await audit.verify({ number: 3, head: 'ab'.repeat(32) });
    expect(kept.problems[0]?.message).toBe('Seal 3, which was kept, went with retention: keep a newer one.');
  });

  it('are not said to be by anybody without the key', async () => {
    await oldLog();
    await audit.rows(`delete from audit_log where action = 'invocation.succeeded'`);
    expect((await audit.verify()).problems.map(({ seal }) => seal)).toEqual([1, 2, 3]);
    await audit.rows(`insert into audit_checkpoints (kind, up_to, to_seq, head, key_id, seal, removed_to)
      select 'executions', number, to_seq, head, 'k1', sha256('x'), 0 from audit_seals where number = 3`);
    expect((await audit.verify()).problems).toEqual([
      {
        seal: 3,
        message: 'The record that retention removed entries of executions up to seal 3 was not made with the key "k1".',
      },
    ]);
  });

  it('are gone for good although the removing was broken off, and the checkpoint outlives its key', async () => {
    await oldLog();
    const stopped = new AbortController();
    stopped.abort();
    const dependencies = { pool: audit.database.pool, secretKeys: audit.keys };
    expect(await removeAudit(dependencies, { kind: 'executions', days: 90 }, stopped.signal)).toBe(0);
    expect(await audit.verify()).toMatchObject({ ok: true });
    expect(await remove('executions')).toBe(2);
    const next = [{ id: 'k2', key: randomBytes(32) }];
    await remove('executions', 90, [...next, ...audit.keys]);
    await audit.sealAll(audit.sealing([...next, ...audit.keys]));
    expect(await audit.verify({}, next)).toMatchObject({ ok: true });
  });

  it('are not said to be old by anybody without the key', async () => {
    await oldLog();
    await audit.rows(`update audit_seals set at = at - interval '10 years'`);
    await expect(remove('all', 3_000)).rejects.toThrow('seal 3 was not made with a key of ERRAND_SECRET_KEYS');
    expect(await audit.rows('select 1 from audit_checkpoints')).toEqual([]);
    expect(await ids()).toHaveLength(6);
  });

  it('go by seals of a key that is gone, if one follows whose key is not', async () => {
    await oldLog();
    const next = [{ id: 'k2', key: randomBytes(32) }];
    await expect(remove('executions', 90, next)).rejects.toThrow('seal 2 was not made');
    await audit.sealing([...next, ...audit.keys])();
    expect(await remove('executions', 90, next)).toBe(2);
    await audit.sealAll(audit.sealing(next));
    expect(await audit.verify({}, next)).toMatchObject({ ok: true });
  });

  it('may not be invented, where retention has removed them', async () => {
    await oldLog();
    await remove('executions');
    await audit.write('invented', 'invocation.succeeded');
    await audit.rows(`update audit_log set seq = 1 where subject_id = 'invented'`);
    expect((await audit.verify()).problems).toMatchObject([
      { seal: 1, message: expect.stringContaining('1 entry of executions under seal 1') },
    ]);
  });

  it('are none of what is younger than a day, whoever asks', async () => {
    await audit.sealedLog();
    await audit.rows(`select errand_remove_audit(0, 100, null), errand_remove_seals(100)`);
    expect(await ids()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(await audit.verify()).toMatchObject({ ok: true, seals: 3 });
  });
});
