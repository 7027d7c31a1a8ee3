import type { Pool } from 'pg';
import type { ResultRecord, Settled } from '../invocations/invocation.ts';
import { auditColumns, auditSelect } from './audit-rows.ts';
import { type Blob, blobInsert } from './blobs.ts';
import { isAiling } from './flow.ts';

const answeredAt = (row: string) => `${row}.started_at + ${row}.duration_ms * interval '1 millisecond'`;

/**
 * Commits a group of attempts with everything that follows from them, in one statement: the transitions, the attempts
 * (which are also the results), their bytes as far as they are new and small, the audit entries, the newest results and
 * Last Sync.
 *
 * Guarded: a row moves only if it is still running, with this worker and this attempt; nothing is written for one that
 * is not. Rows are locked in the order of their keys, so that two groups never deadlock.
 *
 * Written so that the planner, who knows nothing of a group's size and little of rows that are minutes old, has no choice
 * but to look each row up by its id: `lateral`, and no bounds. Otherwise it may read all that lies
 * between the first and the last of them, a night's rows, or go through the group once more for each of its rows. The
 * `limit` limits nothing: it lets the planner reckon with one row, so that it keeps its plan; planning takes milliseconds.
 *
 * Nothing either for a 304 whose stored bytes are gone. They are held by a key share lock, which stands in the way of a
 * deletion only: not of `blobInsert` and `seeBlobs`, which lock many in an order of their own.
 */
const recordSql = `
with input as (
  select * from unnest($2::uuid[], $3::int[], $4::text[], $5::float8[], $6::jsonb[], $7::int[], $8::int[],
    $9::timestamptz[], $10::int[], $11::text[], $12::boolean[], $13::int[], $14::jsonb[], $15::jsonb[], $16::int[],
    $17::text[], $18::text[], $19::bytea[], $20::int[], $21::timestamptz[], $22::jsonb[], $23::text[], $24::text[],
    $25::boolean[], $26::int[], $27::int[], $28::int[], $29::int[], $30::int[])
    as t(id, attempt, next_status, delay_ms, next_error, command_version, configuration_version, started_at, duration_ms,
      outcome, sent, status, error, response_headers, response_bytes, body_preview, content_type, sha256, result_bytes,
      last_sync_at, validators, etag, last_modified, still_holds,
      dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms)
  order by id
  limit cardinality($2::uuid[])
), referred as (
  select sha256 from blobs where sha256 = any($31::bytea[]) order by sha256 for key share
), held as (
  select n.*, i.integration, i.command, i.fingerprint, i.key_number, i.batch, i.batch_range
  from input n cross join lateral (
    select * from invocations i
    where i.id = n.id and i.status = 'running' and i.worker = $1 and i.attempt = n.attempt
    for update
  ) i
), compared as (
  -- With the newest result as it was, or with the one before it among those of this group.
  select h.*, case when h.sha256 is not null then h.still_holds or coalesce(h.sha256 = coalesce(
    lag(h.sha256) over (partition by h.integration, h.command, h.fingerprint, h.sha256 is null order by ${answeredAt('h')}, h.id), l.sha256
  ), false) end as unchanged
  from held h
  left join latest_results l on (l.integration, l.command, l.fingerprint) = (h.integration, h.command, h.fingerprint)
  where not h.still_holds or h.sha256 in (select sha256 from referred)
), moved as (
  update invocations i
  set status = n.next_status, error = n.next_error, worker = null, rung_at = null,
    due_at = now() + n.delay_ms * interval '1 millisecond',
    finished_at = case when n.delay_ms is null then now() end
  from compared n
  where i.id = n.id and i.status = 'running' and i.worker = $1 and i.attempt = n.attempt
  returning n.*
), recorded as (
  insert into attempts (invocation, number, key_number, command_version, configuration_version, started_at, duration_ms,
    outcome, sent, status, error, response_headers, response_bytes, body_preview, content_type, sha256, result_bytes, unchanged,
    last_sync_at, validators, dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms)
  select id, attempt, key_number, command_version, configuration_version, started_at, duration_ms, outcome, sent, status, error,
    response_headers, response_bytes, body_preview, content_type, sha256, result_bytes, unchanged, last_sync_at, validators,
    dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms
  from moved
), counts as (
  select batch, batch_range, count(*) filter (where next_status = 'succeeded') as succeeded,
    count(*) filter (where next_status = 'succeeded' and unchanged) as unchanged,
    count(*) filter (where next_status = 'failed' and next_error->>'code' = 'absent') as absent,
    count(*) filter (where next_status = 'failed' and next_error->>'code' <> 'absent') as failed
  from moved where batch is not null and next_status <> 'retrying' group by batch, batch_range
), counting as (
  select r.batch, r.number, c.succeeded, c.unchanged, c.absent, c.failed
  from batch_ranges r join counts c on (c.batch, c.batch_range) = (r.batch, r.number)
  order by r.batch, r.number for update of r
), counted as (
  update batch_ranges r set succeeded = r.succeeded + c.succeeded, unchanged = r.unchanged + c.unchanged,
    absent = r.absent + c.absent, failed = r.failed + c.failed
  from counting c where (r.batch, r.number) = (c.batch, c.number)
), newest as (
  insert into latest_results as l (integration, command, fingerprint, invocation, attempt, sha256, content_type, etag,
    last_modified, command_version, configuration_version, at)
  select distinct on (integration, command, fingerprint) integration, command, fingerprint, id, attempt, sha256, content_type,
    etag, last_modified, command_version, configuration_version, ${answeredAt('moved')} as at
  from moved where sha256 is not null
  order by integration, command, fingerprint, at desc
  on conflict (integration, command, fingerprint) do update
    set invocation = excluded.invocation, attempt = excluded.attempt, sha256 = excluded.sha256,
      content_type = excluded.content_type, etag = excluded.etag, last_modified = excluded.last_modified,
      command_version = excluded.command_version, configuration_version = excluded.configuration_version,
      at = excluded.at
    where l.at <= excluded.at
), answered as (
  select integration, max(${answeredAt('moved')}) as at from moved where outcome = 'succeeded' group by integration
), syncing as (
  select i.id, a.at from integrations i join answered a on a.integration = i.id order by i.id for update of i
), synced as (
  update integrations i set last_sync_at = greatest(i.last_sync_at, s.at) from syncing s where i.id = s.id
), audited as (
  ${auditColumns}
  select ${auditSelect(32)} and invocation in (select id from moved)
), kept as (
  ${blobInsert(42)}
)
-- Is there anything that counts against its integration? Then a success counts, too: see store/flow.
select id, true as moved,
  integration in (select f.integration from integration_flow f where ${isAiling('f')}) as ailing
from moved
union all
select id, false, false from held where still_holds and not sha256 in (select sha256 from referred)`;

/** Its bytes are those that are stored already: a 304 said so. */
const stillHolds = ({ bytes }: ResultRecord) => bytes === null;
const json = (value: unknown) => (value === null ? null : JSON.stringify(value));

/** Nothing is written for `bytes gone`. */
export type Outcome = 'recorded' | 'bytes gone';
/** By invocation; `ailing`: something is counted against its integration. */
export type Recorded = Map<string, { outcome: Outcome; ailing: boolean }>;

/** Answers what became of those of the group that were still this worker's to record: the others are dropped without a trace. */
export async function recordSettled(
  pool: Pool,
  worker: string,
  group: readonly Settled[],
  blobs: readonly Blob[],
): Promise<Recorded> {
  const ids = group.map(({ claimed }) => claimed.id);
  const attempts = group.map(({ attempt }) => attempt);
  const audit = group.flatMap(({ claimed, audit }) => audit.map((record) => ({ invocation: claimed.id, record })));
  const { rows } = await pool.query<{ id: string; moved: boolean; ailing: boolean }>({
    name: 'record-settled',
    text: recordSql,
    values: [
      worker,
      ids,
      group.map(({ claimed }) => claimed.attempt),
      group.map(({ next }) => next.status),
      group.map(({ next }) => (next.status === 'retrying' ? next.delayMs : null)),
      group.map(({ next }) => (next.status === 'succeeded' ? null : json(next.error))),
      attempts.map((each) => each.commandVersion),
      attempts.map((each) => each.configurationVersion),
      attempts.map((each) => new Date(each.startedAt)),
      attempts.map((each) => Math.round(each.durationMs)),
      attempts.map((each) => each.outcome),
      attempts.map((each) => each.sent),
      attempts.map((each) => each.status),
      attempts.map((each) => json(each.error)),
      attempts.map((each) => json(each.responseHeaders)),
      attempts.map((each) => each.responseBytes),
      attempts.map((each) => each.bodyPreview),
      attempts.map((each) => each.result?.contentType ?? null),
      attempts.map((each) => each.result?.sha256 ?? null),
      attempts.map((each) => each.result?.size ?? null),
      attempts.map((each) => (each.lastSyncAt === null ? null : new Date(each.lastSyncAt))),
      attempts.map((each) => json(each.validators)),
      attempts.map((each) => each.result?.etag ?? null),
      attempts.map((each) => each.result?.lastModified ?? null),
      attempts.map(({ result }) => result !== null && stillHolds(result)),
      attempts.map(({ phases }) => phases?.dnsMs ?? null),
      attempts.map(({ phases }) => phases?.connectMs ?? null),
      attempts.map(({ phases }) => phases?.tlsMs ?? null),
      attempts.map(({ phases }) => phases?.firstByteMs ?? null),
      attempts.map(({ phases }) => phases?.bodyMs ?? null),
      attempts.flatMap(({ result }) => (result !== null && stillHolds(result) ? [result.sha256] : [])),
      ...auditSelect.values(audit),
      ...blobInsert.values(blobs),
    ],
  });
  return new Map(rows.map(({ id, moved, ailing }) => [id, { outcome: moved ? 'recorded' : 'bytes gone', ailing }]));
}
