import { isQueueMigrated } from '../lanes/queue-pool.ts';
import { schemaState } from '../store/migrate.ts';
import type { Core } from './core.ts';

/** What `/readyz` looks at; `null`: it is well, otherwise what is wrong with it. */
export function readinessOf({ pool, queues, connection }: Core): Record<string, () => Promise<string | null>> {
  return {
    async database() {
      const state = await schemaState(pool);
      // A newer one is an upgrade that is under way: whoever runs already goes on until its successor is there.
      return state === 'current' || state === 'newer' ? null : schemaProblem(state);
    },
    async queue() {
      await queues.ping();
      return (await isQueueMigrated(connection)) ? null : 'has no tables of this version yet: run "errand migrate"';
    },
  };
}

export function schemaProblem(state: 'missing' | 'behind' | 'newer'): string {
  return state === 'newer'
    ? 'was migrated by a newer version of Errand than this one'
    : 'has not been migrated to this version yet: run "errand migrate"';
}
