import pg from 'pg';
import type { Log } from './log.ts';

/** Of a connection's own: what a pooler in transaction mode would give to somebody else. */
type Bounds = { statementTimeoutMs: number | undefined; idleInTransactionMs: number };

/**
 * A client that keeps nothing in its session, since behind a pooler in transaction mode each transaction has another one.
 * What `openPool` says when it connects, this one says at the beginning of each transaction, in the same message.
 *
 * Named statements are kept where the pooler knows them by name (PgBouncer from 1.21 on, with `max_prepared_statements`),
 * and otherwise sent without: two clients' names would collide in one session.
 */
export function pooledClient(bounds: Bounds) {
  const { statementTimeoutMs, idleInTransactionMs } = bounds;
  const settings = [`set local idle_in_transaction_session_timeout = ${idleInTransactionMs}`];
  if (statementTimeoutMs !== undefined) settings.push(`set local statement_timeout = ${statementTimeoutMs}`);
  const begin = `begin; ${settings.join('; ')}`;

  return class PooledClient extends pg.Client {
    namesStatements = true;

    // biome-ignore lint/suspicious/noExplicitAny: the overloads are the driver's
    override query(statement: any, ...others: any[]): any {
      return super.query(statement === 'begin' ? begin : this.#fit(statement), ...(others as []));
    }

    #fit(statement: unknown): string {
      if (this.namesStatements || typeof statement !== 'object' || statement === null) return statement as string;
      const { name: _, ...unnamed } = statement as { name?: string };
      return unnamed as unknown as string;
    }
  };
}

const probe = 'errand_probe';
const findProbe = `select exists (select from pg_prepared_statements where name = '${probe}') as kept`;

/** Finds out what the pooler does with named statements. To be called with each connection to it, before any other use. */
export async function adaptToPooler(client: pg.Client & { namesStatements: boolean }, log: Log): Promise<void> {
  await client.query('begin');
  try {
    await client.query({ name: probe, text: 'select 1' });
    const { rows } = await client.query<{ kept: boolean }>(findProbe);
    // Under its own name it stands there only where nobody translates it: it is in the way of the next one.
    client.namesStatements = rows[0]?.kept !== true;
    if (!client.namesStatements) await client.query(`deallocate ${probe}`);
  } finally {
    await client.query('commit');
  }
  await settlePruning(client, log);
}

/** See `noPruning` of `pg.ts`: here it is the role's default, which `errand migrate` sets; a session of before is mended. */
async function settlePruning(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ mended: string | null }>(mendPruning);
  if (rows.length === 0) return;
  const advice =
    'run "errand migrate", or alter role … set enable_partition_pruning = off, and let the pooler reconnect';
  log.warn('database.prunes-partitions', {}, `A session behind the pooler prunes partitions: ${advice}`);
}

const mendPruning = `select set_config('enable_partition_pruning', 'off', false) as mended
  where current_setting('server_version_num')::int >= 180000 and current_setting('enable_partition_pruning') = 'on'`;

/**
 * Do several connections share sessions of PostgreSQL, as they do behind a pooler in transaction mode? What belongs to a
 * session (LISTEN, advisory locks) is of no use there, and nothing would say so.
 */
export async function sharesSessions(url: string): Promise<boolean> {
  const [one, other] = [clientOf(url), clientOf(url)];
  try {
    await Promise.all([one.connect(), other.connect()]);
    const seen = { one: new Set<number>(), other: new Set<number>() };
    // One after the other, so that a pooler has the same idle session for both; a busy one gives each several.
    for (let round = 0; round < 4; round += 1) {
      seen.one.add(await sessionOf(one));
      seen.other.add(await sessionOf(other));
    }
    return seen.one.size > 1 || seen.other.size > 1 || [...seen.one].some((pid) => seen.other.has(pid));
  } finally {
    await Promise.all([one, other].map((client) => client.end().catch(() => undefined)));
  }
}

function clientOf(url: string): pg.Client {
  const timeoutMs = 5_000;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on('error', () => undefined);
  return client;
}

async function sessionOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
