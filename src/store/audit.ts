import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import type { AuditRecord } from '../audit/entry.ts';
import type { AuditDependencies } from '../audit/list.ts';
import type { Actor, AuditEntry } from '../contract/audit.ts';
import { auditColumns } from './audit-rows.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { uuidFloor } from './uuid-floor.ts';

/**
 * One audit entry as part of a larger statement, with its nine parameters (`auditValues`) from `$first` on; a `where` may
 * follow it.
 */
export function auditInsert(first: number): string {
  const types = ['uuid', 'text', 'text', 'text', 'text', 'text', 'text', 'text', 'json'];
  return `${auditColumns} select ${types.map((type, offset) => `$${first + offset}::${type}`).join(', ')}`;
}

/** The parameters of `auditInsert`. */
export function auditValues({ account, actor, action, subject, details }: AuditRecord): unknown[] {
  return [
    uuidv7(),
    account,
    actor.type,
    actor.id,
    actor.name,
    action,
    subject.type,
    subject.id,
    JSON.stringify(details),
  ];
}

/** One entry on its own, for what changes no row. */
export async function insertAudit(pool: Pool, record: AuditRecord): Promise<void> {
  await pool.query({ name: 'insert-audit', text: auditInsert(1), values: auditValues(record) });
}

type Row = {
  id: string;
  at: Date;
  account: string | null;
  actor_type: Actor['type'];
  actor_id: string;
  actor_name: string | null;
  action: string;
  subject_type: string;
  subject_id: string;
  details: Record<string, unknown>;
};

/**
 * Times are compared with `at`. The ids, which name the partitions, are made by clocks of other machines than the
 * database's, so their bounds leave an hour of room.
 */
const pageSql = `
select id, at, account, actor_type, actor_id, actor_name, action, subject_type, subject_id, details
from audit_log
where ($1::text[] is null or account = any($1))
  and ($2::text is null or account = $2)
  and ($3::text is null or subject_type = $3)
  and ($4::text is null or subject_id = $4)
  and ($5::text is null or action = $5)
  and ($6::text is null or actor_id = $6 or actor_name = $6)
  and ($7::timestamptz is null or at >= $7 and id >= $8)
  and ($9::timestamptz is null or at < $9 and id < $10)
  and ($11::uuid is null or id < $11)
order by id desc limit $12`;

const hourMs = 3_600_000;
function bound(time: string | undefined, roomMs: number): [Date | null, string | null] {
  if (time === undefined) return [null, null];
  const at = new Date(time);
  return [at, uuidFloor(at.getTime() + roomMs)];
}

/** The audit log in PostgreSQL; entries are written by the statements whose doings they tell of. */
export function createAuditStore(pool: Pool): AuditDependencies['store'] {
  return {
    async page(accounts, filter, { limit, cursor }) {
      const { rows } = await pool.query<Row>(pageSql, [
        accounts === '*' ? null : accounts,
        filter.account ?? null,
        filter.subject?.type ?? null,
        filter.subject?.id ?? null,
        filter.action ?? null,
        filter.actor ?? null,
        ...bound(filter.since, -hourMs),
        ...bound(filter.until, hourMs),
        cursor === undefined ? null : decodeCursor(cursor),
        limit + 1,
      ]);
      return pageOf(rows.map(present), limit, ({ id }) => id);
    },
  };
}

function present(row: Row): AuditEntry {
  return {
    id: row.id,
    at: row.at.toISOString(),
    account: row.account,
    actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
    action: row.action,
    subject: { type: row.subject_type, id: row.subject_id },
    details: row.details,
  };
}
