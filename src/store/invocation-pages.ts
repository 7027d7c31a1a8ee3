import type { Pool } from 'pg';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { InvocationFilter } from '../contract/invocation.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import type { AttemptRow, InvocationRow } from '../invocations/read.ts';
import { boundsOf } from './bounds.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { uuidFloor } from './uuid-floor.ts';

const columns = `id, account, integration, command, lane, status, tokens, sealed_tokens as "sealedTokens", reference,
  idempotency_key as "idempotencyKey", batch, due_at as "dueAt", error, created_at as "createdAt", finished_at as "finishedAt"`;

/**
 * When a page's rows can be tried at the earliest, where their integrations are held, by Errand, or asked to wait. Joined to
 * the whole page at once, and only batch work waits.
 */
const withWait = (page: string) => `
select p.*, greatest(case when f.hold is not null then f.next_probe_at end, f.not_before) as "waitsUntil"
from (${page}) p left join integration_flow f on f.integration = p.integration and p.lane = 'batch'
  and p.status in ('queued', 'retrying')
order by p.id desc`;

export async function findInvocation(pool: Pool, id: string): Promise<InvocationRow | null> {
  const { rows } = await pool.query<InvocationRow>({
    name: 'find-invocation',
    text: withWait(`select ${columns} from invocations where id = $1`),
    values: [id],
  });
  return rows[0] ?? null;
}

/**
 * One page, newest first. The filters are all in the statement and compare with null when they are not asked for; ids
 * are UUIDv7, so `since` and `until` bound the id and with it the partitions that are read.
 */
export async function pageInvocations(
  pool: Pool,
  accounts: KeyAccounts,
  filter: InvocationFilter,
  { limit, cursor }: PageQuery,
): Promise<Page<InvocationRow>> {
  const before = cursor === undefined ? null : decodeCursor(cursor);
  const { rows } = await pool.query<InvocationRow>(
    withWait(`select ${columns} from invocations
     where ($1::text[] is null or account = any($1))
       and ($2::text is null or account = $2)
       and ($3::text is null or integration = $3)
       and ($4::text is null or command = $4)
       and ($5::text is null or status = $5)
       and ($6::text is null or lane = $6)
       and ($7::text is null or error->>'code' = $7)
       and ($8::text is null or reference = $8)
       and ($9::uuid is null or id >= $9)
       and ($10::uuid is null or id < $10)
       and ($11::uuid is null or id < $11)
       -- A batch's rows lie between its first and its last: with that its pages need no index of their own.
       and ($12::uuid is null or batch = $12
         and id between (select first_id from batches where id = $12) and (select last_id from batches where id = $12))
     order by id desc limit $13`),
    [
      accounts === '*' ? null : accounts,
      filter.account ?? null,
      filter.integration ?? null,
      filter.command ?? null,
      filter.status ?? null,
      filter.lane ?? null,
      filter.code ?? null,
      filter.reference ?? null,
      filter.since === undefined ? null : uuidFloor(Date.parse(filter.since)),
      filter.until === undefined ? null : uuidFloor(Date.parse(filter.until)),
      before,
      filter.batch ?? null,
      limit + 1,
    ],
  );
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.id) : null };
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
