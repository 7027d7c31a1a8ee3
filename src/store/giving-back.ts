import type { Pool } from 'pg';
import type { Claimed } from '../invocations/invocation.ts';

/** Lets go of a claimed row, as if it had not been tried, but for one crash more. */
export async function giveBack(pool: Pool, worker: string, claimed: Claimed, delayMs: number): Promise<void> {
  await pool.query(
    `update invocations set status = 'retrying', worker = null, rung_at = null, tried = greatest(0, tried - 1),
       crashes = crashes + 1, due_at = now() + $4 * interval '1 millisecond'
     where id = $1 and status = 'running' and worker = $2 and attempt = $3`,
    [claimed.id, worker, claimed.attempt, delayMs],
  );
}

/** Lets go of a claimed row, as if it had not been tried: its endpoint asked to wait for so long. */
export async function putOff(pool: Pool, worker: string, claimed: Claimed, delayMs: number): Promise<void> {
  await pool.query(
    `update invocations set status = case when error is null then 'queued' else 'retrying' end, worker = null, rung_at = null,
       tried = greatest(0, tried - 1), due_at = now() + $4 * interval '1 millisecond'
     where id = $1 and status = 'running' and worker = $2 and attempt = $3`,
    [claimed.id, worker, claimed.attempt, delayMs],
  );
}
