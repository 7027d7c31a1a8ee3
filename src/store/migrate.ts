import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import pg from 'pg';
import { advisoryLocks } from './locks.ts';

const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** The database was migrated by a newer Errand: this one would misread it. */
export class NewerSchemaError extends Error {
  constructor() {
    super('The database was migrated by a newer version of Errand than this one. Upgrade Errand, or restore a backup.');
    this.name = 'NewerSchemaError';
  }
}

/** How the database's schema stands to this code's migrations. */
export async function schemaState(
  client: pg.ClientBase | pg.Pool,
): Promise<'missing' | 'behind' | 'current' | 'newer'> {
  const { rows: tables } = await client.query<{ there: boolean }>(
    `select to_regclass('drizzle.__drizzle_migrations') is not null as there`,
  );
  if (!tables[0]?.there) return 'missing';
  const { rows } = await client.query<{ latest: string | null }>(
    'select max(created_at)::text as latest from drizzle.__drizzle_migrations',
  );
  const applied = Number(rows[0]?.latest ?? 0);
  const known = Math.max(...readMigrationFiles({ migrationsFolder }).map((migration) => migration.folderMillis));
  if (applied === 0) return 'missing';
  return applied === known ? 'current' : applied < known ? 'behind' : 'newer';
}

/**
 * Applies the migrations in `drizzle/` and makes the partitions of the coming months. Safe to run twice and at the same
 * time. BullMQ's own migrations are lanes/'s.
 *
 * @param pooledUser who comes through a pooler in transaction mode, where a session's setting is anybody's: partitions are
 *   not pruned on PostgreSQL 18 (docs/adr/0015) by a default of that role
 * @throws NewerSchemaError if the database is ahead of this code.
 */
export async function migrate(
  databaseUrl: string,
  { pooledUser = null }: { pooledUser?: string | null } = {},
): Promise<void> {
  // Before the lock is taken, so that those who migrate at the same time do not wait for one another's loading.
  const applyMigrations = await loadMigrator();
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'errand-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLocks.migrate]);
    if ((await schemaState(client)) === 'newer') throw new NewerSchemaError();
    await applyMigrations(client);
    await client.query('select errand_ensure_partitions()');
    if (pooledUser !== null) await stopPruning(client, pooledUser);
  } finally {
    await client.end();
  }
}

async function stopPruning(client: pg.Client, user: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `select format('alter role %I in database %I set enable_partition_pruning = off', $1::text, current_database()) as statement
     where current_setting('server_version_num')::int >= 180000`,
    [user],
  );
  for (const { statement } of rows) await client.query(statement);
}

/** Loaded here, because it is half of what a process loads at its start, and most never migrate. */
async function loadMigrator(): Promise<(client: pg.Client) => Promise<void>> {
  const [{ drizzle }, { migrate: apply }] = await Promise.all([
    import('drizzle-orm/node-postgres'),
    import('drizzle-orm/node-postgres/migrator'),
  ]);
  return (client) => apply(drizzle({ client }), { migrationsFolder });
}
