import type { Pool } from 'pg';
import { Refusal } from '../contract/problem.ts';
import { type Config, isPooled } from '../platform/config.ts';
import { runningEmbeddedPostgres } from '../platform/embedded-postgres.ts';
import { createLog } from '../platform/log.ts';
import { isUnavailable, openPool } from '../platform/pg.ts';
import { databaseFailure } from './database-failure.ts';
import { CliFailure, exitCodes } from './failure.ts';

/** For commands that work on the database itself: one connection, and its troubles as messages to a person. */
export async function withDatabase<Answer>(config: Config, work: (pool: Pool) => Promise<Answer>): Promise<Answer> {
  const log = createLog({ level: config.logLevel, base: { role: 'keys' }, destination: 2 });
  const named = { max: 1, applicationName: 'errand-keys' };
  const pool = openPool({ url: await databaseOf(config), ...named, log, pooled: isPooled(config) });
  try {
    return await work(pool);
  } catch (error) {
    if (error instanceof Refusal) {
      throw new CliFailure(error.kind === 'unavailable' ? exitCodes.failed : exitCodes.usage, error.message);
    }
    if (isUnavailable(error)) throw new CliFailure(exitCodes.failed, 'the database does not answer.');
    throw databaseFailure(error);
  } finally {
    await pool.end();
  }
}

async function databaseOf({ databaseUrl, dataDir }: Config): Promise<string> {
  const url = databaseUrl ?? (await runningEmbeddedPostgres(dataDir));
  if (url !== null) return url;
  throw new CliFailure(exitCodes.usage, `no database: set DATABASE_URL, or start "errand up" on ${dataDir} first.`);
}
