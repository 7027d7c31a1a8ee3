import { isDeepStrictEqual } from 'node:util';
import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import type { ListedSchedule, Schedule, ScheduleBody, ScheduleFilter } from '../contract/schedule.ts';
import type { AssembleDependencies } from '../integrations/assemble.ts';
import { createDetails } from '../integrations/audit-details.ts';
import { type Cursors, paginate } from '../integrations/paginate.ts';
import { requireIntegration } from '../integrations/scope.ts';
import type { StoredConfiguration } from '../integrations/stored.ts';
import { requireRunnable } from './check.ts';
import { dateIn } from './cron.ts';
import { definitionOf, presentSchedule, type ScheduleDefinition, type StoredSchedule } from './schedule.ts';
import { cadenceOf, nextRun } from './spread.ts';

/** An integration and one of its schedules, as they are at one moment of the database's clock. */
export type ScheduleNow = { configuration: StoredConfiguration | null; schedule: StoredSchedule | null; at: Date };

export type ScheduleChange =
  | { save: ScheduleDefinition & { nextRunAt: Date | null }; audit: AuditRecord }
  | { remove: true; audit: AuditRecord };

/** A run that a person begins. */
export type NewRun = { id: string; integration: string; schedule: string; label: string; actor: Actor };

export type ScheduleStore = {
  list(integration: string): Promise<StoredSchedule[]>;
  /** Of all integrations there are within the accounts, by integration and name. */
  page(accounts: KeyAccounts, filter: ScheduleFilter, query: PageQuery): Promise<Page<StoredSchedule>>;
  /**
   * One transaction: locks the integration, lets `decide` see it and the schedule, carries out what it answers with the
   * audit entry. `decide` answers `null` to leave all as it is, and throws to refuse.
   *
   * @returns the schedule afterwards
   */
  change(
    integration: string,
    name: string,
    decide: (now: ScheduleNow) => ScheduleChange | null,
  ): Promise<StoredSchedule | null>;
  /** Begins a run with its audit entry; `false` if one is open, or the schedule is gone. */
  start(run: NewRun, audit: AuditRecord): Promise<boolean>;
};

export type SchedulesDependencies = AssembleDependencies & {
  store: ScheduleStore;
  loadIntegration: (id: string) => Promise<StoredConfiguration | null>;
  cursors: Cursors;
  newId: () => string;
  now: () => number;
};

export type Schedules = ReturnType<typeof createSchedules>;

/** Schedules, as people see, save and run them. What lies outside a key's accounts is refused like what does not exist. */
export function createSchedules(dependencies: SchedulesDependencies) {
  const { store, loadIntegration, cursors, newId, now } = dependencies;
  const details = createDetails(dependencies);

  async function require(scope: KeyAccounts, id: string, name: string) {
    const configuration = requireIntegration(scope, id, await loadIntegration(id));
    const schedule = (await store.list(id)).find((one) => one.name === name);
    if (schedule === undefined) throw noSchedule(id, name);
    return { configuration, schedule };
  }

  async function get(scope: KeyAccounts, id: string, name: string): Promise<Schedule> {
    return presentSchedule((await require(scope, id, name)).schedule);
  }

  return {
    /** By name. @throws Refusal `not-found` */
    async list(scope: KeyAccounts, id: string, query: PageQuery): Promise<Page<Schedule>> {
      requireIntegration(scope, id, await loadIntegration(id));
      return paginate((await store.list(id)).map(presentSchedule), query, cursors);
    },

    /** Those of all integrations, by integration and name. */
    async listAll(scope: KeyAccounts, filter: ScheduleFilter, query: PageQuery): Promise<Page<ListedSchedule>> {
      const { items, nextCursor } = await store.page(scope, filter, query);
      const listed = items.map((one) => ({ integration: one.integration, ...presentSchedule(one) }));
      return { items: listed, nextCursor };
    },

    /** @throws Refusal `not-found` */
    get,

    /**
     * Makes or replaces a schedule. A run that is open goes on as it began; when the next one is due is asked anew only
     * if that was changed. Saving what is there already changes nothing.
     *
     * @throws Refusal `not-found` (the integration), `invalid` with all that is wrong
     */
    async put(scope: KeyAccounts, actor: Actor, id: string, name: string, body: ScheduleBody): Promise<Schedule> {
      const definition = definitionOf(body);
      const saved = await store.change(id, name, ({ configuration, schedule, at }) => {
        const current = requireIntegration(scope, id, configuration);
        const before = schedule === null ? null : definitionOfStored(schedule);
        if (isDeepStrictEqual(before, definition)) return null;
        requireRunnable(definition, current);
        const shown = { before: before === null ? null : forAudit(before), after: forAudit(definition) };
        return {
          save: { ...definition, nextRunAt: nextRunOf(definition, { integration: id, name, schedule, at }) },
          audit: entry(current, actor, 'schedule.saved', name, details(current, shown)),
        };
      });
      if (saved === null) throw noSchedule(id, name);
      return presentSchedule(saved);
    },

    /** Deletes it. Its batches go on; items that are being collected are not run. @throws Refusal `not-found` */
    async remove(scope: KeyAccounts, actor: Actor, id: string, name: string): Promise<void> {
      await store.change(id, name, ({ configuration, schedule }) => {
        const current = requireIntegration(scope, id, configuration);
        if (schedule === null) throw noSchedule(id, name);
        const shown = details(current, { before: forAudit(definitionOfStored(schedule)) });
        return { remove: true, audit: entry(current, actor, 'schedule.deleted', name, shown) };
      });
    },

    /**
     * Runs it now, enabled or not; when it is due next stays as it is.
     *
     * @throws Refusal `not-found`; `conflict` while a run of it is open
     */
    async run(scope: KeyAccounts, actor: Actor, id: string, name: string): Promise<Schedule> {
      const { configuration, schedule } = await require(scope, id, name);
      const run = { id: newId(), integration: id, schedule: name, label: labelOf(schedule, now()), actor };
      const audit = entry(configuration, actor, 'schedule.started', name, { run: run.id, label: run.label });
      if (await store.start(run, audit)) return get(scope, id, name);
      await require(scope, id, name);
      throw new Refusal('conflict', `A run of schedule "${name}" is open; there is one at a time.`);
    },
  };
}

/** What all batches of one night are called, over all integrations whose schedules have the same name. */
export function labelOf({ name, timezone }: { name: string; timezone: string }, dueAt: number): string {
  return `${name}-${dateIn(timezone, dueAt)}`;
}

function definitionOfStored(stored: StoredSchedule): ScheduleDefinition {
  const { command, cron, timezone, enabled, spreadSeconds, finishWithinSeconds, items, source } = stored;
  return { command, cron, timezone, enabled, spreadSeconds, finishWithinSeconds, items, source };
}

function nextRunOf(
  definition: ScheduleDefinition,
  { integration, name, schedule, at }: { integration: string; name: string; schedule: StoredSchedule | null; at: Date },
): Date | null {
  if (!definition.enabled) return null;
  const timing = ['cron', 'timezone', 'spreadSeconds', 'enabled'] as const;
  // One that is due this very moment must not lose its turn because somebody saves another field.
  if (schedule !== null && timing.every((field) => schedule[field] === definition[field])) return schedule.nextRunAt;
  return nextRun(cadenceOf({ integration, name, ...definition }), at);
}

function noSchedule(integration: string, name: string): Refusal {
  return new Refusal('not-found', `Integration "${integration}" has no schedule "${name}".`);
}

/** Items of which an audit entry tells one by one. */
const maxShownItems = 100;

function forAudit({ items, ...definition }: ScheduleDefinition): Record<string, unknown> {
  return { ...definition, items: items !== null && items.length > maxShownItems ? { count: items.length } : items };
}

function entry(
  { integration }: StoredConfiguration,
  actor: Actor,
  action: AuditRecord['action'],
  name: string,
  details: Record<string, unknown>,
): AuditRecord {
  const subject = { type: 'schedule', id: `${integration.id}/${name}` };
  return { account: integration.account, actor, action, subject, details };
}
