import type { Pool } from 'pg';
import type { AuditRecord } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import type { Cancelled } from '../invocations/cancel.ts';
import type { SentBefore } from '../invocations/cancellations.ts';
import { openFailureCodes, type Retried } from '../invocations/retry.ts';
import { auditInsert, auditValues } from './audit.ts';

/** Told at commit: `<invocation> <attempt>` of an exchange in flight that a person cancelled. */
export const cancelledChannel = 'errand_cancelled';

/**
 * What a person's retry makes of the rows in the CTE `ended` (`id`, `integration`): attempts and deadline begin anew,
 * numbering goes on. The key changes after a definite failure only; `$1` has the codes of those that are none.
 *
 * @param rungAt SQL: will a job be added right after the commit? `n` is the integration.
 */
export const retryEnded = (
  rungAt: 'null' | "case when i.lane = 'batch' and n.status = 'paused' then null else now() end",
) => `
  update invocations i
  set status = 'queued', tried = 0, crashes = 0, first_attempt_at = null, error = null, finished_at = null,
    due_at = now(), rung_at = ${rungAt}, generation = i.generation + 1,
    key_number = i.key_number + case when last.definite then 1 else 0 end,
    configuration_version = greatest(i.configuration_version, n.configuration_version)
  from ended e
  left join lateral (
    select a.outcome in ('retryable', 'permanent')
      and (not a.sent or coalesce(a.error->>'code', '') <> all($1::text[])) as definite
    from attempts a where a.invocation = e.id order by a.number desc limit 1
  ) last on true
  left join integrations n on n.id = e.integration
  where i.id = e.id`;

const retrySql = `
with ended as (
  select id, integration from invocations
  where id = $2 and status in ('succeeded', 'failed', 'cancelled') for update
), moved as (${retryEnded("case when i.lane = 'batch' and n.status = 'paused' then null else now() end")}
    and i.id = $2
  returning i.id as invocation, i.integration, i.lane, i.generation, i.rung_at is not null as ring
), audited as (
  ${auditInsert(3)} where exists (select 1 from moved)
)
select * from moved`;

/** Opens an ended invocation again; `null` if it is not there or has not ended. */
export async function retryInvocation(pool: Pool, id: string, audit: AuditRecord): Promise<Retried | null> {
  const values = [openFailureCodes, id, ...auditValues(audit)];
  const { rows } = await pool.query<Retried>({ name: 'retry-invocation', text: retrySql, values });
  return rows[0] ?? null;
}

/**
 * Guarded by nothing but being open: whoever holds the row finds at its next statement that it is not theirs any more.
 * An exchange in flight is kept as an attempt of unknown outcome, and its worker is told to abort it.
 */
const cancelSql = `
with held as (
  select id, status as was from invocations
  where id = $1 and status in ('queued', 'retrying', 'running') for update
), moved as (
  update invocations i
  set status = 'cancelled', error = $2::jsonb, worker = null, due_at = null, rung_at = null, finished_at = now()
  from held h where i.id = h.id and i.id = $1
  returning i.id, i.attempt, i.key_number, i.configuration_version, i.claimed_at, h.was
), kept as (
  insert into attempts (invocation, number, key_number, configuration_version, started_at, duration_ms, outcome, sent, error)
  select id, attempt, key_number, configuration_version, claimed_at,
    least(extract(epoch from now() - claimed_at) * 1000, 2147483647)::int, 'unknown', true, $2::jsonb
  from moved where was = 'running'
), audited as (
  ${auditInsert(4)} where exists (select 1 from moved)
)
select was, case when was = 'running' then pg_notify($3, id || ' ' || attempt) end as told from moved`;

/** Ends an open invocation as `cancelled`; `null` if it is not there or has ended. */
export async function cancelInvocation(
  pool: Pool,
  id: string,
  error: Failure,
  audit: AuditRecord,
): Promise<Cancelled | null> {
  const values = [id, JSON.stringify(error), cancelledChannel, ...auditValues(audit)];
  const { rows } = await pool.query<Cancelled>({ name: 'cancel-invocation', text: cancelSql, values });
  return rows[0] === undefined ? null : { was: rows[0].was };
}

/** The worker tells what it had sent when its attempt was cancelled: then its request can be shown. */
export async function completeCancelled(
  pool: Pool,
  { id, attempt }: { id: string; attempt: number },
  { commandVersion, configurationVersion, lastSyncAt }: SentBefore,
): Promise<void> {
  await pool.query(
    `update attempts set command_version = $3, configuration_version = $4, last_sync_at = $5
     where invocation = $1 and number = $2 and outcome = 'unknown' and command_version is null`,
    [id, attempt, commandVersion, configurationVersion, lastSyncAt === null ? null : new Date(lastSyncAt)],
  );
}
