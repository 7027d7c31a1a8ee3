import type { ClientBase, Pool, PoolClient } from 'pg';

/** A pool of connections to Errand's own database. */
export type Database = Pool;

/** Something that runs statements: the pool, or one connection inside a transaction. */
export type Connection = Pick<ClientBase, 'query'>;

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. A connection that cannot even
 * roll back is not given back to the pool.
 */
export async function transaction<Answer>(
  database: Database,
  work: (connection: PoolClient) => Promise<Answer>,
): Promise<Answer> {
  const connection = await database.connect();
  // A connection that is checked out has no listener of the pool's: without one, a restart of PostgreSQL ends the process.
  const ignore = () => undefined;
  connection.on('error', ignore);
  let broken: Error | undefined;
  try {
    await connection.query('begin');
    const answer = await work(connection);
    await connection.query('commit');
    return answer;
  } catch (error) {
    await connection.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    connection.off('error', ignore);
    connection.release(broken);
  }
}

/**
 * The connection of a transaction, with so much time for all its statements together: PostgreSQL's own bound is of each, so
 * each gets what the others left.
 */
export function within(connection: Connection, ms: number): Connection {
  const end = performance.now() + ms;
  const query = async (...statement: Parameters<Connection['query']>) => {
    const left = Math.max(1, Math.ceil(end - performance.now()));
    await connection.query(`set local statement_timeout = ${left}`);
    return connection.query(...statement);
  };
  return { query: query as unknown as Connection['query'] };
}
