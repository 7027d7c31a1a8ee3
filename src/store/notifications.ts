import type { Pool } from 'pg';
import type { NotificationError, NotificationEvent } from '../contract/notification.ts';
import type { RecordedTry, Tried } from '../notifications/dispatch.ts';
import type { ClaimedNotification } from '../notifications/notification.ts';
import { leaseMs } from '../notifications/notification.ts';
import { isDueOf } from './invocations.ts';
import { currentSecret } from './signing-secrets.ts';

const disabled: NotificationError = { code: 'cancelled', message: 'Its endpoint was disabled or deleted meanwhile.' };
/** SQL. */
const disabledError = `'${JSON.stringify(disabled)}'::jsonb`;

/** An endpoint to which nothing was delivered for so long is given up, when one more message has used up its tries. */
const givenUpAfter = '5 days';

/**
 * From target to target through the index, so that however much waits for one of them is not read; a claim that finds
 * nothing costs one look into it.
 */
const claimSql = `
with recursive targets as (
  (select n.target from notifications n where n.due_at is not null order by n.target limit 1)
  union all
  select (select n.target from notifications n where n.due_at is not null and n.target > t.target order by n.target limit 1)
  from targets t where t.target is not null
), candidates as (
  select c.id from targets t left join unnest($1::text[], $2::int[]) as b(target, busy) on b.target = t.target
  cross join lateral (
    select n.id, n.due_at from notifications n where n.target = t.target and ${isDueOf('n')}
    -- What others are taking is passed over.
    order by n.due_at limit greatest(0, $3 - coalesce(b.busy, 0)) for update skip locked
  ) c
  where t.target is not null order by c.due_at limit $4
), taken as (
  select n.id, e.url, n.endpoint is not null and (e.id is null or not e.enabled) as dead, s.*
  from candidates c join notifications n on n.id = c.id
  left join notification_endpoints e on e.id = n.endpoint
  left join lateral (${currentSecret(`coalesce('endpoint/' || n.endpoint, 'account/' || n.account)`)}) s on true
), claimed as (
  update notifications n set url = coalesce(t.url, n.url), last_attempt_at = case when t.dead then n.last_attempt_at else now() end,
    attempts = n.attempts + case when t.dead then 0 else 1 end, tried = n.tried + 1,
    due_at = case when not t.dead then now() + interval '${leaseMs} milliseconds' end,
    status = case when t.dead then 'failed' else n.status end, ended_at = case when t.dead then now() end,
    last_error = case when t.dead then ${disabledError} else n.last_error end
  from taken t where n.id = t.id
  returning n.*, t.dead, t.sealed, t.previous, t.previous_until
)
select * from (select id, event, endpoint, account, url, target, subject_type, subject_id, attempts, tried, created_at,
  data::text as data, sealed, previous, previous_until, dead from claimed) c where not dead`;

type ClaimedRow = {
  id: string;
  event: NotificationEvent;
  endpoint: string | null;
  account: string | null;
  url: string;
  target: string;
  subject_type: string;
  subject_id: string;
  attempts: number;
  tried: number;
  created_at: Date;
  data: string;
  sealed: string | null;
  previous: string | null;
  previous_until: Date | null;
};

const claimedOf = (row: ClaimedRow): ClaimedNotification => ({
  id: row.id,
  event: row.event,
  endpoint: row.endpoint,
  account: row.account,
  url: row.url,
  target: row.target,
  subject: { type: row.subject_type, id: row.subject_id },
  attempt: row.attempts,
  tried: row.tried,
  createdAt: row.created_at,
  data: row.data,
  signedWith:
    row.sealed === null ? null : { sealed: row.sealed, previous: row.previous, previousUntil: row.previous_until },
});

/** Takes notifications that are due, as `DispatchDependencies.claim` says. */
export async function claimNotifications(
  pool: Pool,
  { limit, perTarget, busy }: { limit: number; perTarget: number; busy: ReadonlyMap<string, number> },
): Promise<ClaimedNotification[]> {
  const { rows } = await pool.query<ClaimedRow>({
    name: 'claim-notifications',
    text: claimSql,
    values: [[...busy.keys()], [...busy.values()], perTarget, limit],
  });
  return rows.map(claimedOf);
}

const recordSql = `
with input as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::float8[], $5::int[], $6::jsonb[])
    as t(id, attempt, next_status, delay_ms, answer, error)
), held as (
  select n.id, n.endpoint, n.event, t.next_status, t.delay_ms, t.answer, t.error
  from input t join notifications n on n.id = t.id and n.attempts = t.attempt and n.status = 'pending'
  order by n.id for update of n
), moved as (
  update notifications n set status = h.next_status, due_at = now() + h.delay_ms * interval '1 millisecond',
    ended_at = case when h.delay_ms is null then now() end, last_status = h.answer, last_error = h.error
  from held h where n.id = h.id
), turned as (
  select h.endpoint, bool_or(h.error is null) as well from held h where h.endpoint is not null group by h.endpoint
), endpoints as (
  select e.id, t.well from turned t join notification_endpoints e on e.id = t.endpoint
  where (e.failing_since is null) <> t.well order by e.id for update of e
), weighed as (
  update notification_endpoints e set failing_since = case when not x.well then now() end from endpoints x where e.id = x.id
)
select h.id, h.next_status = 'failed' and e.failing_since < now() - interval '${givenUpAfter}' is true as given_up
from held h left join notification_endpoints e on e.id = h.endpoint`;

/** Records tries, those that nobody has taken over meanwhile. */
export async function recordTries(pool: Pool, tries: readonly Tried[]): Promise<RecordedTry[]> {
  const { rows } = await pool.query<{ id: string; given_up: boolean | null }>({
    name: 'record-notifications',
    text: recordSql,
    values: [
      tries.map(({ notification }) => notification.id),
      tries.map(({ notification }) => notification.attempt),
      tries.map(({ next }) => next.status),
      tries.map(({ next }) => (next.status === 'pending' ? next.delayMs : null)),
      tries.map(({ delivery }) => delivery.status),
      tries.map(({ delivery }) => (delivery.error === null ? null : JSON.stringify(delivery.error))),
    ],
  });
  const givenUp = new Set(rows.filter((row) => row.given_up === true).map(({ id }) => id));
  return tries.map(({ notification }) => ({ givenUp: givenUp.has(notification.id) }));
}

/** Stages a test for an endpoint, as if it had been claimed; `null` if there is no such endpoint. */
export async function stageTest(pool: Pool, endpoint: string): Promise<ClaimedNotification | null> {
  const { rows } = await pool.query<ClaimedRow>(
    `with staged as (
       insert into notifications (id, endpoint, accounts, event, subject_type, subject_id, url, target, data, attempts, tried,
         due_at, last_attempt_at)
       select errand_uuid_v7(), e.id, e.accounts, 'notification.test', 'notification-endpoint', e.id::text, e.url,
         'endpoint/' || e.id, json_build_object('endpoint', e.id, 'name', e.name), 1, 1,
         now() + interval '${leaseMs} milliseconds', now()
       from notification_endpoints e where e.id = $1
       returning *
     )
     select n.*, n.data::text as data, s.* from staged n
     left join lateral (${currentSecret(`'endpoint/' || n.endpoint`)}) s on true`,
    [endpoint],
  );
  return rows[0] === undefined ? null : claimedOf(rows[0]);
}

/** How long after its last batch ended a run has: until then another batch of it may come. */
export const runQuietMs = 120_000;

const tellRunsSql = `
with quiet as (
  select run from run_endings group by run having max(at) <= now() - $1 * interval '1 millisecond' order by run limit 20
), taken as (
  delete from run_endings r using quiet q where r.run = q.run returning r.run, r.account
), scopes as (
  select distinct t.run, e.id, e.accounts, e.url from taken t join notification_endpoints e on e.enabled
    and 'run.finished' = any(e.events) and (e.accounts = '{*}' or t.account = any(e.accounts))
), summed as (
  select s.*, b.* from scopes s cross join lateral (
    select count(*)::int as batches, bool_and(b.finished_at is not null) as ended, min(b.created_at) as began,
      max(b.finished_at) as finished, sum(b.total)::int as total, sum(c.succeeded)::int as succeeded,
      sum(c.unchanged)::int as unchanged, sum(c.absent)::int as absent, sum(c.failed)::int as failed,
      sum(c.cancelled)::int as cancelled
    from batches b cross join lateral (
      select coalesce(sum(r.succeeded), 0) as succeeded, coalesce(sum(r.unchanged), 0) as unchanged,
        coalesce(sum(r.absent), 0) as absent, coalesce(sum(r.failed), 0) as failed,
        coalesce(sum(r.cancelled), 0) as cancelled
      from batch_ranges r where r.batch = b.id
    ) c
    where b.run = s.run and (s.accounts = '{*}' or b.account = any(s.accounts))
  ) b
)
insert into notifications (id, endpoint, accounts, event, account, subject_type, subject_id, url, target, dedupe_key, data)
select errand_uuid_v7(), id, accounts, 'run.finished', case when cardinality(accounts) = 1 and accounts <> '{*}' then accounts[1] end,
  'run', run, url, 'endpoint/' || id, 'run.finished/' || run || '/' || errand_iso(finished),
  json_build_object('run', run, 'outcome', case when failed + cancelled = 0 then 'clean'
      when succeeded + absent = 0 then 'failed' else 'partial' end,
    'batches', batches, 'total', total, 'succeeded', succeeded, 'unchanged', unchanged, 'absent', absent, 'failed', failed,
    'cancelled', cancelled, 'startedAt', errand_iso(began), 'finishedAt', errand_iso(finished))
from summed where ended order by id
on conflict (endpoint, dedupe_key) where endpoint is not null do nothing`;

/**
 * Stages that runs have finished: all batches of theirs have, those that an endpoint is told of, and no more came for a
 * while. Where one is still open, its ending brings the run here again.
 */
export async function tellFinishedRuns(pool: Pool, quietMs = runQuietMs): Promise<number> {
  const { rowCount } = await pool.query({ name: 'tell-finished-runs', text: tellRunsSql, values: [quietMs] });
  return rowCount ?? 0;
}

/** Stages that the audit log does not hold: of each problem once a day. */
export async function tellAuditBroken(pool: Pool, problem: string): Promise<void> {
  await pool.query(
    `select errand_notify('audit.broken', null, 'audit', 'log', left(errand_iso(now()), 10) || '/' || md5($1),
       json_build_object('problem', $1::text))`,
    [problem],
  );
}
