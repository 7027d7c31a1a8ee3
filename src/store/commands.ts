import type { Actor } from '../contract/audit.ts';
import type { CommandBody } from '../contract/command.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import type { StoredVersion } from '../integrations/stored.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { Connection } from './database.ts';

/** The commands of the integration `i`, deleted ones too, each with its latest version's definition. */
export const commandsJson = `
  (select coalesce(json_agg(json_build_object('name', c.name, 'version', c.version, 'definition', d.definition,
     'updatedAt', c.updated_at, 'savedBy', d.saved_by, 'deleted', c.deleted_at is not null)), '[]')
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

const versionColumns = `v.version, v.saved_at as "savedAt", v.saved_by as "savedBy",
  v.version = c.version and c.deleted_at is null as current`;
const versionsOf = `command_versions v join commands c on (c.integration, c.name) = (v.integration, v.name)
  where v.integration = $1 and v.name = $2`;

/** Newest first; the cursor is the last version of the page before. */
export async function pageVersions(
  connection: Connection,
  integration: string,
  name: string,
  { limit, cursor }: PageQuery,
): Promise<Page<Omit<StoredVersion, 'definition'>>> {
  const before = cursor === undefined ? null : Number(decodeCursor(cursor, /^[1-9][0-9]{0,8}$/));
  const { rows } = await connection.query<Omit<StoredVersion, 'definition'>>({
    name: 'page-command-versions',
    text: `select ${versionColumns} from ${versionsOf} and ($3::int is null or v.version < $3)
      order by v.version desc limit $4`,
    values: [integration, name, before, limit + 1],
  });
  return pageOf(rows, limit, ({ version }) => String(version));
}

export async function commandVersion(
  connection: Connection,
  integration: string,
  name: string,
  version: number,
): Promise<StoredVersion | null> {
  const { rows } = await connection.query<StoredVersion>({
    name: 'command-version',
    text: `select ${versionColumns}, v.definition from ${versionsOf} and v.version = $3`,
    values: [integration, name, version],
  });
  return rows[0] ?? null;
}
