import { randomBytes } from 'node:crypto';
import { expect, vi } from 'vitest';
import { openVerifyAudit } from '../../../src/app/audit.ts';
import { system } from '../../../src/audit/entry.ts';
import { createSealKeys } from '../../../src/audit/seal.ts';
import { createSealing } from '../../../src/audit/sealing.ts';
import type { AuditAction } from '../../../src/contract/audit.ts';
import { insertAudit } from '../../../src/store/audit.ts';
import { createSealingStore } from '../../../src/store/audit-seals.ts';
import { createDatabase } from '../../support/database.ts';

export type AuditLog = Awaited<ReturnType<typeof openAuditLog>>;

/** An audit log in a database of its own, and what seals and verifies it. */
export async function openAuditLog() {
  const database = await createDatabase();
  const keys = [{ id: 'k1', key: randomBytes(32) }];
  const log = { info: vi.fn(), debug: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const { signal } = new AbortController();

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const record = (name: string, action: AuditAction = 'key.created') => ({
    account: null,
    actor: { ...system, name },
    action,
    subject: { type: 'key', id: name },
    details: { name, nested: { 'a "quote"': [1, null, ''] } },
  });
  const write = (name: string, action?: AuditAction) => insertAudit(database.pool, record(name, action));

  /** The passes of one that leads; `daysAgo`: by the database's clock. */
  function sealing(by = keys, { elapsed = () => performance.now(), daysAgo = 0 } = {}): () => Promise<void> {
    const store = createSealingStore(database.pool);
    async function last() {
      const { seq, now } = await store.last();
      return { seq, now: new Date(now.getTime() - daysAgo * 86_400_000) };
    }
    const seal = createSealing({ store: { ...store, last }, keys: createSealKeys(by), elapsed, log });
    return () => seal(signal);
  }

  /** Passes until everything is under seal: transactions of other databases hold it up for as long as they are open. */
  async function sealAll(seal = sealing()): Promise<void> {
    const left = `select from audit_log where seq > greatest((select max(to_seq) from audit_seals),
      (select to_seq from audit_checkpoints where kind = 'all'), 0)`;
    const isSealed = async () => {
      await seal();
      return (await rows(left)).length === 0;
    };
    await vi.waitUntil(isSealed, { timeout: 20_000, interval: 10 });
  }

  const verify = (kept = {}, by = keys) => openVerifyAudit({ pool: database.pool, secretKeys: by })(kept, signal);

  return {
    database,
    keys,
    log,
    rows,
    record,
    write,
    sealing,
    sealAll,
    verify,
    seals: () =>
      rows('select number, from_seq, to_seq, entries + executions as entries from audit_seals order by number'),
    /** Three seals over three, two and one entries, or those that are given. */
    async sealedLog(names: readonly (readonly string[])[] = [['a', 'b', 'c'], ['d', 'e'], ['f']]): Promise<void> {
      const seal = sealing();
      for (const each of names) {
        for (const name of each) await write(name);
        await sealAll(seal);
      }
      const answer = { ok: true, seals: names.length, entries: names.flat().length, unsealed: 0, problems: [] };
      expect(await verify()).toMatchObject(answer);
    },
    async empty(): Promise<void> {
      vi.clearAllMocks();
      await rows('truncate audit_log, audit_seals, audit_checkpoints');
      await rows(`select setval('audit_log_seq', 1, false)`);
    },
    drop: () => database.drop(),
  };
}
