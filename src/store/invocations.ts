import type { Pool } from 'pg';
import type { Failure } from '../contract/errors.ts';
import type { Claimed, Enqueued, NewInvocation, StatusOf } from '../invocations/invocation.ts';
import { auditColumns, auditSelect } from './audit-rows.ts';
import { boundsOf } from './bounds.ts';
import { isHeld } from './held.ts';
import { type KnownJson, knownResult, knownResultOf } from './latest-results.ts';
import { grantProbes } from './probes.ts';

/** `due_at` is kept in whole milliseconds, so it may be rounded up past the moment it was written. */
export const isDueOf = (row: string): string => `${row}.due_at <= now() + interval '10 milliseconds'`;
export const isDue = isDueOf('invocations');

/** Keys are good for 24 hours (contract §7). */
const keyLifetime = '24 hours';

const insertSql = `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[], $7::text[], $8::bytea[],
    $9::text[], $10::text[], $11::int[], $12::timestamptz[], $13::text[], $14::text[], $15::timestamptz[], $16::bytea[])
    as t(id, account, integration, command, lane, tokens, sealed_tokens, fingerprint, reference, idempotency_key,
      configuration_version, run_at, queue, job_id, job_timestamp, key_fingerprint)
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
    reference, idempotency_key, configuration_version, due_at, rung_at, generation)
  select t.id, t.account, integration, command, lane, 'queued', tokens, sealed_tokens, fingerprint, reference,
    -- The version as it is now, not as this process had it cached: whoever runs it must not use an older one.
    idempotency_key, greatest(n.configuration_version, t.configuration_version), coalesce(run_at, now()),
    -- A job is added right after the commit (or, for a producer's own job, is there already).
    case when run_at is null then now() end, case when run_at is null and queue is null then 1 else 0 end
  from input t left join integrations n on n.id = t.integration
  where (queue is null or t.id in (select invocation from adopted))
    and (idempotency_key is null or t.id in (select invocation from keyed))
  returning id
), audited as (
  ${auditColumns}
  select ${auditSelect(17)} and invocation in (select id from inserted)
)
select id from inserted`;

const existingSql = `
select t.position::int, k.invocation as id, k.fingerprint = t.fingerprint as same
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as t(position, integration, command, key, fingerprint)
join idempotency_keys k on (k.integration, k.command, k.key) = (t.integration, t.command, t.key)`;

const adoptedSql = `
select t.position::int, a.invocation as id
-- A job whose key led to an earlier invocation was adopted under an id that has no row: then the key decides.
from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[]) as t(position, queue, job_id, job_timestamp)
join adopted_jobs a on (a.queue, a.job_id, a.job_timestamp) = (t.queue, t.job_id, t.job_timestamp)
where exists (select 1 from invocations i where i.id = a.invocation)`;

/** What a worker has to know of the rows in the CTE `claimed`. */
export const claimedColumns = `
select c.id, c.account, c.integration, c.command, c.lane, c.tokens, c.sealed_tokens, c.fingerprint,
  c.configuration_version, c.attempt, c.tried, c.crashes, c.key_number, c.error, c.claimed_at, c.batch,
  -- Time spent paused or held does not count towards the deadline: it begins anew afterwards.
  greatest(c.first_attempt_at, n.status_since, f.released_at) as first_attempt_at, n.last_sync_at,
  f.hold, f.next_probe_at, extract(epoch from f.not_before - now())::float8 * 1000 as wait_ms,
  ${knownResultOf('c')} as known
from claimed c left join integrations n on n.id = c.integration
left join integration_flow f on f.integration = c.integration`;

const claimSql = `
with due as (
  select i.* from (select * from unnest($1::uuid[]) as t(id) order by id limit cardinality($1::uuid[])) asked
  -- Looked up one by one and limited by nothing, for the planner's sake: see store/endings.
  cross join lateral (
    select id, lane, integration from invocations
    where id = asked.id and status in ('queued', 'retrying') and ${isDue}
    -- Not skip locked: the sweep holds rows for moments, and a claim that is skipped would have to be rung for again.
    for update
  ) i
), open as (
  -- Not asked above: there it would be planned for each partition, which takes longer than all the rest.
  select id from due where not ${isHeld('due')} or id = any($3::uuid[])
), claimed as (
  update invocations i
  set status = 'running', worker = $2, claimed_at = now(), attempt = i.attempt + 1, tried = i.tried + 1,
    first_attempt_at = coalesce(i.first_attempt_at, now())
  from open where i.id = open.id
  returning i.*
)
${claimedColumns}`;

export type ClaimedRow = {
  id: string;
  account: string;
  integration: string;
  command: string;
  lane: Claimed['lane'];
  tokens: Claimed['tokens'];
  sealed_tokens: string | null;
  fingerprint: Buffer;
  configuration_version: number;
  attempt: number;
  tried: number;
  crashes: number;
  key_number: number;
  error: Claimed['lastError'];
  claimed_at: Date;
  batch: string | null;
  first_attempt_at: Date;
  last_sync_at: Date | null;
  known: KnownJson | null;
  hold: Failure | null;
  next_probe_at: Date | null;
  wait_ms: number | null;
};

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

/**
 * Moves those of `ids` that are due and free to `running` under `worker`; the others are not in the answer. Of an
 * integration that Errand holds, that is one, if a probe is due; but interactive work is always taken, to be told.
 */
export async function claimInvocations(pool: Pool, worker: string, ids: readonly string[]): Promise<Claimed[]> {
  const claimed = await claimFree(pool, worker, ids, []);
  const told = new Map(claimed.filter(({ hold }) => hold !== null).map((each) => [each.id, each]));
  if (claimed.length === ids.length && told.size === 0) return claimed;
  const taken = new Set(claimed.map(({ id }) => id));
  const free = ids.filter((id) => !taken.has(id));
  const granted = await grantProbes(pool, free, [...told.keys()]);
  for (const id of granted) {
    const click = told.get(id);
    if (click !== undefined) Object.assign(click, { probe: true, hold: null });
  }
  const waiting = granted.filter((id) => !told.has(id));
  if (waiting.length === 0) return claimed;
  return [...claimed, ...(await claimFree(pool, worker, waiting, waiting))];
}

/** @param probes rows that may be claimed although their integration is held: they were granted its probe */
async function claimFree(
  pool: Pool,
  worker: string,
  ids: readonly string[],
  probes: readonly string[],
): Promise<Claimed[]> {
  const { rows } = await pool.query<ClaimedRow>({
    name: 'claim-invocations',
    text: claimSql,
    values: [ids, worker, probes],
  });
  return rows.map((row) => claimedOf(row, probes.includes(row.id)));
}

/** @param probe was it let through although its integration is held? */
export function claimedOf(row: ClaimedRow, probe: boolean): Claimed {
  return {
    id: row.id,
    account: row.account,
    integration: row.integration,
    command: row.command,
    lane: row.lane,
    tokens: row.tokens,
    sealedTokens: row.sealed_tokens,
    fingerprint: row.fingerprint,
    configurationVersion: row.configuration_version,
    attempt: row.attempt,
    tried: row.tried,
    crashes: row.crashes,
    keyNumber: row.key_number,
    claimedAt: row.claimed_at.getTime(),
    firstAttemptAt: row.first_attempt_at.getTime(),
    lastSyncAt: row.last_sync_at?.getTime() ?? null,
    lastError: row.error,
    batch: row.batch,
    deadlineAt: null,
    known: knownResult(row.known),
    probe,
    hold: row.hold === null || probe ? null : { failure: row.hold, nextProbeAt: row.next_probe_at?.getTime() ?? 0 },
    waitMs: Math.max(0, row.wait_ms ?? 0),
  };
}

export async function statusesOf(pool: Pool, ids: readonly string[]): Promise<StatusOf[]> {
  if (ids.length === 0) return [];
  const { rows } = await pool.query<StatusOf>({
    name: 'statuses-of',
    text: 'select id, status from invocations where id = any($1::uuid[]) and id between $2 and $3',
    values: [ids, ...boundsOf(ids)],
  });
  return rows;
}

/** What an invocation asks for, without claiming it; `null` if it is not there. */
export async function identityOf(
  pool: Pool,
  id: string,
): Promise<Pick<
  Claimed,
  'integration' | 'command' | 'lane' | 'fingerprint' | 'sealedTokens' | 'configurationVersion'
> | null> {
  const { rows } = await pool.query({
    name: 'identity-of',
    text: `select integration, command, lane, fingerprint, sealed_tokens as "sealedTokens",
      configuration_version as "configurationVersion" from invocations where id = $1`,
    values: [id],
  });
  return rows[0] ?? null;
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
