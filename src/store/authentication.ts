import type { Auth, Tls } from '../contract/authentication.ts';
import type { Connection } from './database.ts';

/** The current authentication of the integration `i`. */
export const authenticationColumn = `(select json_build_object('auth', a.auth, 'tls', a.tls, 'since', a.since)
   from integration_authentication a where a.integration = i.id and a.until is null) as authentication`;

/** Makes it so from `version` on; what is the same already stays. */
export async function saveAuthentication(
  connection: Connection,
  integration: string,
  version: number,
  { auth, tls }: { auth: Auth | null; tls: Tls | null },
): Promise<void> {
  const values = [integration, version, auth && JSON.stringify(auth), tls && JSON.stringify(tls)];
  await connection.query(
    `update integration_authentication set until = $2
     where integration = $1 and until is null
       and (auth is distinct from $3::jsonb or tls is distinct from $4::jsonb)`,
    values,
  );
  if (auth === null && tls === null) return;
  await connection.query(
    `insert into integration_authentication (integration, since, auth, tls)
     select $1, $2, $3::jsonb, $4::jsonb
     where not exists (select from integration_authentication where integration = $1 and until is null)`,
    values,
  );
}
