import type { AuditRecord } from '../audit/entry.ts';
import type { SealedSecrets, SigningStore } from '../notifications/signing.ts';
import { auditInsert, auditValues } from './audit.ts';
import type { Connection } from './database.ts';

const isGood = 'x.previous_until > now()';

/** SQL: what an owner's messages are signed with now. @param owner SQL */
export const currentSecret = (owner: string) =>
  `select x.sealed, case when ${isGood} then x.previous_sealed end as previous,
     case when ${isGood} then x.previous_until end as previous_until from signing_secrets x where x.owner = ${owner}`;

type Row = { sealed: string; previous: string | null; previous_until: Date | null };
const secretsOf = ({ sealed, previous, previous_until }: Row): SealedSecrets => ({
  sealed,
  previous,
  previousUntil: previous_until,
});

/** Signing secrets in PostgreSQL. */
export function createSigningStore(connection: Connection): SigningStore {
  async function find(owner: string): Promise<SealedSecrets | null> {
    const { rows } = await connection.query<Row>(currentSecret('$1'), [owner]);
    return rows[0] === undefined ? null : secretsOf(rows[0]);
  }
  return {
    find,
    async keep(owner, sealed) {
      await connection.query('insert into signing_secrets (owner, sealed) values ($1, $2) on conflict do nothing', [
        owner,
        sealed,
      ]);
      const kept = await find(owner);
      if (kept === null) throw new Error(`the signing secret of ${owner} was kept and is not there`);
      return kept;
    },
  };
}

/** Puts a new secret in front; the one before is good for so many hours more. Answers until when, if there was one. */
export async function replaceSecret(
  connection: Connection,
  { owner, sealed, graceHours }: { owner: string; sealed: string; graceHours: number },
  audit: AuditRecord,
): Promise<Date | null> {
  const { rows } = await connection.query<{ previous_until: Date | null }>(
    `with replaced as (
       insert into signing_secrets as x (owner, sealed) values ($1, $2)
       on conflict (owner) do update set sealed = excluded.sealed, previous_sealed = x.sealed,
         previous_until = now() + $3 * interval '1 hour'
       returning previous_until
     ), audited as (${auditInsert(4)})
     select * from replaced`,
    [owner, sealed, graceHours, ...auditValues(audit)],
  );
  return rows[0]?.previous_until ?? null;
}
