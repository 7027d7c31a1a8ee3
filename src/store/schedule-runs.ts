import type { AuditRecord } from '../audit/entry.ts';
import type { PageAnswer } from '../schedules/collect.ts';
import type { EndedRun, OpenRun } from '../schedules/schedule.ts';
import { auditInsert, auditValues } from './audit.ts';
import type { Database } from './database.ts';

/**
 * Takes up to `limit` runs that are being collected and whose next step can be taken: the page that was asked for has
 * ended, or there is none. A run belongs to a worker until it lets go, or its heartbeat stops.
 *
 * @param busy those that this worker has already
 */
export async function takeRuns(
  database: Database,
  worker: string,
  { busy, silentForMs, limit }: { busy: readonly string[]; silentForMs: number; limit: number },
): Promise<OpenRun[]> {
  const { rows } = await database.query<OpenRun>({
    name: 'take-schedule-runs',
    text: `
with free as (
  select r.integration, r.schedule from schedule_runs r
  where r.batch is null and r.id <> all($2::uuid[])
    and (r.collector is null or r.collector = $1 or not exists (
      select 1 from workers w where w.id = r.collector and w.heartbeat_at > now() - $3 * interval '1 millisecond'))
    and (r.page_invocation is null or exists (
      select 1 from invocations i where i.id = r.page_invocation and i.status in ('succeeded', 'failed', 'cancelled')))
  order by r.at, r.integration, r.schedule limit $4 for update of r skip locked
), taken as (
  update schedule_runs r set collector = $1 from free f
  where (r.integration, r.schedule) = (f.integration, f.schedule)
  returning r.*
)
select t.id, t.integration, t.schedule, i.account, t.label, t.actor, t.command, t.items, t.source,
  t.finish_by as "finishBy", coalesce(t.finish_by <= now(), false) as late, t.complete_run_at as "completeRunAt", t.page,
  t.page_invocation as "pageInvocation"
from taken t join integrations i on i.id = t.integration order by t.at`,
    values: [worker, busy, silentForMs, limit],
  });
  return rows;
}

/** The pages of a run, in order: the invocation of each, and the hash of what it was asked for by. */
export async function pagesOfRun(database: Database, run: string): Promise<{ invocation: string; next: Buffer }[]> {
  const { rows } = await database.query<{ invocation: string; next: Buffer }>(
    'select invocation, next from schedule_pages where run = $1 order by number',
    [run],
  );
  return rows;
}

/** Notes the page that is asked for now, and lets go of the run. */
export async function addPage(
  database: Database,
  worker: string,
  run: string,
  page: { number: number; invocation: string; next: Buffer },
): Promise<void> {
  await database.query(
    `with moved as (
       update schedule_runs set page = $3, page_invocation = $4, collector = null
       where id = $1 and collector = $2 and page = $3 - 1 returning id
     )
     insert into schedule_pages (run, number, invocation, next) select id, $3, $4, $5 from moved`,
    [run, worker, page.number, page.invocation, page.next],
  );
}

/** The run's batch is accepted: from here on its end is the run's. */
export async function noteBatch(database: Database, worker: string, run: OpenRun, batch: string): Promise<void> {
  await database.query(
    `with held as (
       select integration, name from schedules where integration = $3 and name = $4 for update
     ), moved as (
       update schedule_runs r set batch = $5, collector = null from held h
       where (r.integration, r.schedule) = (h.integration, h.name) and r.id = $1 and r.collector = $2
       returning r.integration, r.schedule, r.at
     )
     update schedules s set last_run_at = m.at, last_batch = $5, last_outcome = 'running', last_reason = null
     from moved m where (s.integration, s.name) = (m.integration, m.schedule)`,
    [run.id, worker, run.integration, run.schedule, batch],
  );
}

/**
 * The runs in the CTE `ended` (`integration`, `schedule`, `id`, `outcome`, `reason`), whose schedules are locked, are
 * over. The pages are not kept as newest results of their command: each has tokens of its own, so they would pile up.
 */
const forgetEnded = `
, gone as (
  delete from schedule_runs r using ended e
  where (r.integration, r.schedule) = (e.integration, e.schedule) and r.id = e.id
  returning r.integration, r.schedule, r.id, r.at, r.batch, r.source->>'command' as lister, e.outcome, e.reason
), pages as (
  delete from schedule_pages p using gone g where p.run = g.id returning p.invocation, g.integration, g.lister
), newest as (
  select l.integration, l.command, l.fingerprint
  from latest_results l join pages p on (l.integration, l.command, l.invocation) = (p.integration, p.lister, p.invocation)
  order by l.integration, l.command, l.fingerprint for update of l
), forgotten as (
  delete from latest_results l using newest n
  where (l.integration, l.command, l.fingerprint) = (n.integration, n.command, n.fingerprint)
), moved as (
  update schedules s
  set last_run_at = g.at, last_batch = g.batch, last_outcome = g.outcome, last_reason = g.reason,
    complete_run_at = case when g.outcome = 'clean' then g.at else s.complete_run_at end
  from gone g where (s.integration, s.name) = (g.integration, g.schedule)
)`;

const endSql = `
with held as (
  select integration, name from schedules where integration = $3 and name = $4 for update
), ended as (
  select r.integration, r.schedule, r.id, $5::text as outcome, $6::text as reason
  from schedule_runs r join held h on (h.integration, h.name) = (r.integration, r.schedule)
  where r.id = $1 and r.collector = $2
)${forgetEnded}`;

/** Ends a run without a batch, if it is this worker's still: there was nothing to run, or it failed. */
export async function endRun(
  database: Database,
  worker: string,
  run: OpenRun,
  { outcome, reason }: EndedRun,
  audit: AuditRecord | null,
): Promise<void> {
  const values = [run.id, worker, run.integration, run.schedule, outcome, reason];
  if (audit === null) {
    await database.query(`${endSql} select id from gone`, values);
    return;
  }
  await database.query(
    `${endSql}, audited as (${auditInsert(7)} where exists (select 1 from gone)) select id from gone`,
    [...values, ...auditValues(audit)],
  );
}

/** Ends the runs whose batches have ended, each with its batch's outcome. */
export async function endRunsOfEndedBatches(database: Database, limit: number): Promise<EndedSchedule[]> {
  const { rows } = await database.query<EndedSchedule>({
    name: 'end-runs-of-ended-batches',
    text: `
with ended as (
  select r.integration, r.schedule, r.id, null::text as reason,
    case when b.status = 'cancelled' then 'cancelled' else coalesce(b.outcome, 'failed') end as outcome
  from schedules s join schedule_runs r on (r.integration, r.schedule) = (s.integration, s.name)
  left join batches b on b.id = r.batch
  where r.batch is not null and (b.id is null or b.status in ('finished', 'cancelled'))
  -- Schedules are locked before their runs, here as where they fire.
  order by s.integration, s.name limit $1 for update of s skip locked
)${forgetEnded}
select integration, schedule, batch, outcome from gone`,
    values: [limit],
  });
  return rows;
}

export type EndedSchedule = { integration: string; schedule: string; batch: string; outcome: string };

/** How the invocation of a page has come out. */
export async function pageAnswer(database: Database, invocation: string): Promise<PageAnswer | null> {
  const { rows } = await database.query<PageAnswer>({
    name: 'page-answer',
    text: `
select i.status, i.error, b.bytes
from invocations i
left join lateral (
  select a.sha256 from attempts a where a.invocation = i.id order by a.number desc limit 1
) last on i.status = 'succeeded'
left join blobs b on b.sha256 = last.sha256
where i.id = $1`,
    values: [invocation],
  });
  return rows[0] ?? null;
}
