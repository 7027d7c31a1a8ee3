import type { Pool } from 'pg';
import { fingerprintPrefixBytes } from '../integrations/sealing.ts';
import type { Enqueued, NewInvocation } from '../invocations/invocation.ts';
import { auditColumns, auditSelect } from './audit-rows.ts';

/** Keys are good for 24 hours (contract §7). */
const keyLifetime = '24 hours';

const insertSql = `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[], $7::text[], $8::bytea[],
    $9::text[], $10::text[], $11::int[], $12::timestamptz[], $13::text[], $14::text[], $15::timestamptz[], $16::bytea[],
    $17::text[], $18::text[])
    as t(id, account, integration, command, lane, tokens, sealed_tokens, fingerprint, reference, idempotency_key,
      configuration_version, run_at, queue, job_id, job_timestamp, key_fingerprint, callback_url, traceparent)
), adopted as (
  insert into adopted_jobs (queue, job_id, job_timestamp, invocation)
  select queue, job_id, job_timestamp, id from input where queue is not null order by queue, job_id, job_timestamp
  on conflict do nothing
  returning invocation
), keyed as (
  insert into idempotency_keys as k (integration, command, key, invocation, fingerprint)
  select integration, command, idempotency_key, id, key_fingerprint from input
  where idempotency_key is not null and (queue is null or id in (select invocation from adopted))
  order by integration, command, idempotency_key
  on conflict (integration, command, key) do update
    set invocation = excluded.invocation, fingerprint = excluded.fingerprint, created_at = now()
    where k.created_at < now() - interval '${keyLifetime}'
  returning invocation
), inserted as (
  insert into invocations (id, account, integration, command, lane, status, tokens, sealed_tokens, fingerprint,
    reference, idempotency_key, configuration_version, due_at, rung_at, generation, callback_url, traceparent)
  select t.id, t.account, integration, command, lane, 'queued', tokens, sealed_tokens, fingerprint, reference,
    -- The version as it is now, not as this process had it cached: whoever runs it must not use an older one.
    idempotency_key, greatest(n.configuration_version, t.configuration_version), coalesce(run_at, now()),
    -- A job is added right after the commit (or, for a producer's own job, is there already).
    case when run_at is null then now() end, case when run_at is null and queue is null then 1 else 0 end,
    callback_url, traceparent
  from input t left join integrations n on n.id = t.integration
  where (queue is null or t.id in (select invocation from adopted))
    and (idempotency_key is null or t.id in (select invocation from keyed))
  returning id
), audited as (
  ${auditColumns}
  select ${auditSelect(19)} and invocation in (select id from inserted)
)
select id from inserted`;

/** Fingerprints of two keys (see `Sealer.fingerprint`) cannot be compared: then the producer's word is taken. */
const existingSql = `
select t.position::int, k.invocation as id, k.fingerprint = t.fingerprint
    or substr(k.fingerprint, 1, ${fingerprintPrefixBytes}) <> substr(t.fingerprint, 1, ${fingerprintPrefixBytes}) as same
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as t(position, integration, command, key, fingerprint)
join idempotency_keys k on (k.integration, k.command, k.key) = (t.integration, t.command, t.key)`;

const adoptedSql = `
select t.position::int, a.invocation as id
-- A job whose key led to an earlier invocation was adopted under an id that has no row: then the key decides.
from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[]) as t(position, queue, job_id, job_timestamp)
join adopted_jobs a on (a.queue, a.job_id, a.job_timestamp) = (t.queue, t.job_id, t.job_timestamp)
where exists (select 1 from invocations i where i.id = a.invocation)`;

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/**
 * Inserts new invocations with their audit entries, keys and adopted jobs; one statement for all of them. Of several with
 * the same idempotency key the first is inserted, as if they had come one after the other.
 */
export async function insertInvocations(pool: Pool, news: readonly NewInvocation[]): Promise<Enqueued[]> {
  const keys = new Set<string>();
  const isFirst = (each: NewInvocation) => {
    if (each.idempotencyKey === null) return true;
    const key = JSON.stringify([each.integration, each.command, each.idempotencyKey]);
    return !keys.has(key) && keys.add(key) !== undefined;
  };
  const firsts: NewInvocation[] = [];
  const repeats: NewInvocation[] = [];
  for (const each of news) (isFirst(each) ? firsts : repeats).push(each);
  const enqueued = new Map<NewInvocation, Enqueued>();
  for (const [index, outcome] of (await insertDistinct(pool, firsts)).entries()) {
    enqueued.set(firsts[index] as NewInvocation, outcome);
  }
  if (repeats.length > 0) {
    for (const [index, outcome] of (await insertInvocations(pool, repeats)).entries()) {
      enqueued.set(repeats[index] as NewInvocation, outcome);
    }
  }
  return news.map((each) => enqueued.get(each) as Enqueued);
}

async function insertDistinct(pool: Pool, news: readonly NewInvocation[]): Promise<Enqueued[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'insert-invocations',
    text: insertSql,
    values: [
      news.map((each) => each.id),
      news.map((each) => each.account),
      news.map((each) => each.integration),
      news.map((each) => each.command),
      news.map((each) => each.lane),
      news.map((each) => JSON.stringify(each.tokens)),
      news.map((each) => each.sealedTokens),
      news.map((each) => each.fingerprint),
      news.map((each) => each.reference),
      news.map((each) => each.idempotencyKey),
      news.map((each) => each.configurationVersion),
      news.map((each) => iso(each.runAt)),
      news.map((each) => each.job?.queue ?? null),
      news.map((each) => each.job?.jobId ?? null),
      news.map((each) => iso(each.job?.timestamp ?? null)),
      news.map((each) => each.keyFingerprint),
      news.map((each) => each.callbackUrl),
      news.map((each) => each.traceparent),
      ...auditSelect.values(news.map((each) => ({ invocation: each.id, record: each.audit }))),
    ],
  });
  const inserted = new Set(rows.map((row) => row.id));
  const enqueued: (Enqueued | undefined)[] = news.map(({ id }) =>
    inserted.has(id) ? { outcome: 'created', id } : undefined,
  );
  if (inserted.size < news.length) await findExisting(pool, news, enqueued);
  return enqueued.map((each) => {
    // Its key or job was there a moment ago and is gone now: only a clean-up of old keys can do that.
    if (each === undefined) throw new Error('an idempotency key disappeared while it was used; try again');
    return each;
  });
}

async function findExisting(
  pool: Pool,
  news: readonly NewInvocation[],
  enqueued: (Enqueued | undefined)[],
): Promise<void> {
  const missing = news.map((each, position) => ({ each, position })).filter(({ position }) => !enqueued[position]);
  const jobs = missing.flatMap(({ each, position }) => (each.job === null ? [] : [{ job: each.job, position }]));
  if (jobs.length > 0) {
    const { rows } = await pool.query<{ position: number; id: string }>(adoptedSql, [
      jobs.map(({ position }) => position),
      jobs.map(({ job }) => job.queue),
      jobs.map(({ job }) => job.jobId),
      jobs.map(({ job }) => iso(job.timestamp)),
    ]);
    for (const row of rows) enqueued[row.position] = { outcome: 'existing', id: row.id };
  }
  const keyed = missing.filter(({ each, position }) => each.idempotencyKey !== null && !enqueued[position]);
  if (keyed.length === 0) return;
  const { rows } = await pool.query<{ position: number; id: string; same: boolean }>(existingSql, [
    keyed.map(({ position }) => position),
    keyed.map(({ each }) => each.integration),
    keyed.map(({ each }) => each.command),
    keyed.map(({ each }) => each.idempotencyKey),
    keyed.map(({ each }) => each.keyFingerprint),
  ]);
  for (const row of rows) {
    enqueued[row.position] = { outcome: row.same ? 'existing' : 'key-conflict', id: row.id };
  }
}

/** The invocation that a producer's job became; `null` if it has not become one. */
export async function findAdopted(
  pool: Pool,
  job: NonNullable<NewInvocation['job']>,
): Promise<{ id: string; integration: string } | null> {
  const { rows } = await pool.query<{ id: string; integration: string }>(
    `select i.id, i.integration from adopted_jobs a join invocations i on i.id = a.invocation
     where (a.queue, a.job_id, a.job_timestamp) = ($1, $2, $3)`,
    [job.queue, job.jobId, iso(job.timestamp)],
  );
  return rows[0] ?? null;
}
