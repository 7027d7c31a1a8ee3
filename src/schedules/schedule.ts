import type { Actor } from '../contract/audit.ts';
import type { RunOutcome, Schedule, ScheduleBody, ScheduleItem, ScheduleSource } from '../contract/schedule.ts';

/** What a schedule runs, and when. */
export type ScheduleDefinition = {
  command: string;
  cron: string;
  timezone: string;
  enabled: boolean;
  spreadSeconds: number;
  finishWithinSeconds: number | null;
  items: ScheduleItem[] | null;
  source: ScheduleSource | null;
};

/** What a body asks for, with the defaults of what it leaves out. */
export function definitionOf(body: ScheduleBody): ScheduleDefinition {
  // As it comes back from the database, so that it can be compared with what is there: fields without a value are gone.
  return JSON.parse(
    JSON.stringify({
      command: body.command,
      cron: body.cron,
      timezone: body.timezone ?? 'UTC',
      enabled: body.enabled ?? true,
      spreadSeconds: body.spreadSeconds ?? 0,
      finishWithinSeconds: body.finishWithinSeconds ?? null,
      items: body.items ?? null,
      source: body.source ?? null,
    }),
  );
}

export type StoredSchedule = ScheduleDefinition & {
  integration: string;
  name: string;
  nextRunAt: Date | null;
  lastRunAt: Date | null;
  lastBatch: string | null;
  lastOutcome: RunOutcome | null;
  lastReason: string | null;
};

/**
 * A run of a schedule that has not ended. Every arrow is one guarded statement in store/; that there is one run of a
 * schedule at most is the table's key.
 *
 *   due | run by a person ──► collecting ──batch started──► batch open ──batch ended──► gone: clean | partial | failed |
 *                              │   ▲ │                                                        cancelled
 *                    next page └───┘ ├──no items──► gone: clean
 *                                    └──a page failed, or does not fit──► gone: failed
 */
export type OpenRun = {
  id: string;
  integration: string;
  schedule: string;
  account: string;
  label: string;
  actor: Actor;
  command: string;
  items: ScheduleItem[] | null;
  source: ScheduleSource | null;
  finishBy: Date | null;
  /** Is `finishBy` over, by the database's clock? */
  late: boolean;
  /** When the last complete run before this one started. */
  completeRunAt: Date | null;
  /** The latest page of its source that was asked for, from 1 on; 0: none yet. */
  page: number;
  pageInvocation: string | null;
};

export type EndedRun = { outcome: Exclude<RunOutcome, 'running' | 'skipped'>; reason: string | null };

export function scheduleActor(integration: string, name: string): Actor {
  return { type: 'system', id: `schedule:${integration}/${name}`, name: `schedule ${name}` };
}

/** The contract's form. */
export function presentSchedule(stored: StoredSchedule): Schedule {
  const { lastRunAt, lastBatch, lastOutcome, lastReason } = stored;
  const { name, command, cron, timezone, enabled, spreadSeconds, finishWithinSeconds, items, source } = stored;
  return {
    name,
    command,
    cron,
    timezone,
    enabled,
    spreadSeconds,
    finishWithinSeconds,
    items,
    source,
    nextRunAt: stored.nextRunAt?.toISOString() ?? null,
    lastRun:
      lastRunAt === null || lastOutcome === null
        ? null
        : { at: lastRunAt.toISOString(), batch: lastBatch, outcome: lastOutcome, reason: lastReason },
  };
}

/** Clocks of two machines differ, and a change may be committed a while after the time it carries. */
const defaultOverlapSeconds = 300;

/**
 * `errand.since` of a run: when the last complete run before it started, less the overlap; before there was one,
 * `initialSince`; or empty. Only complete runs of the schedule itself count: what a click fetched at noon moved Last Sync,
 * but says nothing of what else had changed by then.
 */
export function sinceOf({ initialSince, overlapSeconds }: ScheduleSource, completeRunAt: Date | null): string {
  if (completeRunAt !== null) {
    return new Date(completeRunAt.getTime() - (overlapSeconds ?? defaultOverlapSeconds) * 1000).toISOString();
  }
  return initialSince === undefined ? '' : new Date(initialSince).toISOString();
}
