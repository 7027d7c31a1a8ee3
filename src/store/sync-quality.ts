/** A run that has not begun so long after it was due is not late but missing. Also what a change of the clocks shifts. */
const lateAfter = `interval '1 hour'`;

/**
 * SQL: how good the last sync of the integration `i` is; null before any.
 *
 * - `stale`: an enabled schedule is overdue. Its next run was due an hour ago and has not begun; or none has been
 *   complete for two runs, the one before the last lying about as long before it as the next lies after it (of an
 *   irregular cron expression that is an estimate). While a schedule is disabled, it misses nothing.
 * - `partial`: the newest finished batch could not have all that it asked for.
 * - `complete`: otherwise.
 *
 * Scalar sub-queries, each one look-up by an index: `exists` the planner may turn into a scan of all schedules.
 */
export const syncQuality = `case
  when i.last_sync_at is null then null
  when (select true from schedules s where s.integration = i.id and s.enabled and (
      s.next_run_at < now() - ${lateAfter}
      or greatest(s.complete_run_at, s.enabled_since) < s.last_run_at - (s.next_run_at - s.last_run_at) - ${lateAfter}
    ) limit 1) then 'stale'
  when (select b.outcome from batches b where b.integration = i.id and b.outcome is not null
    order by b.id desc limit 1) in ('partial', 'failed') then 'partial'
  else 'complete' end`;
