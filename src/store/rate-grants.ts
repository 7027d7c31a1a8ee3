import type { Pool } from 'pg';
import type { Lane } from '../contract/lane.ts';
import { advisoryLocks } from './locks.ts';

export type RateAsk = { integration: string; wanted: number };

/** How many requests may begin now; where that is less than wanted, in how many milliseconds the next one may. */
export type RateGrant = { integration: string; granted: number; waitMs: number | null };

/** Grants requests under all `limits.rates` of their integrations, in one statement, each integration once. */
export async function grantRates(pool: Pool, lane: Lane, asks: readonly RateAsk[]): Promise<RateGrant[]> {
  const { rows } = await pool.query<RateGrant>({
    name: 'grant-rates',
    text: 'select integration, granted, wait_ms as "waitMs" from errand_grant_rates($1, $2, $3, $4)',
    values: [advisoryLocks.rates, lane, asks.map(({ integration }) => integration), asks.map(({ wanted }) => wanted)],
  });
  return rows;
}

/** Forgets what lies outside of every window, of integrations that nobody asks for any more. */
export async function forgetOldGrants(pool: Pool): Promise<void> {
  await pool.query(
    `delete from rate_grants g using (
       select integration, per_seconds, slice from rate_grants
       where slice < extract(epoch from now()) * 60 / per_seconds - 120
       order by integration, per_seconds, slice for update skip locked
     ) old
     where (g.integration, g.per_seconds, g.slice) = (old.integration, old.per_seconds, old.slice)`,
  );
}
