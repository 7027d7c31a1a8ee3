import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import type { ScheduleFilter } from '../contract/schedule.ts';
import type { DueSchedule, Fired, Firing } from '../schedules/fire.ts';
import type { StoredSchedule } from '../schedules/schedule.ts';
import type { NewRun, ScheduleChange, ScheduleStore } from '../schedules/use-cases.ts';
import { auditInsert, auditValues } from './audit.ts';
import { auditColumns } from './audit-rows.ts';
import { loadConfiguration } from './configuration.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { type Connection, type Database, transaction } from './database.ts';
import { lockIntegration } from './integrations.ts';

const columns = `s.integration, s.name, s.command, s.cron, s.timezone, s.enabled, s.spread_seconds as "spreadSeconds",
  s.finish_within_seconds as "finishWithinSeconds", s.items, s.source, s.next_run_at as "nextRunAt",
  s.last_run_at as "lastRunAt", s.last_batch as "lastBatch", s.last_outcome as "lastOutcome",
  s.last_reason as "lastReason"`;

async function load(connection: Connection, integration: string, name: string | null): Promise<StoredSchedule[]> {
  const { rows } = await connection.query<StoredSchedule>({
    name: 'load-schedules',
    text: `select ${columns} from schedules s where s.integration = $1 and ($2::text is null or s.name = $2)`,
    values: [integration, name],
  });
  return rows;
}

const pageSql = `
select ${columns} from schedules s join integrations i on i.id = s.integration
where i.deleted_at is null
  and ($1::text[] is null or i.account = any($1))
  and ($2::text is null or i.account = $2)
  and ($3::text is null or s.integration = $3)
  and ($4::text is null or (s.integration, s.name) > ($4, $5))
order by s.integration, s.name limit $6`;

/** An integration's id and a schedule's name. */
const cursorPattern = /^[a-z0-9_-]{1,63} [A-Za-z0-9_.-]{1,64}$/;

async function pageSchedules(
  connection: Connection,
  accounts: KeyAccounts,
  { account, integration }: ScheduleFilter,
  { limit, cursor }: PageQuery,
): Promise<Page<StoredSchedule>> {
  const after = cursor === undefined ? [null, null] : decodeCursor(cursor, cursorPattern).split(' ');
  const { rows } = await connection.query<StoredSchedule>({
    name: 'page-schedules',
    text: pageSql,
    values: [accounts === '*' ? null : accounts, account ?? null, integration ?? null, ...after, limit + 1],
  });
  return pageOf(rows, limit, ({ integration, name }) => `${integration} ${name}`);
}

/** How schedules are kept. */
export function createScheduleStore(database: Database): ScheduleStore {
  return {
    list: (integration) => load(database, integration, null),
    page: (accounts, filter, query) => pageSchedules(database, accounts, filter, query),
    start: (run, audit) => startRun(database, run, audit),
    change: (integration, name, decide) =>
      transaction(database, async (connection) => {
        // Commands and values stay as they are while the schedule is checked against them.
        await lockIntegration(connection, integration);
        const configuration = await loadConfiguration(connection, integration, 'all');
        const [schedule = null] = await load(connection, integration, name);
        const { rows } = await connection.query<{ at: Date }>('select now() as at');
        const change = decide({ configuration, schedule, at: rows[0]?.at as Date });
        if (change === null) return schedule;
        await carryOut(connection, integration, name, change);
        return (await load(connection, integration, name))[0] ?? null;
      }),
  };
}

const saveSql = `
insert into schedules as s (integration, name, command, cron, timezone, enabled, spread_seconds, finish_within_seconds,
  items, source, next_run_at, enabled_since)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10::json, $11, case when $6 then now() end)
on conflict (integration, name) do update
  set command = excluded.command, cron = excluded.cron, timezone = excluded.timezone, enabled = excluded.enabled,
    spread_seconds = excluded.spread_seconds, finish_within_seconds = excluded.finish_within_seconds,
    items = excluded.items, source = excluded.source, next_run_at = excluded.next_run_at, updated_at = now(),
    enabled_since = case when s.enabled then s.enabled_since else excluded.enabled_since end`;

const json = (value: unknown) => (value === null ? null : JSON.stringify(value));

async function carryOut(
  connection: Connection,
  integration: string,
  name: string,
  change: ScheduleChange,
): Promise<void> {
  if ('remove' in change) {
    await removeSchedules(connection, integration, name);
  } else {
    const { save } = change;
    await connection.query(saveSql, [
      integration,
      name,
      save.command,
      save.cron,
      save.timezone,
      save.enabled,
      save.spreadSeconds,
      save.finishWithinSeconds,
      json(save.items),
      json(save.source),
      save.nextRunAt,
    ]);
  }
  await connection.query(auditInsert(1), auditValues(change.audit));
}

/** Deletes one schedule of an integration, or all, with the runs that are open. Batches that have begun go on. */
export async function removeSchedules(connection: Connection, integration: string, name: string | null): Promise<void> {
  const values = [integration, name];
  await connection.query('delete from schedules where integration = $1 and ($2::text is null or name = $2)', values);
  await connection.query(
    `with runs as (
       delete from schedule_runs where integration = $1 and ($2::text is null or schedule = $2) returning id
     )
     delete from schedule_pages p using runs r where p.run = r.id`,
    values,
  );
}

/**
 * What a run is made of, from the schedule `s` that the statement has locked; ends in its values for the run's id, label
 * and actor. There is one open run of a schedule: the table's key sees to it, and to no row where there is one.
 */
const runInsert = (values: { id: string; label: string; actor: string }) => `
  insert into schedule_runs (integration, schedule, id, at, label, actor, command, items, source, finish_by, complete_run_at)
  select s.integration, s.name, ${values.id}, now(), ${values.label}, ${values.actor}, s.command, s.items, s.source,
    now() + s.finish_within_seconds * interval '1 second', s.complete_run_at
  from held s`;

const startSql = `
with held as (
  select * from schedules where integration = $1 and name = $2 for update
), started as (
  ${runInsert({ id: '$3', label: '$4', actor: '$5::jsonb' })}
  on conflict (integration, schedule) do nothing
  returning integration, schedule
), moved as (
  update schedules s set last_run_at = now(), last_batch = null, last_outcome = 'running', last_reason = null
  from started r where (s.integration, s.name) = (r.integration, r.schedule)
), audited as (
  ${auditInsert(6)} where exists (select 1 from started)
)
select * from started`;

async function startRun(database: Database, run: NewRun, audit: AuditRecord): Promise<boolean> {
  const { integration, schedule, id, label, actor } = run;
  const values = [integration, schedule, id, label, JSON.stringify(actor), ...auditValues(audit)];
  const { rows } = await database.query(startSql, values);
  return rows.length > 0;
}

/** Schedules that are due, longest first. */
export async function dueSchedules(database: Database, limit: number): Promise<DueSchedule[]> {
  const { rows } = await database.query<DueSchedule>({
    name: 'due-schedules',
    text: `
select s.integration, s.name, s.cron, s.timezone, s.spread_seconds as "spreadSeconds", s.next_run_at as "nextRunAt",
  now() as now, r.id as "openRun", r.at as "openSince"
from schedules s left join schedule_runs r on (r.integration, r.schedule) = (s.integration, s.name)
where s.next_run_at <= now() order by s.next_run_at limit $1`,
    values: [limit],
  });
  return rows;
}

const fireSql = `
with input as (
  select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::uuid[], $6::text[], $7::jsonb[],
    $8::text[], $9::text[])
    as t(integration, name, due_at, then_at, run, label, actor, started_details, skipped_details)
), held as (
  select s.*, t.due_at, t.then_at, t.run, t.label, t.actor, t.started_details, t.skipped_details
  from schedules s join input t on (t.integration, t.name) = (s.integration, s.name)
  -- Whoever waited for the lock finds that somebody else has moved it on.
  where s.next_run_at = t.due_at order by s.integration, s.name for update of s
), started as (
  ${runInsert({ id: 's.run', label: 's.label', actor: 's.actor' })}
  order by s.integration, s.name
  on conflict (integration, schedule) do nothing
  returning integration, schedule
), moved as (
  update schedules s
  set next_run_at = h.then_at, last_run_at = now(), last_batch = null,
    last_outcome = case when r.schedule is null then 'skipped' else 'running' end,
    last_reason = case when r.schedule is null then 'The run before it was still open.' end
  from held h left join started r on (r.integration, r.schedule) = (h.integration, h.name)
  where (s.integration, s.name) = (h.integration, h.name)
  returning s.integration, s.name, r.schedule is not null as started, h.actor, h.started_details, h.skipped_details
), audited as (
  ${auditColumns}
  select errand_uuid_v7(), i.account, m.actor->>'type', m.actor->>'id', m.actor->>'name',
    case when m.started then 'schedule.started' else 'schedule.skipped' end, 'schedule', m.integration || '/' || m.name,
    (case when m.started then m.started_details else m.skipped_details end)::json
  from moved m join integrations i on i.id = m.integration
)
select integration, name, started from moved`;

/** Begins a run of each, or notes that it was skipped, and moves on when it is due. */
export async function fireSchedules(database: Database, firings: readonly Firing[]): Promise<Fired[]> {
  const { rows } = await database.query<Fired>({
    name: 'fire-schedules',
    text: fireSql,
    values: [
      firings.map((each) => each.integration),
      firings.map((each) => each.name),
      firings.map((each) => each.dueAt),
      firings.map((each) => each.nextRunAt),
      firings.map((each) => each.run),
      firings.map((each) => each.label),
      firings.map((each) => JSON.stringify(each.actor)),
      firings.map((each) => JSON.stringify(each.details.started)),
      firings.map((each) => JSON.stringify(each.details.skipped)),
    ],
  });
  return rows;
}
