import type { Pool } from 'pg';
import type { DryRunRow } from '../invocations/dry-run.ts';

/**
 * How far back a command's invocations are looked for among the others of its integration. The index has them by
 * integration: this many of its entries are read in a few milliseconds, and no more for a command that was never used.
 */
export const lookBack = 5_000;

/** The newest invocations of a command, of the newest 5,000 of its integration; newest first. */
export async function newestInvocations(
  pool: Pool,
  integration: string,
  command: string,
  limit: number,
): Promise<DryRunRow[]> {
  // Not named: which index is the better one depends on how much of all there is the integration's.
  const { rows } = await pool.query<DryRunRow>(
    `select id, tokens, sealed_tokens as "sealedTokens", created_at as "createdAt", attempt, key_number as "keyNumber",
       claimed_at as "claimedAt"
     from (select * from invocations where integration = $1 order by id desc limit ${lookBack}) newest
     where command = $2 order by id desc limit $3`,
    [integration, command, limit],
  );
  return rows;
}
