import type { Pool } from 'pg';
import type { Failure } from '../contract/errors.ts';
import type { Claimed, StatusOf } from '../invocations/invocation.ts';
import { boundsOf } from './bounds.ts';
import { isHeld } from './held.ts';
import { type KnownJson, knownResult, knownResultOf } from './latest-results.ts';
import { grantProbes } from './probes.ts';

/** `due_at` is kept in whole milliseconds, so it may be rounded up past the moment it was written. */
export const isDueOf = (row: string): string => `${row}.due_at <= now() + interval '10 milliseconds'`;
export const isDue = isDueOf('invocations');

/** What a worker has to know of the rows in the CTE `claimed`. */
export const claimedColumns = `
select c.id, c.account, c.integration, c.command, c.lane, c.tokens, c.sealed_tokens, c.fingerprint,
  c.configuration_version, c.attempt, c.tried, c.crashes, c.key_number, c.error, c.claimed_at, c.batch, c.traceparent,
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
  traceparent: string | null;
  first_attempt_at: Date;
  last_sync_at: Date | null;
  known: KnownJson | null;
  hold: Failure | null;
  next_probe_at: Date | null;
  wait_ms: number | null;
};

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
  const askedAt = performance.now();
  const { rows } = await pool.query<ClaimedRow>({
    name: 'claim-invocations',
    text: claimSql,
    values: [ids, worker, probes],
  });
  return rows.map((row) => claimedOf(row, { probe: probes.includes(row.id), askedAt }));
}

/** @param probe was it let through although its integration is held? */
export function claimedOf(row: ClaimedRow, { probe, askedAt }: Pick<Claimed, 'probe' | 'askedAt'>): Claimed {
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
    askedAt,
    firstAttemptAt: row.first_attempt_at.getTime(),
    lastSyncAt: row.last_sync_at?.getTime() ?? null,
    lastError: row.error,
    batch: row.batch,
    traceparent: row.traceparent,
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
