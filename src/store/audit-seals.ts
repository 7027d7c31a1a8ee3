import type { Pool } from 'pg';
import { type Checkpoint, executionActions, type HashedEntry, type Seal } from '../audit/seal.ts';
import type { SealingStore } from '../audit/sealing.ts';
import type { VerifyingStore } from '../audit/verify.ts';

export const sealColumns = `number, from_seq as "from", to_seq as "to", entries, digest, executions,
  executions_digest as "executionsDigest", head, key_id as "keyId", seal, at`;

const checkpointColumns = `kind, up_to as "upTo", to_seq as "to", head, key_id as "keyId", seal, removed_to as "removedTo"`;

/** What an entry is sealed as: every column, whatever the settings of the session. */
const hash = `sha256(convert_to(json_build_array(a.seq, a.id, (extract(epoch from a.at) * 1000)::bigint, a.account, a.actor_type,
    a.actor_id, a.actor_name, a.action, a.subject_type, a.subject_id, a.details::text)::text, 'UTF8'))`;

async function hashedEntries(pool: Pool, from: number, to: number): Promise<HashedEntry[]> {
  const { rows } = await pool.query<HashedEntry>({
    name: 'hash-audit',
    text: `select a.seq, a.action = any($3::text[]) as execution, ${hash} as hash, a.at
      from audit_log a where a.seq > $1 and a.seq <= $2 order by a.seq`,
    values: [from, to, executionActions],
  });
  return rows;
}

export function createSealingStore(pool: Pool): SealingStore {
  return {
    async newest() {
      const { rows } = await pool.query<Seal>({
        name: 'newest-seal',
        text: `select ${sealColumns} from audit_seals order by number desc limit 1`,
      });
      return rows[0] ?? null;
    },
    removed: async () => (await checkpoints(pool)).find(({ kind }) => kind === 'all') ?? null,
    async last() {
      const { rows } = await pool.query<{ seq: number; now: Date }>(
        // Of the milliseconds that the column keeps.
        `select ${lastGivenOut} as seq, date_trunc('milliseconds', now()) as now from audit_log_seq`,
      );
      return rows[0] as { seq: number; now: Date };
    },
    async fence() {
      const { rows } = await pool.query<{ id: string }>('select pg_current_xact_id()::text as id');
      return BigInt(rows[0]?.id ?? 0);
    },
    async horizon() {
      const { rows } = await pool.query<{ id: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as id');
      return BigInt(rows[0]?.id ?? 0);
    },
    entries: (from, to) => hashedEntries(pool, from, to),
    async insert({ number, from, to, entries, digest, executions, executionsDigest, head, keyId, seal, at }) {
      const { rowCount } = await pool.query(
        `insert into audit_seals
           (number, from_seq, to_seq, entries, digest, executions, executions_digest, head, key_id, seal, at)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
         -- With the primary key: whoever seals at the same time seals after this, or not at all.
         where coalesce((select max(number) from audit_seals), (select up_to from audit_checkpoints where kind = 'all'), 0)
           = $1::bigint - 1
         on conflict do nothing`,
        [number, from, to, entries, digest, executions, executionsDigest, head, keyId, seal, at],
      );
      return rowCount === 1;
    },
  };
}

export async function checkpoints(pool: Pool): Promise<Checkpoint[]> {
  const { rows } = await pool.query<Checkpoint>(`select ${checkpointColumns} from audit_checkpoints order by kind`);
  return rows;
}

/** 0 if none was given out yet. */
const lastGivenOut = 'case when is_called then last_value else 0 end';

export async function sealsAfter(pool: Pool, after: number, limit: number): Promise<Seal[]> {
  const { rows } = await pool.query<Seal>(
    `select ${sealColumns} from audit_seals where number > $1 order by number limit $2`,
    [after, limit],
  );
  return rows;
}

export function createVerifyingStore(pool: Pool): VerifyingStore {
  return {
    checkpoints: () => checkpoints(pool),
    page: (after, limit) => sealsAfter(pool, after, limit),
    entries: (from, to) => hashedEntries(pool, from, to),
    async unsealed(after) {
      const { rows } = await pool.query<{ entries: number; oldest: Date | null }>(
        `select count(*)::int as entries, min(at) as oldest
         from (select at from audit_log where seq > $1 order by seq limit 100000) a`,
        [after],
      );
      return rows[0] ?? { entries: 0, oldest: null };
    },
    async bounds() {
      const { rows } = await pool.query<{ first: number | null; last: number | null; given: number }>(
        // What the statement sees was given out before it began; the sequence shows what is given out now.
        `select e.first, e.last, ${lastGivenOut} as given
         from (select min(seq) as first, max(seq) as last from audit_log) e, audit_log_seq`,
      );
      return rows[0] ?? { first: null, last: null, given: 0 };
    },
  };
}
