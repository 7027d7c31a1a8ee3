import type { Actor } from '../contract/audit.ts';
import type { CommandBody } from '../contract/command.ts';
import type { Connection } from './database.ts';

/** The commands of the integration `i`, deleted ones too, each with its latest version's definition. */
export const commandsJson = `
  (select coalesce(json_agg(json_build_object('name', c.name, 'version', c.version, 'definition', d.definition,
     'updatedAt', c.updated_at, 'deleted', c.deleted_at is not null)), '[]')
   from commands c join command_versions d on (d.integration, d.name, d.version) = (c.integration, c.name, c.version)
   where c.integration = i.id)`;

/** Saves the next version; the numbers go on even where the command had been deleted. */
export async function saveCommandVersion(
  connection: Connection,
  integration: string,
  { name, definition, savedBy }: { name: string; definition: CommandBody; savedBy: Actor },
): Promise<void> {
  await connection.query(
    `with saved as (
       insert into commands as c (integration, name, version) values ($1, $2, 1)
       on conflict (integration, name) do update
         set version = c.version + 1, updated_at = now(), deleted_at = null
       returning version
     )
     insert into command_versions (integration, name, version, definition, saved_by)
     select $1, $2, version, $3::json, $4::jsonb from saved`,
    [integration, name, JSON.stringify(definition), JSON.stringify(savedBy)],
  );
}

export async function removeCommands(
  connection: Connection,
  integration: string,
  names: readonly string[],
): Promise<void> {
  await connection.query(
    `update commands set deleted_at = now(), updated_at = now()
     where integration = $1 and name = any($2::text[]) and deleted_at is null`,
    [integration, names],
  );
}
