import type { KeyAccounts } from '../contract/api-key.ts';
import type { InvocationFilter } from '../contract/invocation.ts';
import type { Connection } from './database.ts';
import { uuidFloor } from './uuid-floor.ts';

/**
 * Does a row lie where the page is looked for (`$1` to `$7`)? The filters are all in the statement and compare with null
 * when they are not asked for; ids are UUIDv7, so `since` and `until` bound the id and with it the partitions that are read.
 */
export const inReach = `
  ($1::text[] is null or account = any($1))
  and ($2::text is null or account = $2)
  and ($3::text is null or integration = $3)
  and ($4::uuid is null or id >= $4)
  and ($5::uuid is null or id < $5)
  and ($6::uuid is null or id < $6)
  -- A batch's rows lie between its first and its last: with that its pages need no index of their own.
  and ($7::uuid is null or batch = $7
    and id between (select first_id from batches where id = $7) and (select last_id from batches where id = $7))`;

/** Is a row of `invocations` one of those asked for (`$8` to `$15`)? */
export const fits = `
  ($8::text is null or command = $8)
  and ($9::text is null or status = $9)
  and ($10::text is null or lane = $10)
  and ($11::text is null or error->>'code' = $11)
  and ($12::text is null or reference = $12)
  -- Where only these can fit, the index of what failed has them all, and of ten million that succeeded none is read.
  and ($13::boolean is not true or error is not null)
  and ($14::int is null or $14 = (
    select a.status from attempts a where a.invocation = invocations.id order by a.number desc limit 1))
  and ($15::text is null or error->>'side' = $15)`;

/** How many of the parameters `inReach` has. */
export const reachParameters = 7;

/** The parameters of `inReach` and `fits`; a page goes on before the id `before`. */
export async function filterParameters(
  connection: Connection,
  filter: InvocationFilter,
  { accounts, before }: { accounts: KeyAccounts; before: string | null },
): Promise<unknown[]> {
  return [
    accounts === '*' ? null : accounts,
    filter.account ?? null,
    filter.integration ?? null,
    filter.since === undefined ? null : uuidFloor(Date.parse(filter.since)),
    filter.until === undefined ? null : uuidFloor(Date.parse(filter.until)),
    before,
    filter.batch ?? null,
    filter.command ?? null,
    filter.status ?? null,
    filter.lane ?? null,
    filter.code ?? null,
    filter.reference ?? null,
    await haveAllFailed(connection, filter),
    filter.httpStatus ?? null,
    filter.side ?? null,
  ];
}

/** Has every row that fits an error? Not so those that are retried: a worker may have died before the first answer. */
async function haveAllFailed(connection: Connection, filter: InvocationFilter): Promise<boolean> {
  const { status, code, side, httpStatus } = filter;
  if (status === 'failed' || status === 'cancelled' || code !== undefined || side !== undefined) return true;
  return httpStatus !== undefined && !(await mayBeSuccess(connection, httpStatus, filter.integration));
}

/** 2xx is what is taken by default, and a 304 says that the stored result still holds. */
async function mayBeSuccess(connection: Connection, httpStatus: number, integration?: string): Promise<boolean> {
  const kind = Math.floor(httpStatus / 100);
  if (kind === 2 || httpStatus === 304) return true;
  const { rows } = await connection.query<{ taken: boolean }>(
    `select exists (
       select 1 from command_versions v, json_array_elements_text(v.definition->'accept'->'statuses') taken
       where ($1::text is null or v.integration = $1) and taken in ($2, $3)) as taken`,
    [integration ?? null, String(httpStatus), `${kind}xx`],
  );
  return rows[0]?.taken ?? true;
}
