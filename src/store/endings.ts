import type { Pool } from 'pg';
import type { Settled } from '../invocations/invocation.ts';
import { auditColumns, auditSelect } from './audit-rows.ts';
import { type Blob, blobInsert } from './blobs.ts';
import { boundsOf } from './invocations.ts';

/**
 * Commits a group of attempts with everything that follows from them, in one statement: the transitions, the attempts
 * (which are also the results), their bytes as far as they are new and small, the audit entries, the newest results and
 * Last Sync.
 *
 * Guarded: a row moves only if it is still running, with this worker and this attempt; nothing is written for one that
 * is not. Rows are locked in the order of their keys, so that two groups never deadlock.
 */
const recordSql = `
with input as (
  select * from unnest($4::uuid[], $5::int[], $6::text[], $7::float8[], $8::jsonb[], $9::int[], $10::int[],
    $11::timestamptz[], $12::int[], $13::text[], $14::boolean[], $15::int[], $16::jsonb[], $17::jsonb[], $18::int[],
    $19::text[], $20::text[], $21::bytea[], $22::int[], $23::timestamptz[])
    as t(id, attempt, next_status, delay_ms, next_error, command_version, configuration_version, started_at, duration_ms,
      outcome, sent, status, error, response_headers, response_bytes, body_preview, content_type, sha256, result_bytes,
      last_sync_at)
), held as (
  select i.id from invocations i join input n on n.id = i.id
  -- By the ids themselves, too: between the first and the last of them there may be a night's rows.
  where i.id = any($4::uuid[]) and i.id between $2 and $3 and i.status = 'running' and i.worker = $1
    and i.attempt = n.attempt
  order by i.id for update of i
), moved as (
  update invocations i
  set status = n.next_status, error = n.next_error, worker = null, rung_at = null,
    due_at = now() + n.delay_ms * interval '1 millisecond',
    finished_at = case when n.delay_ms is null then now() end
  from input n join held h on h.id = n.id
  where i.id = n.id and i.id between $2 and $3 and i.status = 'running' and i.worker = $1 and i.attempt = n.attempt
  returning i.id, i.attempt, i.integration, i.command, i.fingerprint, i.key_number
), recorded as (
  insert into attempts (invocation, number, key_number, command_version, configuration_version, started_at, duration_ms,
    outcome, sent, status, error, response_headers, response_bytes, body_preview, content_type, sha256, result_bytes, unchanged,
    last_sync_at)
  select n.id, n.attempt, m.key_number, n.command_version, n.configuration_version, n.started_at, n.duration_ms,
    n.outcome, n.sent, n.status, n.error, n.response_headers, n.response_bytes, n.body_preview, n.content_type, n.sha256, n.result_bytes,
    case when n.sha256 is not null then coalesce(l.sha256 = n.sha256, false) end, n.last_sync_at
  from input n join moved m on (m.id, m.attempt) = (n.id, n.attempt)
  left join latest_results l on n.sha256 is not null
    and (l.integration, l.command, l.fingerprint) = (m.integration, m.command, m.fingerprint)
), newest as (
  insert into latest_results as l (integration, command, fingerprint, invocation, attempt, sha256, content_type, at)
  select distinct on (m.integration, m.command, m.fingerprint) m.integration, m.command, m.fingerprint, n.id, n.attempt,
    n.sha256, n.content_type, n.started_at + n.duration_ms * interval '1 millisecond' as at
  from input n join moved m on (m.id, m.attempt) = (n.id, n.attempt)
  where n.sha256 is not null
  order by m.integration, m.command, m.fingerprint, at desc
  on conflict (integration, command, fingerprint) do update
    set invocation = excluded.invocation, attempt = excluded.attempt, sha256 = excluded.sha256,
      content_type = excluded.content_type, at = excluded.at
    where l.at <= excluded.at
), answered as (
  select m.integration, max(n.started_at + n.duration_ms * interval '1 millisecond') as at
  from input n join moved m on (m.id, m.attempt) = (n.id, n.attempt)
  where n.outcome = 'succeeded' group by m.integration
), syncing as (
  select i.id, a.at from integrations i join answered a on a.integration = i.id order by i.id for update of i
), synced as (
  update integrations i set last_sync_at = greatest(i.last_sync_at, s.at) from syncing s where i.id = s.id
), audited as (
  ${auditColumns}
  select ${auditSelect(24)} and invocation in (select id from moved)
), kept as (
  ${blobInsert(34)}
)
select id from moved`;

const json = (value: unknown) => (value === null ? null : JSON.stringify(value));

/** Answers which of the group were still this worker's to record; the others are dropped without a trace. */
export async function recordSettled(
  pool: Pool,
  worker: string,
  group: readonly Settled[],
  blobs: readonly Blob[],
): Promise<Set<string>> {
  const ids = group.map(({ claimed }) => claimed.id);
  const attempts = group.map(({ attempt }) => attempt);
  const audit = group.flatMap(({ claimed, audit }) => audit.map((record) => ({ invocation: claimed.id, record })));
  const { rows } = await pool.query<{ id: string }>({
    name: 'record-settled',
    text: recordSql,
    values: [
      worker,
      ...boundsOf(ids),
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
      attempts.map((each) => each.result?.bytes.byteLength ?? null),
      attempts.map((each) => (each.lastSyncAt === null ? null : new Date(each.lastSyncAt))),
      ...auditSelect.values(audit),
      ...blobInsert.values(blobs),
    ],
  });
  return new Set(rows.map((row) => row.id));
}
