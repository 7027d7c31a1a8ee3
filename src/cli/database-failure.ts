import { CliFailure, exitCodes } from './failure.ts';

/** SQLSTATE undefined_table, undefined_column, invalid_schema_name: this database has no tables of ours, or old ones. */
const notMigrated = new Set(['42P01', '42703', '3F000']);

/** What PostgreSQL refused, in a line for the person who gave it; any other error is returned as it is. */
export function databaseFailure(error: unknown): unknown {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (!('severity' in each && 'code' in each)) continue;
    const hint = notMigrated.has(String(each.code)) ? ' Is it migrated? Run "errand migrate".' : '';
    return new CliFailure(exitCodes.failed, `the database says: ${each.message}.${hint}`);
  }
  return error;
}
