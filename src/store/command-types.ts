import type { CommandType } from '../contract/command-type.ts';
import type { CommandUse } from '../integrations/stored.ts';
import type { Connection } from './database.ts';

/** Command types that an admin added: all of them (`$2`), or those of the commands of the integration `i`. */
export const typesJson = `
  (select coalesce(json_agg(json_build_object('name', t.name, 'description', t.description, 'tokens', t.tokens,
     'result', t.result)), '[]')
   from command_types t
   where $2 or t.name in (select c.name from commands c where c.integration = i.id and c.deleted_at is null))`;

export type StoredType = {
  name: string;
  description: string | null;
  tokens: CommandType['tokens'];
  result: NonNullable<CommandType['result']> | null;
};

/** A row of `command_types` as the contract has it: what is not set is left out. */
export function commandTypeOf({ name, description, tokens, result }: StoredType): CommandType {
  return {
    name,
    builtIn: false,
    ...(description === null ? {} : { description }),
    tokens,
    ...(result === null ? {} : { result }),
  };
}

/** The command types that an admin added, or the one of that name. */
export async function storedTypes(connection: Connection, name: string | null = null): Promise<CommandType[]> {
  const { rows } = await connection.query<StoredType>(
    'select name, description, tokens, result from command_types where $1::text is null or name = $1 order by name',
    [name],
  );
  return rows.map(commandTypeOf);
}

/** Every saved command of that type. */
export async function usesOfType(connection: Connection, name: string): Promise<CommandUse[]> {
  const { rows } = await connection.query<CommandUse>(
    `select c.integration, d.definition,
       coalesce(array_agg(v.name) filter (where v.kind = 'variable'), '{}') as variables,
       coalesce(array_agg(v.name) filter (where v.kind = 'secret'), '{}') as secrets
     from commands c
     join command_versions d on (d.integration, d.name, d.version) = (c.integration, c.name, c.version)
     left join integration_values v on v.integration = c.integration and v.until is null
     where c.name = $1 and c.deleted_at is null
     group by c.integration, d.integration, d.name, d.version
     order by c.integration`,
    [name],
  );
  return rows;
}

export async function saveType(connection: Connection, type: CommandType): Promise<void> {
  await connection.query(
    `insert into command_types (name, description, tokens, result) values ($1, $2, $3::jsonb, $4::jsonb)
     on conflict (name) do update set description = excluded.description, tokens = excluded.tokens,
       result = excluded.result, updated_at = now()`,
    [
      type.name,
      type.description ?? null,
      JSON.stringify(type.tokens),
      type.result === undefined ? null : JSON.stringify(type.result),
    ],
  );
}
