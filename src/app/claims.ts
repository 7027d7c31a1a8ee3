import type { Pool } from 'pg';
import type { Claimed } from '../invocations/invocation.ts';
import { createGatherer } from '../platform/gather.ts';
import { claimInvocations } from '../store/invocations.ts';
import { freeOrphans } from '../store/workers.ts';

/** Claims of one statement; more only makes the first of them wait longer. */
const maxClaims = 250;

/**
 * A worker's claims, many in one statement. Where an answer of the database is lost (the connection broke after the
 * commit), rows may say that this worker holds them though it does not: orphans, freed once the database is back.
 */
export function openClaims(pool: Pool, worker: string) {
  const held = new Set<string>();
  let mayHaveOrphans = false;
  const gatherer = createGatherer<string, Claimed | null>({
    async flush(ids) {
      // From before the statement on, so that none is taken for an orphan while its answer is under way.
      const asked = ids.filter((id) => !held.has(id));
      for (const id of asked) held.add(id);
      let claimed: Claimed[] = [];
      try {
        claimed = await claimInvocations(pool, worker, ids);
      } catch (error) {
        mayHaveOrphans = true;
        throw error;
      } finally {
        const mine = new Set(claimed.map(({ id }) => id));
        for (const id of asked) if (!mine.has(id)) held.delete(id);
      }
      const byId = new Map(claimed.map((each) => [each.id, each]));
      return ids.map((id) => {
        const one = byId.get(id) ?? null;
        byId.delete(id);
        return one;
      });
    },
    maxItems: maxClaims,
  });

  return {
    /** The row, held by this worker from now on; `null` if it is not due or not free. */
    claim: gatherer.add,
    /** The row is not this worker's any more; if that is not `certain`, it may have become an orphan. */
    release(id: string, certain: boolean): void {
      held.delete(id);
      if (!certain) mayHaveOrphans = true;
    },
    /** Frees rows that are this worker's without its knowing, if there may be any. */
    async freeOrphans(): Promise<number> {
      if (!mayHaveOrphans) return 0;
      const freed = await freeOrphans(pool, worker, [...held]);
      mayHaveOrphans = false;
      return freed;
    },
  };
}
