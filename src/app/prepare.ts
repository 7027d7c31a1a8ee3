import { isQueueMigrated, migrateQueue, openQueuePool } from '../lanes/queue-pool.ts';
import type { Log } from '../platform/log.ts';
import { openPool, waitForDatabase } from '../platform/pg.ts';
import { migrate, NewerSchemaError, schemaState } from '../store/migrate.ts';
import type { ReadyConfig } from './core.ts';
import { schemaProblem } from './readiness.ts';

/**
 * Applies all migrations: Errand's own and, on the PostgreSQL queue backend, BullMQ's. Safe to run twice and at once.
 *
 * @throws NewerSchemaError
 */
export async function migrateAll(config: Pick<ReadyConfig, 'databaseUrl' | 'redisUrl'>, log: Log): Promise<void> {
  await migrate(config.databaseUrl);
  if (config.redisUrl !== null) return;
  const pool = openQueuePool(config.databaseUrl, log);
  try {
    await migrateQueue({ kind: 'postgres', pool });
  } finally {
    await pool.end();
  }
}

/** How often a role that waits for the migration looks again. */
const lookAgainMs = 2_000;

/**
 * Waits until the database answers and has this version's tables: roles may be started in any order.
 *
 * @throws NewerSchemaError if it was migrated by a newer Errand.
 */
export async function waitForSchema(config: ReadyConfig, log: Log, signal: AbortSignal): Promise<void> {
  await waitForDatabase(config.databaseUrl, { log, signal });
  const pool = openPool({ url: config.databaseUrl, max: 1, applicationName: 'errand-start', log });
  try {
    while (!signal.aborted) {
      const state = await schemaState(pool);
      if (state === 'newer') throw new NewerSchemaError();
      // BullMQ's tables come after ours, so a role that starts beside the migration may find only the first.
      const queueReady = config.redisUrl !== null || (await isQueueMigrated({ kind: 'postgres', pool }));
      if (state === 'current' && queueReady) return;
      const problem = schemaProblem(state === 'current' ? 'behind' : state);
      log.warn('database.not-migrated', {}, `The database ${problem}; looks again in 2 s`);
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  } finally {
    await pool.end();
  }
}
