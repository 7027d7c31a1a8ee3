import type { Pool } from 'pg';
import type { Claimed } from '../invocations/invocation.ts';
import { createGatherer } from '../platform/gather.ts';
import { claimInvocations } from '../store/invocations.ts';
import { freeOrphans } from '../store/workers.ts';

/** Claims of one statement; more only makes the first of them wait longer. */
const maxClaims = 250;
/** Orphans freed by one statement. */
const maxOrphans = 1_000;

type Task = { claim: string } | 'free orphans';

/**
 * A worker's claims, many in one statement. Where an answer of the database is lost (the connection broke after the
 * commit), rows may say that this worker holds them though it does not: orphans, freed once the database is back.
 *
 * Claiming and freeing go through one gatherer, one after the other: no row is claimed between the list of what is held
 * and the statement that frees the rest.
 */
export function openClaims(pool: Pool, worker: string) {
  const held = new Set<string>();
  let mayHaveOrphans = false;

  async function claim(ids: readonly string[]): Promise<Map<string, Claimed>> {
    try {
      const claimed = await claimInvocations(pool, worker, ids);
      for (const { id } of claimed) held.add(id);
      return new Map(claimed.map((each) => [each.id, each]));
    } catch (error) {
      mayHaveOrphans = true;
      throw error;
    }
  }

  async function free(): Promise<number> {
    mayHaveOrphans = false;
    try {
      const freed = await freeOrphans(pool, worker, [...held], maxOrphans);
      if (freed === maxOrphans) mayHaveOrphans = true;
      return freed;
    } catch (error) {
      mayHaveOrphans = true;
      throw error;
    }
  }

  const gatherer = createGatherer<Task, Claimed | number | null>({
    async flush(tasks) {
      const ids = tasks.flatMap((task) => (typeof task === 'string' ? [] : [task.claim]));
      const claimed = ids.length === 0 ? new Map<string, Claimed>() : await claim(ids);
      const freed = tasks.includes('free orphans') ? await free() : 0;
      return tasks.map((task) => {
        if (typeof task === 'string') return freed;
        const one = claimed.get(task.claim) ?? null;
        // Asked for twice in one group, a row is the first's.
        claimed.delete(task.claim);
        return one;
      });
    },
    maxItems: maxClaims,
  });

  return {
    /** The row, held by this worker from now on; `null` if it is not due or not free. */
    claim: async (id: string): Promise<Claimed | null> => (await gatherer.add({ claim: id })) as Claimed | null,
    /** The row is not this worker's any more; if that is not `certain`, it may have become an orphan. */
    release(id: string, certain: boolean): void {
      held.delete(id);
      if (!certain) mayHaveOrphans = true;
    },
    /** Frees rows that are this worker's without its knowing, if there may be any; answers how many. */
    freeOrphans: async (): Promise<number> => (mayHaveOrphans ? ((await gatherer.add('free orphans')) as number) : 0),
  };
}
