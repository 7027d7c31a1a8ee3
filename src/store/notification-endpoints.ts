import type { Pool } from 'pg';
import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { EndpointEvent, NotificationEndpoint } from '../contract/notification.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import type { EndpointStore, NewEndpoint } from '../notifications/endpoints.ts';
import { endpointOwner } from '../notifications/notification.ts';
import { auditInsert, auditValues } from './audit.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { transaction } from './database.ts';
import { lastTried } from './notification-pages.ts';
import { replaceSecret } from './signing-secrets.ts';

type Row = {
  id: string;
  name: string | null;
  url: string;
  events: EndpointEvent[];
  accounts: string[];
  enabled: boolean;
  disabled_reason: string | null;
  failing_since: Date | null;
  previous_until: Date | null;
  created_at: Date;
  updated_at: Date;
};

/** `{*}` stands for all accounts; `"*"` is refused as the name of an account in a list. */
const toStored = (accounts: KeyAccounts) => (accounts === '*' ? ['*'] : accounts);

type Stored = Omit<NotificationEndpoint, 'lastNotification'>;

const present = (row: Row): Stored => ({
  id: row.id,
  name: row.name,
  url: row.url,
  events: row.events,
  accounts: row.accounts.includes('*') ? '*' : row.accounts,
  enabled: row.enabled,
  disabledReason: row.disabled_reason,
  failingSince: row.failing_since?.toISOString() ?? null,
  previousSecretUntil: row.previous_until?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

const columns = `e.*, case when s.previous_until > now() then s.previous_until end as previous_until
  from notification_endpoints e left join signing_secrets s on s.owner = 'endpoint/' || e.id`;

async function find(pool: Pool, accounts: KeyAccounts, id: string): Promise<NotificationEndpoint | null> {
  const { rows } = await pool.query<Row>(
    `select ${columns} where e.id = $1 and ($2::text[] is null or e.accounts <@ $2)`,
    [id, accounts === '*' ? null : accounts],
  );
  return (await withLast(pool, accounts, rows))[0] ?? null;
}

async function withLast(pool: Pool, accounts: KeyAccounts, rows: readonly Row[]): Promise<NotificationEndpoint[]> {
  const ids = rows.map(({ id }) => id);
  const last = await lastTried(pool, accounts, ids);
  return rows.map((row) => ({ ...present(row), lastNotification: last.get(row.id) ?? null }));
}

async function page(
  pool: Pool,
  accounts: KeyAccounts,
  { limit, cursor }: PageQuery,
): Promise<Page<NotificationEndpoint>> {
  const { rows } = await pool.query<Row>(
    `select ${columns} where ($1::text[] is null or e.accounts <@ $1) and ($2::uuid is null or e.id < $2)
     order by e.id desc limit $3`,
    [accounts === '*' ? null : accounts, cursor === undefined ? null : decodeCursor(cursor), limit + 1],
  );
  return pageOf(await withLast(pool, accounts, rows), limit, ({ id }) => id);
}

/** What waits for an endpoint that is told nothing any more. */
const dropPending = `
update notifications set status = 'failed', due_at = null, ended_at = now(),
  last_error = '{"code": "cancelled", "message": "Its endpoint was disabled or deleted meanwhile."}'
where endpoint = $1 and status = 'pending'`;

/** Notification endpoints in PostgreSQL. Every change is one transaction together with its audit entry. */
export function createEndpointStore(pool: Pool): EndpointStore {
  return {
    find: (accounts, id) => find(pool, accounts, id),
    page: (accounts, query) => page(pool, accounts, query),
    insert: ({ id, name, url, events, accounts, enabled }: NewEndpoint, sealed, audit) =>
      transaction(pool, async (connection) => {
        await connection.query(
          `insert into notification_endpoints (id, name, url, events, accounts, enabled) values ($1, $2, $3, $4, $5, $6)`,
          [id, name, url, events, toStored(accounts), enabled],
        );
        await connection.query('insert into signing_secrets (owner, sealed) values ($1, $2)', [
          endpointOwner(id),
          sealed,
        ]);
        await connection.query(auditInsert(1), auditValues(audit));
      }),
    update: (id, { name, url, events, accounts, enabled }, audit) =>
      transaction(pool, async (connection) => {
        await connection.query(
          `update notification_endpoints set name = $2, url = $3, events = $4, accounts = $5, enabled = $6, updated_at = now(),
             disabled_reason = case when $6 then null else disabled_reason end,
             failing_since = case when enabled is distinct from $6 or url <> $3 then null else failing_since end
           where id = $1`,
          [id, name, url, events, toStored(accounts), enabled],
        );
        if (!enabled) await connection.query(dropPending, [id]);
        await connection.query(auditInsert(1), auditValues(audit));
      }),
    remove: (id, audit) =>
      transaction(pool, async (connection) => {
        await connection.query('delete from notification_endpoints where id = $1', [id]);
        await connection.query('delete from signing_secrets where owner = $1', [endpointOwner(id)]);
        await connection.query(dropPending, [id]);
        await connection.query(auditInsert(1), auditValues(audit));
      }),
    replaceSecret: (id, sealed, graceHours, audit) =>
      replaceSecret(pool, { owner: endpointOwner(id), sealed, graceHours }, audit),
  };
}

/** Errand itself gives an endpoint up; nothing is done if it is disabled already. */
export async function disableEndpoint(
  pool: Pool,
  id: string,
  reason: string,
  auditOf: (endpoint: Stored) => AuditRecord,
): Promise<void> {
  await transaction(pool, async (connection) => {
    const { rows } = await connection.query<Row>(
      `update notification_endpoints e set enabled = false, disabled_reason = $2, updated_at = now()
       where e.id = $1 and e.enabled returning e.*, null::timestamptz as previous_until`,
      [id, reason],
    );
    if (rows[0] === undefined) return;
    await connection.query(dropPending, [id]);
    await connection.query(auditInsert(1), auditValues(auditOf(present(rows[0]))));
  });
}
