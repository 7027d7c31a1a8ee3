import type { Pool } from 'pg';
import type { PortalDependencies, StoredPortal } from '../access/portal.ts';
import { auditInsert, auditValues } from './audit.ts';

const insertSql = `
with inserted as (
  insert into portal_sessions (id, account, role, ticket_hash, key_id, created_by, open_before, expires_at)
  values ($1, $2, 'configurer', $3, $4, $5, now() + $6 * interval '1 millisecond', now() + $7 * interval '1 millisecond')
  returning open_before, expires_at
), audited as (
  ${auditInsert(8)}
)
select open_before as "openBefore", expires_at as "expiresAt" from inserted`;

const openSql = `
with opened as (
  update portal_sessions set opened_at = now() where id = $1 and opened_at is null and open_before > now() returning id
), audited as (
  ${auditInsert(2)} where exists (select from opened)
)
select id from opened`;

const columns = 'id, account, key_id as "keyId", expires_at as "expiresAt"';

/** Portal sessions in PostgreSQL, by its clock. */
export function createPortalStore(pool: Pool): PortalDependencies['store'] {
  return {
    async insert({ id, account, ticketHash, keyId, createdBy, openForMs, lastsMs }, audit) {
      const values = [id, account, ticketHash, keyId, JSON.stringify(createdBy), openForMs, lastsMs];
      const { rows } = await pool.query<{ openBefore: Date; expiresAt: Date }>(insertSql, [
        ...values,
        ...auditValues(audit),
      ]);
      return rows[0] as { openBefore: Date; expiresAt: Date };
    },

    async findTicket(ticketHash) {
      const { rows } = await pool.query<StoredPortal>(
        `select ${columns} from portal_sessions where ticket_hash = $1 and opened_at is null and open_before > now()`,
        [ticketHash],
      );
      return rows[0] ?? null;
    },

    async open(id, audit) {
      const { rowCount } = await pool.query(openSql, [id, ...auditValues(audit)]);
      return rowCount === 1;
    },

    async findOpen(id) {
      const { rows } = await pool.query<StoredPortal>({
        name: 'find-portal-session',
        text: `select ${columns} from portal_sessions where id = $1 and opened_at is not null and expires_at > now()`,
        values: [id],
      });
      return rows[0] ?? null;
    },
  };
}
