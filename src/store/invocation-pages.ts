import type { Pool } from 'pg';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { InvocationFilter } from '../contract/invocation.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import type { AttemptRow, InvocationRow } from '../invocations/read.ts';
import { boundsOf } from './bounds.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { transaction, within } from './database.ts';
import { filterParameters, fits, inReach } from './invocation-filters.ts';
import { rowColumns, withWait } from './invocation-rows.ts';
import { searchInvocations } from './invocation-search.ts';

export async function findInvocation(pool: Pool, id: string): Promise<InvocationRow | null> {
  const { rows } = await pool.query<InvocationRow>({
    name: 'find-invocation',
    text: withWait(`select ${rowColumns} from invocations where id = $1`),
    values: [id],
  });
  return rows[0] ?? null;
}

/** Longest that a list may look for its page: less than the pool's own bound, whose error says that the database is away. */
const maxLookingMs = 10_000;

/**
 * One page, newest first.
 *
 * @throws Refusal `invalid` where what is asked for is so rare that looking for it takes too long.
 */
export async function pageInvocations(
  pool: Pool,
  accounts: KeyAccounts,
  filter: InvocationFilter,
  { limit, cursor }: PageQuery,
  lookingMs = maxLookingMs,
): Promise<Page<InvocationRow>> {
  const before = cursor === undefined ? null : decodeCursor(cursor);
  const look = transaction(pool, async (connection) => {
    const looking = within(connection, lookingMs);
    const values = await filterParameters(looking, filter, { accounts, before });
    if (filter.q !== undefined) return searchInvocations(looking, values, { q: filter.q, limit: limit + 1 });
    return (await looking.query<InvocationRow>(pageSql, [...values, limit + 1])).rows;
  });
  const rows = await look.catch((error: unknown) => {
    throw isTimeout(error) && isPicky(filter) ? tooRare(lookingMs, error) : error;
  });
  return pageOf(rows, limit, ({ id }) => id);
}

const pageSql = withWait(
  `select ${rowColumns} from invocations where ${inReach} and ${fits} order by id desc limit $16`,
);

/** SQLSTATE query_canceled */
const isTimeout = (error: unknown) => error instanceof Error && 'code' in error && error.code === '57014';

/** Without such filters a page is at hand: if that takes long, the database is to blame. */
function isPicky({
  account: _a,
  integration: _i,
  batch: _b,
  since: _s,
  until: _u,
  ...rest
}: InvocationFilter): boolean {
  return Object.values(rest).some((value) => value !== undefined);
}

function tooRare(ms: number, cause: unknown): Refusal {
  const message = 'narrow it by integration, or by a later since';
  const detail = `No page of these was found within ${ms / 1000} seconds: there is too much to look through.`;
  return new Refusal('invalid', detail, [{ path: 'since', message }], { cause });
}

/** The attempts of these invocations, in order. */
export async function attemptsOf(pool: Pool, ids: readonly string[]): Promise<AttemptRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await pool.query<AttemptRow>({
    name: 'attempts-of',
    text: `
select invocation, number, key_number as "keyNumber", command_version as "commandVersion",
  configuration_version as "configurationVersion",
  started_at as "startedAt", duration_ms as "durationMs", outcome, sent, status, error,
  response_headers as "responseHeaders", response_bytes as "responseBytes", body_preview as "bodyPreview",
  content_type as "contentType", sha256, result_bytes as "resultBytes", unchanged, last_sync_at as "lastSyncAt",
  validators, dns_ms as "dnsMs", connect_ms as "connectMs", tls_ms as "tlsMs", first_byte_ms as "firstByteMs", body_ms as "bodyMs"
from attempts where invocation = any($1::uuid[]) and invocation between $2 and $3
order by invocation, number`,
    values: [ids, ...boundsOf(ids)],
  });
  return rows;
}
