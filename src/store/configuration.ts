import type { Auth } from '../contract/authentication.ts';
import type { CommandBody } from '../contract/command.ts';
import type { CommandType } from '../contract/command-type.ts';
import type { StoredConfiguration, StoredIntegration } from '../integrations/stored.ts';
import { commandTypeOf, type StoredType, typesJson } from './command-types.ts';
import { commandsJson } from './commands.ts';
import type { Connection, Database } from './database.ts';
import { integrationColumns } from './integrations.ts';
import { valuesJson } from './values.ts';

/** JSON has no times: PostgreSQL writes them in ISO 8601. */
type Row = StoredIntegration & {
  values: (Omit<StoredConfiguration['values'][number], 'updatedAt'> & { updatedAt: string })[];
  commands: (Omit<StoredConfiguration['commands'][number], 'updatedAt'> & { updatedAt: string })[];
  types: StoredType[];
};

/** One statement, and so one snapshot. `$2`: all command types, or those that its commands have. */
const loadSql = `
select ${integrationColumns}, ${valuesJson} as "values", ${commandsJson} as commands, ${typesJson} as types
from integrations i where i.id = $1`;

/**
 * An integration with everything that is configured for it, also a deleted one; `null` if there never was one.
 *
 * @param types `all` command types that an admin added, or only those of its commands.
 */
export async function loadConfiguration(
  connection: Connection,
  id: string,
  types: 'all' | 'used' = 'used',
): Promise<StoredConfiguration | null> {
  const { rows } = await connection.query<Row>({
    name: 'load-configuration',
    text: loadSql,
    values: [id, types === 'all'],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { values, commands, types: stored, ...integration } = row;
  return {
    integration,
    values: values.map((value) => ({ ...value, updatedAt: new Date(value.updatedAt) })),
    commands: commands.map((command) => ({ ...command, updatedAt: new Date(command.updatedAt) })),
    types: stored.map(commandTypeOf),
  };
}

/** A command as it was, with the values around it as they were. */
export type PastConfiguration = {
  definition: CommandBody;
  variables: Record<string, string>;
  secrets: string[];
  type: CommandType | null;
  auth: Auth | null;
};

const pastSql = `
select v.definition,
  (select coalesce(json_object_agg(name, value), '{}') from integration_values
   where integration = $1 and since <= $2 and (until is null or until > $2) and kind = 'variable') as variables,
  (select coalesce(json_agg(name), '[]') from integration_values
   where integration = $1 and since <= $2 and (until is null or until > $2) and kind = 'secret') as secrets,
  (select auth from integration_authentication
   where integration = $1 and since <= $2 and (until is null or until > $2)) as auth,
  (select json_build_object('name', t.name, 'description', t.description, 'tokens', t.tokens, 'result', t.result)
   from command_types t where t.name = v.name) as type
from command_versions v where v.integration = $1 and v.name = $3 and v.version = $4`;

/** What a past request was made of: for rendering it again. Secrets by name only. */
export async function loadPast(
  database: Database,
  integration: string,
  configurationVersion: number,
  command: string,
  commandVersion: number,
): Promise<PastConfiguration | null> {
  const { rows } = await database.query<Omit<PastConfiguration, 'type'> & { type: StoredType | null }>({
    name: 'load-past-configuration',
    text: pastSql,
    values: [integration, configurationVersion, command, commandVersion],
  });
  const [row] = rows;
  return row === undefined ? null : { ...row, type: row.type === null ? null : commandTypeOf(row.type) };
}
