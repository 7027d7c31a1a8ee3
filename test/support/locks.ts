import type { Pool, PoolClient } from 'pg';
import { vi } from 'vitest';

/** Resolves once a statement waits for what `holder`'s transaction has locked, on a server that others use as well. */
export async function untilAnotherWaitsFor(holder: PoolClient, pool: Pool): Promise<void> {
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  const waits = 'select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))';
  await vi.waitUntil(async () => (await pool.query(waits, [rows[0]?.pid])).rows.length > 0, {
    timeout: 10_000,
    interval: 10,
  });
}
