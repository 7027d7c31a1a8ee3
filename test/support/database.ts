import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { silentLog } from '../../src/platform/log.ts';
import { openPool } from '../../src/platform/pg.ts';

export type TestDatabase = {
  url: string;
  pool: pg.Pool;
  /** Removes the database. @throws Error naming the connections that the test has left open. */
  drop(): Promise<void>;
};

/** How long the server may take to notice that a connection was closed. */
const noticeMs = 3_000;

/** A database for one test file: a clone of the template, which is migrated, or an empty one. */
export async function createDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const template = inject('templateDatabase');
  const name = `${template}_${randomBytes(5).toString('hex')}`;
  const from = migrated ? ` template ${pg.escapeIdentifier(template)}` : '';
  await administer(`create database ${pg.escapeIdentifier(name)}${from}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  const pool = openPool({ url: url.href, max: 10, applicationName: 'test', log: silentLog });
  return {
    url: url.href,
    pool,
    async drop() {
      if (!pool.ended) await pool.end();
      const leaked = await openConnections(name);
      await administer(`drop database ${pg.escapeIdentifier(name)} with (force)`);
      if (leaked.length > 0) throw new Error(`The test left connections open: ${leaked.join(', ')}`);
    },
  };
}

async function openConnections(database: string): Promise<string[]> {
  const deadline = Date.now() + noticeMs;
  for (;;) {
    const rows = await administer(
      `select application_name as name, left(query, 60) as query from pg_stat_activity
       where datname = $1 and backend_type = 'client backend'`,
      [database],
    );
    if (rows.length === 0 || Date.now() > deadline) return rows.map(({ name, query }) => `${name} (${query})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function administer(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: inject('postgresUrl'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
