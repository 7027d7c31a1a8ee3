import type { Pool } from 'pg';
import type { AccessDependencies } from '../access/access.ts';
import type { StoredKey } from '../access/authenticate.ts';
import type { ApiKey, KeyAccounts, Role } from '../contract/api-key.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { createGatherer } from '../platform/gather.ts';
import { auditInsert, auditValues } from './audit.ts';
import { decodeCursor, pageOf } from './cursor.ts';

type KeyRow = {
  id: string;
  name: string | null;
  role: Role;
  accounts: string[];
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

const columns = 'id, name, role, accounts, created_at, expires_at, last_used_at, revoked_at';

/** `["*"]` stands for all accounts; `"*"` is refused as the name of an account in a list. */
const all = '*';
const toStored = (accounts: KeyAccounts) => (accounts === '*' ? [all] : accounts);
const toAccounts = (stored: string[]): KeyAccounts => (stored.includes(all) ? '*' : stored);

const present = (row: KeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  role: row.role,
  accounts: toAccounts(row.accounts),
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  revokedAt: row.revoked_at?.toISOString() ?? null,
});

const insertSql = `
with inserted as (
  insert into api_keys (id, name, role, accounts, hash, expires_at) values ($1, $2, $3, $4::text[], $5, $6)
  returning ${columns}
), audited as (
  ${auditInsert(7)}
)
select * from inserted`;

const revokeSql = `
with revoked as (
  update api_keys set revoked_at = now() where id = $1 and revoked_at is null returning id
), audited as (
  ${auditInsert(2)} where exists (select 1 from revoked)
)
select id from revoked`;

const findSql = `select ${columns}, hash from api_keys where id = any($1::uuid[])`;

/** API keys in PostgreSQL. Every change is one statement together with its audit entry. */
export function createKeyStore(pool: Pool): AccessDependencies['store'] {
  const lookups = openLookups(pool);
  return {
    find: (id) => lookups.add(id),

    async touch(id) {
      await pool.query('update api_keys set last_used_at = now() where id = $1', [id]);
    },

    async insert(key, audit) {
      const { rows } = await pool.query<KeyRow>(insertSql, [
        key.id,
        key.name,
        key.role,
        toStored(key.accounts),
        key.hash,
        key.expiresAt,
        ...auditValues(audit),
      ]);
      return present(rows[0] as KeyRow);
    },

    page: (accounts, query) => pageKeys(pool, accounts, query),

    async get(accounts, id) {
      const { rows } = await pool.query<KeyRow>(
        `select ${columns} from api_keys where id = $1 and ($2::text[] is null or accounts <@ $2)`,
        [id, accounts === '*' ? null : accounts],
      );
      return rows[0] === undefined ? null : present(rows[0]);
    },

    async revoke(id, audit) {
      await pool.query(revokeSql, [id, ...auditValues(audit)]);
    },

    async hasAdmin() {
      const { rowCount } = await pool.query(
        `select from api_keys
         where role = 'admin' and revoked_at is null and (expires_at is null or expires_at > now()) limit 1`,
      );
      return rowCount === 1;
    },
  };
}

/** A lookup for each request, but requests that come together share one: no cache that would outlive a revocation. */
function openLookups(pool: Pool) {
  return createGatherer<string, StoredKey | null>({
    maxItems: 500,
    async flush(ids) {
      const query = { name: 'find-keys', text: findSql, values: [[...new Set(ids)]] };
      const { rows } = await pool.query<KeyRow & { hash: Buffer }>(query);
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => toKey(found.get(id)));
    },
  });
}

async function pageKeys(pool: Pool, accounts: KeyAccounts, { limit, cursor }: PageQuery): Promise<Page<ApiKey>> {
  const { rows } = await pool.query<KeyRow>(
    `select ${columns} from api_keys
     where ($1::text[] is null or accounts <@ $1) and ($2::uuid is null or id < $2)
     order by id desc limit $3`,
    [accounts === '*' ? null : accounts, cursor === undefined ? null : decodeCursor(cursor), limit + 1],
  );
  return pageOf(rows.map(present), limit, ({ id }) => id);
}

function toKey(row: (KeyRow & { hash: Buffer }) | undefined): StoredKey | null {
  if (row === undefined) return null;
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    accounts: toAccounts(row.accounts),
    hash: row.hash,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
