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
 * @throws NewerSchemaError if the database is ahead of this code.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  // Before the lock is taken, so that those who migrate at the same time do not wait for one another's loading.
  const applyMigrations = await loadMigrator();
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'errand-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLocks.migrate]);
    if ((await schemaState(client)) === 'newer') throw new NewerSchemaError();
    await applyMigrations(client);
    await client.query('select errand_ensure_partitions()');
  } finally {
    await client.end();
  }
}

/** Loaded here, because it is half of what a process loads at its start, and most never migrate. */
async function loadMigrator(): Promise<(client: pg.Client) => Promise<void>> {
  const [{ drizzle }, { migrate: apply }] = await Promise.all([
    import('drizzle-orm/node-postgres'),
    import('drizzle-orm/node-postgres/migrator'),
  ]);
  return (client) => apply(drizzle({ client }), { migrationsFolder });
}
