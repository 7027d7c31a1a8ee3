import type { Pool } from 'pg';
import type { KeptCheckpoint, RemovingStore } from '../audit/removing.ts';
import { executionActions, type Seal } from '../audit/seal.ts';
import { auditInsert, auditValues } from './audit.ts';
import { sealColumns, sealsAfter } from './audit-seals.ts';
import { transaction } from './database.ts';

/** What removes entries of the audit log: functions of the database, since Errand's own role may be forbidden to. */
export function createRemovingStore(pool: Pool): RemovingStore {
  return {
    async checkpoint(kind) {
      const { rows } = await pool.query<KeptCheckpoint>(
        `select kind, up_to as "upTo", to_seq as "to", head, key_id as "keyId", seal, removed_to as "removedTo",
           (extract(epoch from now() - at) * 1000)::float8 as "ageMs"
         from audit_checkpoints where kind = $1`,
        [kind],
      );
      return rows[0] ?? null;
    },
    async sealBefore(days) {
      const { rows } = await pool.query<Seal>(
        `select ${sealColumns} from audit_seals where at < now() - $1 * interval '1 day' order by at desc, number desc limit 1`,
        [days],
      );
      return rows[0] ?? null;
    },
    page: (after, limit) => sealsAfter(pool, after, limit),
    keep: ({ kind, upTo, to, head, keyId, seal, removedTo }, audit) =>
      transaction(pool, async (connection) => {
        await connection.query(
          `insert into audit_checkpoints (kind, up_to, to_seq, head, key_id, seal, removed_to)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (kind) do update set up_to = excluded.up_to, to_seq = excluded.to_seq, head = excluded.head,
             key_id = excluded.key_id, seal = excluded.seal,
             at = case when audit_checkpoints.up_to = excluded.up_to then audit_checkpoints.at else now() end`,
          [kind, upTo, to, head, keyId, seal, removedTo],
        );
        if (audit !== null) await connection.query(auditInsert(1), auditValues(audit));
      }),
    async remove(after, upTo, kind) {
      const { rows } = await pool.query<{ removed: number }>('select errand_remove_audit($1, $2, $3) as removed', [
        after,
        upTo,
        kind === 'all' ? null : executionActions,
      ]);
      return rows[0]?.removed ?? 0;
    },
    async removedTo(kind, number) {
      await pool.query('update audit_checkpoints set removed_to = $2 where kind = $1', [kind, number]);
    },
    async removeSeals(upTo) {
      const { rows } = await pool.query<{ removed: number }>('select errand_remove_seals($1) as removed', [upTo]);
      return rows[0]?.removed ?? 0;
    },
  };
}

/** Drops months of the audit log of which nothing is left; answers how many. */
export async function dropEmptyAuditMonths(pool: Pool, months: readonly string[]): Promise<number> {
  let dropped = 0;
  for (const month of months) {
    const { rows } = await pool.query<{ dropped: boolean }>('select errand_drop_audit_month($1) as dropped', [month]);
    if (rows[0]?.dropped === true) dropped += 1;
  }
  return dropped;
}
