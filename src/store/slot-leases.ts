import type { Pool } from 'pg';
import { defaultConcurrency } from '../contract/integration.ts';
import type { Lane } from '../contract/lane.ts';
import { advisoryLocks } from './locks.ts';

/** What a worker says of an integration: so many exchanges are in flight, so many could be. */
export type SlotAsk = { integration: string; held: number; wanted: number };

/**
 * How many exchanges it may have in flight. `contended`: others wait for slots, so what is not used is to be given back
 * at once.
 */
export type SlotLease = { integration: string; slots: number; contended: boolean };

/**
 * Leases slots to a worker, or renews or ends its leases, in one statement: of all workers together never more than the
 * integration's `limits.concurrency`. A lease that is not renewed ends after `leaseMs`.
 */
export async function leaseSlots(
  pool: Pool,
  worker: { id: string; lane: Lane },
  leaseMs: number,
  asks: readonly SlotAsk[],
): Promise<SlotLease[]> {
  const { rows } = await pool.query<SlotLease>({
    name: 'lease-slots',
    text: 'select * from errand_lease_slots($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      advisoryLocks.slots,
      worker.id,
      worker.lane,
      leaseMs,
      defaultConcurrency,
      asks.map(({ integration }) => integration),
      asks.map(({ held }) => held),
      asks.map(({ wanted }) => wanted),
    ],
  });
  return rows;
}

/** Ends all leases of a worker that has nothing in flight any more. */
export async function endLeases(pool: Pool, worker: string): Promise<void> {
  await pool.query('delete from slot_leases where worker = $1', [worker]);
}

/** Forgets the leases of workers that died: they count for nothing. */
export async function forgetLapsedLeases(pool: Pool): Promise<void> {
  await pool.query(
    `delete from slot_leases l using (
       select integration, worker from slot_leases where until < now() - interval '1 minute'
       order by integration, worker for update skip locked
     ) lapsed
     where (l.integration, l.worker) = (lapsed.integration, lapsed.worker)`,
  );
}
