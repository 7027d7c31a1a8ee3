import type { NewValue } from '../integrations/stored.ts';
import type { Connection } from './database.ts';

/** The current variables and secrets of the integration `i`. */
export const valuesJson = `
  (select coalesce(json_agg(json_build_object('name', v.name, 'kind', v.kind, 'since', v.since, 'value', v.value,
     'sealed', v.sealed, 'hint', v.hint, 'allowedHosts', v.allowed_hosts, 'updatedAt', v.updated_at)), '[]')
   from integration_values v where v.integration = i.id and v.until is null)`;

/** Ends the current values of these names with `version`. What a secret was is dropped, its name stays. */
export async function endValues(
  connection: Connection,
  integration: string,
  version: number,
  names: readonly string[],
): Promise<void> {
  await connection.query(
    `update integration_values set until = $2, sealed = null, hint = null
     where integration = $1 and until is null and name = any($3::text[])`,
    [integration, version, names],
  );
}

export async function beginValues(
  connection: Connection,
  integration: string,
  version: number,
  values: readonly NewValue[],
): Promise<void> {
  await connection.query(
    `insert into integration_values (integration, name, since, kind, value, sealed, hint, allowed_hosts)
     select $1, t.name, $2::int, t.kind, t.value, t.sealed, t.hint,
       case when t.hosts is not null then array(select json_array_elements_text(t.hosts)) end
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::json[])
       as t(name, kind, value, sealed, hint, hosts)`,
    [
      integration,
      version,
      values.map(({ name }) => name),
      values.map(({ kind }) => kind),
      values.map(({ value }) => value),
      values.map(({ sealed }) => sealed),
      values.map(({ hint }) => hint),
      // An array of arrays would have to be a rectangle.
      values.map(({ allowedHosts }) => (allowedHosts === null ? null : JSON.stringify(allowedHosts))),
    ],
  );
}
