import { isQueueMigrated, migrateQueue, openQueuePool } from '../lanes/queue-pool.ts';
import { isPooled } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import { databaseUser, openPool, sharesSessions, waitForDatabase } from '../platform/pg.ts';
import { migrate, NewerSchemaError, schemaState } from '../store/migrate.ts';
import { CannotStart } from './cannot-start.ts';
import type { ReadyConfig } from './core.ts';
import { schemaProblem } from './readiness.ts';

/**
 * Applies all migrations: Errand's own and, on the PostgreSQL queue backend, BullMQ's. Safe to run twice and at once.
 *
 * @throws NewerSchemaError
 */
export async function migrateAll(
  config: Pick<ReadyConfig, 'databaseUrl' | 'directUrl' | 'redisUrl'>,
  log: Log,
): Promise<void> {
  const pooledUser = isPooled(config) ? databaseUser(config.databaseUrl) : null;
  await migrate(config.directUrl, { pooledUser });
  if (config.redisUrl !== null) return;
  const pool = openQueuePool(config.directUrl, log);
  try {
    await migrateQueue({ kind: 'postgres', pool });
  } finally {
    await pool.end();
  }
}

/**
 * Waits until the database answers, and looks whether it gives each connection a session of its own.
 *
 * @throws CannotStart if it does not: two would lead, and no change of a configuration be heard of
 */
export async function waitForSessions(config: ReadyConfig, log: Log, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? { log } : { log, signal };
  await waitForDatabase(config.directUrl, options);
  if (isPooled(config)) await waitForDatabase(config.databaseUrl, options);
  if (signal?.aborted || !(await sharesSessions(config.directUrl))) return;
  const what = 'leads through a pooler in transaction mode, where LISTEN and advisory locks do nothing';
  throw new CannotStart(
    isPooled(config)
      ? `DATABASE_DIRECT_URL: ${what}; name PostgreSQL itself`
      : `DATABASE_URL: ${what}; set DATABASE_DIRECT_URL to PostgreSQL itself, beside it`,
  );
}

/** How often a role that waits for the migration looks again. */
const lookAgainMs = 2_000;

/**
 * Waits until the database answers and has this version's tables: roles may be started in any order.
 *
 * @throws NewerSchemaError if it was migrated by a newer Errand.
 */
export async function waitForSchema(config: ReadyConfig, log: Log, signal: AbortSignal): Promise<void> {
  await waitForSessions(config, log, signal);
  const pool = openPool({ url: config.directUrl, max: 1, applicationName: 'errand-start', log });
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
