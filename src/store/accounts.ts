import type { Pool } from 'pg';
import { defaultAccount } from '../contract/names.ts';

const accountsSql = `
select account from integrations where deleted_at is null
union select unnest(accounts) from api_keys where revoked_at is null
union select substr(owner, length('account/') + 1) from signing_secrets where owner like 'account/%'`;

/** The accounts that anybody has named: those of integrations and keys, and those whose callbacks have been signed. */
export async function knownAccounts(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ account: string }>(accountsSql);
  const named = rows.map(({ account }) => account).filter((account) => account !== '*');
  return [...new Set([defaultAccount, ...named])].sort();
}
