import type { KeyAccounts } from '../contract/api-key.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import type { IntegrationListFilter, StoredIntegration } from '../integrations/stored.ts';
import { authenticationColumn } from './authentication.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { Connection } from './database.ts';
import { syncQuality } from './sync-quality.ts';

/** Why Errand holds `integrations i`, as JSON. */
const holdColumn = `(select json_build_object('failure', f.hold, 'since', f.held_since, 'nextProbeAt', f.next_probe_at,
     'probeInMs', extract(epoch from f.next_probe_at - now()) * 1000)
   from integration_flow f where f.integration = i.id and f.hold is not null) as hold`;

/** The columns of `integrations i`. */
export const integrationColumns = `i.id, i.account, i.name, i.status, i.limits,
  i.configuration_version as "configurationVersion", i.status_since as "statusSince",
  i.last_sync_at as "lastSyncAt", ${syncQuality} as "lastSyncQuality", i.created_at as "createdAt",
  i.updated_at as "updatedAt", i.deleted_at as "deletedAt", i.shown_secret as "shownSecret",
  (select v.hint from integration_values v
   where v.integration = i.id and v.name = i.shown_secret and v.kind = 'secret' and v.until is null) as "shownSecretHint",
${authenticationColumn},
${holdColumn}`;

/** Makes sure that there is a row to lock; a new one is deleted, of version 0, until a change brings it to life. */
export async function ensureIntegration(
  connection: Connection,
  id: string,
  { account, name }: { account: string; name: string },
): Promise<void> {
  await connection.query(
    `insert into integrations (id, account, name, type, status, limits, configuration_version, deleted_at)
     values ($1, $2, $3, 'custom', 'active', '{}', 0, now()) on conflict (id) do nothing`,
    [id, account, name],
  );
}

export async function lockIntegration(connection: Connection, id: string): Promise<void> {
  await connection.query('select 1 from integrations where id = $1 for no key update', [id]);
}

/** The next configuration version; brings it to life with these fields, or deletes it, if asked to. */
export async function nextVersion(
  connection: Connection,
  id: string,
  change: {
    integration?: { account: string; name: string; limits: object; shownSecret: string | null };
    deleted?: true;
    status?: 'active' | 'paused';
  },
): Promise<number> {
  const { integration } = change;
  const { rows } = await connection.query<{ version: number }>(
    `update integrations set
       configuration_version = configuration_version + 1,
       updated_at = now(),
       -- One that comes back begins anew, but for its versions and what it synchronised last.
       created_at = case when $2::text is not null and deleted_at is not null then now() else created_at end,
       -- What waits for a deleted one must come to its end: nobody could resume it.
       status = case when $5 or $2::text is not null and deleted_at is not null then 'active'
         else coalesce($6, status) end,
       status_since = case when $5 or $6::text is not null then now() else status_since end,
       deleted_at = case when $5 then now() when $2::text is not null then null else deleted_at end,
       account = coalesce($2, account), name = coalesce($3, name), limits = coalesce($4::jsonb, limits),
       shown_secret = case when $2::text is null then shown_secret else $7 end
     where id = $1 returning configuration_version as version`,
    [
      id,
      integration?.account ?? null,
      integration?.name ?? null,
      integration === undefined ? null : JSON.stringify(integration.limits),
      change.deleted ?? false,
      change.status ?? null,
      integration?.shownSecret ?? null,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`integration ${id} disappeared while it was locked`);
  return row.version;
}

const pageSql = `
select ${integrationColumns},
  (select coalesce(json_object_agg(v.name, v.value), '{}') from integration_values v
   where v.integration = i.id and v.until is null and v.kind = 'variable') as variables
from integrations i
where i.deleted_at is null
  and ($1::text[] is null or i.account = any($1))
  and ($2::text is null or i.account = $2)
  and ($3::text is null or i.status = $3)
  and ($4::text is null or strpos(lower(i.id), lower($4)) > 0 or strpos(lower(i.name), lower($4)) > 0)
  and ($5::timestamptz is null or (i.created_at, i.id) < ($5, $6))
order by i.created_at desc, i.id desc limit $7`;

/** A moment as ISO 8601 and an integration's id. */
const cursorPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z [a-z0-9_-]{1,63}$/;

/** One page, newest first. `q` is looked for in id and name, whatever the case. */
export async function pageIntegrations(
  connection: Connection,
  accounts: KeyAccounts,
  filter: IntegrationListFilter,
  { limit, cursor }: PageQuery,
): Promise<Page<{ integration: StoredIntegration; variables: Record<string, string> }>> {
  const [createdAt, id] = cursor === undefined ? [null, null] : decodeCursor(cursor, cursorPattern).split(' ');
  const { rows } = await connection.query<StoredIntegration & { variables: Record<string, string> }>({
    name: 'page-integrations',
    text: pageSql,
    values: [
      accounts === '*' ? null : accounts,
      filter.account ?? null,
      filter.status ?? null,
      filter.q ?? null,
      createdAt,
      id,
      limit + 1,
    ],
  });
  const { items, nextCursor } = pageOf(rows, limit, ({ createdAt, id }) => `${createdAt.toISOString()} ${id}`);
  return { items: items.map(({ variables, ...integration }) => ({ integration, variables })), nextCursor };
}

/** What says whether the work of these integrations waits. */
export async function holdsOf(
  connection: Connection,
  ids: readonly string[],
): Promise<Pick<StoredIntegration, 'id' | 'status' | 'statusSince' | 'hold'>[]> {
  const { rows } = await connection.query(
    `select i.id, i.status, i.status_since as "statusSince", ${holdColumn} from integrations i where i.id = any($1::text[])`,
    [ids],
  );
  return rows;
}
