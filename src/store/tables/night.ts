import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, json, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { Actor } from '../../contract/audit.ts';
import type { BatchOutcome, BatchStatus } from '../../contract/batch.ts';
import type { Failure } from '../../contract/errors.ts';
import type { Lane } from '../../contract/lane.ts';
import type { RunOutcome, ScheduleItem, ScheduleSource } from '../../contract/schedule.ts';
import type { FailureKind } from '../../judging/breaker.ts';

import { bytea, moment } from './columns.ts';

/** Many invocations of one command, handed over together. */
export const batches = pgTable(
  'batches',
  {
    id: uuid().primaryKey(),
    account: text().notNull(),
    integration: text().notNull(),
    command: text().notNull(),
    run: text(),
    schedule: text(),
    status: text().notNull().$type<BatchStatus>(),
    outcome: text().$type<BatchOutcome>(),
    total: integer().notNull().default(0),
    /** The ids of its invocations lie between these, with those of others among them. */
    firstId: uuid('first_id'),
    lastId: uuid('last_id'),
    /** No attempt begins after this. */
    finishBy: moment('finish_by'),
    idempotencyKey: text('idempotency_key'),
    /** Identifies what was handed over under the key. */
    fingerprint: bytea(),
    /** Whom to tell when all of it has ended. */
    callbackUrl: text('callback_url'),
    warnings: text().array().notNull().default([]),
    createdBy: jsonb('created_by').notNull().$type<Actor>(),
    /** While it is receiving: when the last of its items came. One that went silent is deleted. */
    receivedAt: moment('received_at').notNull().defaultNow(),
    /** The sweep of its leftovers: when a job was last added for it, which worker has it, how many jobs there were. */
    sweepRungAt: moment('sweep_rung_at'),
    sweepWorker: uuid('sweep_worker'),
    sweepGeneration: integer('sweep_generation').notNull().default(0),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('batches_open').on(table.id).where(sql`${table.finishedAt} is null`),
    index('batches_by_integration').on(table.integration, table.id),
    index('batches_by_account').on(table.account, table.id),
    index('batches_by_run').on(table.run, table.id).where(sql`${table.run} is not null`),
    index('batches_by_key')
      .on(table.integration, table.command, table.idempotencyKey)
      .where(sql`${table.idempotencyKey} is not null`),
  ],
);

/**
 * A batch in pieces of about 100 invocations, each a job when its turn comes. A range has one pass: what must be tried
 * again afterwards belongs to its batch's sweep. What has ended is counted here, so that nobody ever counts rows.
 */
export const batchRanges = pgTable(
  'batch_ranges',
  {
    batch: uuid().notNull(),
    number: integer().notNull(),
    firstId: uuid('first_id').notNull(),
    lastId: uuid('last_id').notNull(),
    size: integer().notNull(),
    /** `waiting` (no job), `rung` (a job was added), `running` (a worker has it), `passed` (none of it is queued). */
    status: text().notNull().$type<'waiting' | 'rung' | 'running' | 'passed'>().default('waiting'),
    worker: uuid(),
    generation: integer().notNull().default(0),
    rungAt: moment('rung_at'),
    /** Not to be rung for before this: its integration has used up its rate, or is asked to wait. */
    notBefore: moment('not_before'),
    succeeded: integer().notNull().default(0),
    /** Of `succeeded`: those whose bytes are the same as before. */
    unchanged: integer().notNull().default(0),
    absent: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    cancelled: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.batch, table.number] }),
    index('batch_ranges_waiting').on(table.batch, table.number).where(sql`${table.status} = 'waiting'`),
    index('batch_ranges_taken').on(table.batch, table.number).where(sql`${table.status} in ('rung', 'running')`),
  ],
);

/** A cron entry with a time zone that starts a batch. */
export const schedules = pgTable(
  'schedules',
  {
    integration: text().notNull(),
    name: text().notNull(),
    command: text().notNull(),
    cron: text().notNull(),
    timezone: text().notNull(),
    enabled: boolean().notNull(),
    spreadSeconds: integer('spread_seconds').notNull().default(0),
    finishWithinSeconds: integer('finish_within_seconds'),
    items: json().$type<ScheduleItem[]>(),
    source: json().$type<ScheduleSource>(),
    /** `null`: disabled. */
    nextRunAt: moment('next_run_at'),
    /** What happened last: a run began or ended (then this is when it had begun), or was skipped. */
    lastRunAt: moment('last_run_at'),
    lastBatch: uuid('last_batch'),
    lastOutcome: text('last_outcome').$type<RunOutcome>(),
    lastReason: text('last_reason'),
    /** When its last complete run started: where the next one's `errand.since` comes from. */
    completeRunAt: moment('complete_run_at'),
    /** Since when it has been enabled without a break: before that nothing was missed. */
    enabledSince: moment('enabled_since'),
    createdAt: moment('created_at').notNull().defaultNow(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.integration, table.name] }),
    index('schedules_due').on(table.nextRunAt).where(sql`${table.nextRunAt} is not null`),
  ],
);

/**
 * A run of a schedule that has not ended: its key lets there be only one. What it runs is kept as it was when it began.
 */
export const scheduleRuns = pgTable(
  'schedule_runs',
  {
    integration: text().notNull(),
    schedule: text().notNull(),
    id: uuid().notNull(),
    at: moment('at').notNull().defaultNow(),
    /** The label of its batch. */
    label: text().notNull(),
    actor: jsonb().notNull().$type<Actor>(),
    command: text().notNull(),
    items: json().$type<ScheduleItem[]>(),
    source: json().$type<ScheduleSource>(),
    finishBy: moment('finish_by'),
    /** The schedule's, when it began: `errand.since` is the same for all its pages. */
    completeRunAt: moment('complete_run_at'),
    /** The latest page of its source that was asked for, and the invocation that asks. */
    page: integer().notNull().default(0),
    pageInvocation: uuid('page_invocation'),
    /** The worker that takes its next step. */
    collector: uuid(),
    /** `null` while its items are collected. */
    batch: uuid(),
  },
  (table) => [primaryKey({ columns: [table.integration, table.schedule] })],
);

/** The pages of a run's source so far, and what each was asked for by, to notice one that comes round again. */
export const schedulePages = pgTable(
  'schedule_pages',
  {
    run: uuid().notNull(),
    number: integer().notNull(),
    invocation: uuid().notNull(),
    next: bytea().notNull(),
  },
  (table) => [primaryKey({ columns: [table.run, table.number] })],
);

/**
 * How an integration's endpoint behaves, for all workers: why its work is held, and what led to that. A row of its own
 * beside `integrations`, which people change and Last Sync moves.
 */
export const integrationFlow = pgTable(
  'integration_flow',
  {
    integration: text().primaryKey(),
    /** What it failed by without a success since, as often as `streak` says; of a held one, what it is held for. */
    streakKind: text('streak_kind').$type<FailureKind>(),
    streak: integer().notNull().default(0),
    /** Attempts since `window_since`, and those of them that failed as an unwell endpoint does; 0 failed: no window. */
    windowSince: moment('window_since').notNull().defaultNow(),
    windowTried: integer('window_tried').notNull().default(0),
    windowFailed: integer('window_failed').notNull().default(0),
    /** Why Errand holds it; `null`: it does not. */
    hold: jsonb().$type<Failure>(),
    heldSince: moment('held_since'),
    nextProbeAt: moment('next_probe_at'),
    /** Probes that failed since it is held. */
    probes: integer().notNull().default(0),
    /** The invocation that was let through last, to see whether it is well again: only its answer moves the hold. */
    probe: uuid(),
    /** When it was last released: what was sent before says nothing any more, and deadlines of what waited begin anew. */
    releasedAt: moment('released_at'),
    /** It asked (Retry-After) not to be sent anything before this. */
    notBefore: moment('not_before'),
  },
  (table) => [
    index('integration_flow_ailing').on(table.integration).where(sql`${table.streak} > 0 or ${table.windowFailed} > 0`),
  ],
);

/** How many exchanges a worker may have in flight with an integration, until the lease ends. */
export const slotLeases = pgTable(
  'slot_leases',
  {
    integration: text().notNull(),
    worker: uuid().notNull(),
    lane: text().notNull().$type<Lane>(),
    slots: integer().notNull(),
    /** How many it could use: where that is more than it has, the others give way. */
    wanted: integer().notNull(),
    until: moment('until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.integration, table.worker] })],
);

/** Requests allowed under one of an integration's rates, by slices of its period: what a sliding window adds up. */
export const rateGrants = pgTable(
  'rate_grants',
  {
    integration: text().notNull(),
    perSeconds: integer('per_seconds').notNull(),
    /** Which slice: the moment divided by the slice's length. */
    slice: bigint({ mode: 'number' }).notNull(),
    granted: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.integration, table.perSeconds, table.slice] })],
);
