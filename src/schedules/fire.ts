import type { Actor } from '../contract/audit.ts';
import { scheduleActor } from './schedule.ts';
import { cadenceOf, countRuns, nextRun } from './spread.ts';
import { labelOf } from './use-cases.ts';

/** A schedule that is due, as it was read: the statement that fires it checks `nextRunAt` again. */
export type DueSchedule = {
  integration: string;
  name: string;
  cron: string;
  timezone: string;
  spreadSeconds: number;
  nextRunAt: Date;
  /** The database's clock. */
  now: Date;
  /** The run that is open, if there is one. */
  openRun: string | null;
  openSince: Date | null;
};

/** What becomes of a due schedule: a run begins, or is skipped if one is open; either way it is due again later. */
export type Firing = {
  integration: string;
  name: string;
  dueAt: Date;
  nextRunAt: Date;
  run: string;
  label: string;
  actor: Actor;
  /** For the audit entry, whichever it will be. */
  details: { started: Record<string, unknown>; skipped: Record<string, unknown> };
};

export type Fired = { integration: string; name: string; started: boolean };

export type FireDependencies = {
  due: (limit: number) => Promise<DueSchedule[]>;
  fire: (firings: readonly Firing[]) => Promise<Fired[]>;
  newId: () => string;
  log: Record<'info' | 'warn', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

/** Of one statement. */
const perStep = 100;
/** A pass looks every 2 s: what is later than this is late because nobody looked, and is said so. */
const lateMs = 60_000;
/** Missed times are counted for the audit log, not for ever. */
const mostCounted = 100;

/**
 * Fires what is due. However many times were missed while nothing ran, one run makes up for them: it fetches what the
 * others would have. Guarded by the moment that it is due for, so that of several processes one fires it.
 */
export async function fireDue(dependencies: FireDependencies): Promise<number> {
  const { log } = dependencies;
  let count = 0;
  for (;;) {
    const due = await dependencies.due(perStep);
    const fired = due.length === 0 ? [] : await dependencies.fire(due.map((each) => firingOf(each, dependencies)));
    for (const { integration, name, started } of fired) {
      const fields = { integration, schedule: name };
      if (started) log.info('schedule.started', fields, 'A schedule runs');
      else log.warn('schedule.skipped', fields, 'Skipped a run of a schedule: the one before it is still open');
    }
    count += fired.length;
    // Where others fire as well, there may be nothing left of a full page.
    if (due.length < perStep || fired.length === 0) return count;
  }
}

function firingOf(due: DueSchedule, { newId }: FireDependencies): Firing {
  const { integration, name, nextRunAt: dueAt, now } = due;
  const cadence = cadenceOf(due);
  const run = newId();
  const label = labelOf(due, dueAt.getTime() - cadence.spreadMs);
  const late = now.getTime() - dueAt.getTime() > lateMs;
  const missed = late ? countRuns(cadence, dueAt, now, mostCounted) : 0;
  return {
    integration,
    name,
    dueAt,
    nextRunAt: nextRun(cadence, now),
    run,
    label,
    actor: scheduleActor(integration, name),
    details: {
      started: { run, label, dueAt, ...(late ? { catchUp: true, missed } : {}) },
      skipped: { dueAt, openRun: due.openRun, openSince: due.openSince },
    },
  };
}
