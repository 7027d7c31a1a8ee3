import type { Pool } from 'pg';
import type { Settled } from '../invocations/invocation.ts';
import { breaker } from '../judging/breaker.ts';
import { auditColumns } from './audit-rows.ts';
import type { Connection } from './database.ts';
import { untilProbe } from './probes.ts';

/**
 * What the answers of all workers say of an integration's endpoint, and what follows from it:
 *
 *                 5 of a kind in a row, or half of 20              a probe is well
 *   not held ───────────────────────────────────────────► held ───────────────────► not held, counting from nothing
 *                                                          │ ▲
 *                 the time has come, or a person changed   ▼ │ a probe fails: twice as long until the next
 *                 something: one invocation is let through
 *
 * Rows of integration_flow are locked by id, and last: a person's change has its integration by then. So no two statements
 * deadlock.
 */

/** Told at commit: the id of an integration that changed, or `*` when a command type did. */
export const configurationChannel = 'errand_configuration';

/** Is anything counted against the integration of this row, for which a success would make a difference? */
export const isAiling = (row: string) => `(${row}.streak > 0 or ${row}.window_failed > 0)`;

/**
 * Weighs what a group of attempts says of its integrations, after they were recorded. `turned` has those that were held
 * (`held`), let go (`released`), probed in vain (`probed`), or by an attempt that says nothing (`unanswered`).
 *
 * A statement of its own, and only for integrations that have something to be weighed: within the recording statement it
 * cost healthy groups 45 % more time of the database's. If a process dies between the two, an attempt is not counted.
 */
const weighSql = `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::jsonb[], $6::int[], $7::timestamptz[], $8::int[])
    as t(id, integration, sign, retry_after_ms, error, configuration_version, started_at, duration_ms)
), concerned as (
  select integration, max(retry_after_ms) as wait_ms, array_agg(id) as ids from input group by integration
), flow as (
  select f.*, c.wait_ms, f.probe = any(c.ids) is true as probed
  from concerned c join integration_flow f on f.integration = c.integration
  order by f.integration for update of f
), counted as (
  -- What was sent as the integration is configured now, and since it was last released; in the order of the answers.
  select f.integration, n.sign, n.error, row_number() over (partition by f.integration
    order by n.started_at + n.duration_ms * interval '1 millisecond', n.id) as place
  from flow f join integrations g on g.id = f.integration and g.deleted_at is null
  join input n on n.integration = f.integration
  where f.hold is null and n.sign is not null and n.configuration_version >= g.configuration_version
    and (f.released_at is null or n.started_at >= f.released_at)
), trails as (
  select *, first_value(sign) over (partition by integration order by sign = 'unwell', place desc) as last from counted
), marked as (
  -- How many answers of another kind came later, or are this one.
  select *, sum((sign not in ('unwell', last))::int) over (partition by integration order by place desc) as others
  from trails
), summed as (
  select integration, last, count(*) as tried, count(*) filter (where sign = 'unwell') as failed,
    count(*) filter (where sign = last and others = 0) as run, max(others) > 0 as broken,
    (array_agg(error order by place desc) filter (where sign = last))[1] as last_error,
    (array_agg(error order by place desc) filter (where sign = 'unwell'))[1] as unwell_error
  from marked group by integration, last
), weighed as (
  select f.*, s.last, s.last_error, s.unwell_error, coalesce(s.failed, 0) as failed_now,
    case when s.last is null or s.last = 'unwell' then f.streak when s.last = 'well' then 0
      when s.last = f.streak_kind and not s.broken then f.streak + s.run else s.run end as new_streak,
    case when s.last is null or s.last = 'unwell' then f.streak_kind when s.last <> 'well' then s.last end as new_kind,
    w.opened, case when w.opened then case when s.failed > 0 then s.tried else 0 end
      else f.window_tried + coalesce(s.tried, 0) end as new_tried,
    case when w.opened then s.failed else f.window_failed + coalesce(s.failed, 0) end as new_failed
  from flow f left join summed s on s.integration = f.integration
  -- A window is over after its time, unless nothing succeeded in it.
  cross join lateral (select s.tried is not null and (f.window_failed = 0 or
    f.window_since < now() - interval '${breaker.windowSeconds} seconds'
      and f.window_tried + s.tried > f.window_failed + s.failed) as opened) w
), turns as (
  select w.*, p.sign as probe_sign, p.error as probe_error,
    case when w.hold is null then case
        when w.new_kind <> 'unwell' and w.new_streak >= ${breaker.streak} then 'held'
        when w.failed_now > 0 and w.new_tried >= ${breaker.windowAttempts} and w.new_failed * 2 >= w.new_tried then 'held'
      end
      when w.probed then case when p.sign is null then 'unanswered' when p.sign = 'well' then 'released' else 'probed' end
    end as turn,
    case when w.new_kind <> 'unwell' and w.new_streak >= ${breaker.streak} then w.new_kind else 'unwell' end as held_kind
  from weighed w left join input p on p.id = w.probe and w.probed
), turned as (
  update integration_flow f set
    streak_kind = case t.turn when 'held' then t.held_kind when 'released' then null when 'probed' then t.probe_sign
      when 'unanswered' then t.streak_kind else t.new_kind end,
    streak = case when t.turn is null then t.new_streak else 0 end,
    window_since = case when t.opened then now() else t.window_since end,
    window_tried = case when t.turn is null then t.new_tried else 0 end,
    window_failed = case when t.turn is null then t.new_failed else 0 end,
    hold = case t.turn when 'held' then case when t.held_kind = 'unwell' then t.unwell_error else t.last_error end
      when 'released' then null when 'probed' then t.probe_error else t.hold end,
    held_since = case t.turn when 'held' then now() when 'released' then null else t.held_since end,
    released_at = case t.turn when 'released' then now() else t.released_at end,
    probes = case t.turn when 'held' then 0 when 'released' then 0 when 'probed' then t.probes + 1 else t.probes end,
    probe = case when t.turn is null then t.probe end,
    not_before = asked.until,
    next_probe_at = case t.turn when 'released' then null
      when 'held' then greatest(now() + ${untilProbe('t.held_kind', '0')}, asked.until)
      when 'probed' then greatest(now() + ${untilProbe('t.probe_sign', 't.probes + 1')}, asked.until)
      when 'unanswered' then greatest(now(), asked.until)
      else case when t.hold is not null then greatest(t.next_probe_at, asked.until) end end
  from turns t cross join lateral (select case when t.wait_ms is null then t.not_before else greatest(t.not_before,
    now() + least(t.wait_ms, ${breaker.longestWaitSeconds * 1000}) * interval '1 millisecond') end as until) asked
  -- What was out when it was held moves nothing.
  where f.integration = t.integration and (t.turn is not null or t.hold is null or t.wait_ms is not null)
  returning f.integration, t.turn, f.hold, f.next_probe_at, t.new_streak, t.new_tried, t.new_failed, t.held_kind,
    t.held_since as was_since
), turns_audited as (
  ${auditColumns}
  select errand_uuid_v7(), g.account, 'system', 'errand', null, 'integration.' || t.turn, 'integration', t.integration,
    case t.turn when 'released' then json_build_object('since', t.was_since)
      else json_build_object('reason', t.hold, 'nextProbeAt', t.next_probe_at, 'because',
        case when t.held_kind = 'unwell' then json_build_object('tried', t.new_tried, 'failed', t.new_failed)
          else json_build_object('inARow', t.new_streak) end) end
  from turned t join integrations g on g.id = t.integration
  where t.turn in ('held', 'released')
)
-- Told only when a hold begins, ends or goes on.
select integration, turn, pg_notify('${configurationChannel}', integration) as told from turned where turn is not null`;

/** What became of an integration by what was recorded. */
export type Turn = { integration: string; turn: 'held' | 'released' | 'probed' | 'unanswered' };

/** Makes sure that these integrations have a row to count their failures in; it is there from their first one on. */
export async function ensureFlow(pool: Pool, integrations: readonly string[]): Promise<void> {
  await pool.query({
    name: 'ensure-flow',
    text: `insert into integration_flow (integration) select * from unnest($1::text[]) as t(integration)
           order by integration on conflict do nothing`,
    values: [integrations],
  });
}

/** Weighs attempts that were recorded; those of integrations without a row (`ensureFlow`) are passed over. */
export async function weighAttempts(pool: Pool, group: readonly Settled[]): Promise<Turn[]> {
  const attempts = group.map(({ attempt }) => attempt);
  const { rows } = await pool.query<Turn>({
    name: 'weigh-attempts',
    text: weighSql,
    values: [
      group.map(({ claimed }) => claimed.id),
      group.map(({ claimed }) => claimed.integration),
      group.map(({ health }) => health.sign),
      group.map(({ health }) => health.retryAfterMs),
      attempts.map(({ error }) => (error === null ? null : JSON.stringify(error))),
      attempts.map(({ configurationVersion }) => configurationVersion),
      attempts.map(({ startedAt }) => new Date(startedAt)),
      attempts.map(({ durationMs }) => Math.round(durationMs)),
    ],
  });
  return rows.map(({ integration, turn }) => ({ integration, turn }));
}

/**
 * A person changed something: what was counted under the old configuration counts no more, what the endpoint asked for
 * then is over, and if it is held, the next claim probes. Deleted, it is not held: what waits must come to its end.
 *
 * @returns whether a probe is due now
 */
export async function countAnew(connection: Connection, integration: string, deleted: boolean): Promise<boolean> {
  const { rows } = await connection.query<{ probe: boolean }>(
    `update integration_flow set streak_kind = case when hold is not null and not $2 then streak_kind end,
       streak = 0, window_tried = 0, window_failed = 0, probes = 0, probe = null, not_before = null,
       hold = case when not $2 then hold end, held_since = case when not $2 then held_since end,
       next_probe_at = case when hold is not null and not $2 then now() end
     where integration = $1
     returning hold is not null as probe`,
    [integration, deleted],
  );
  return rows[0]?.probe ?? false;
}
