import { sql } from 'drizzle-orm';
import { boolean, index, integer, json, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type {
  EndpointEvent,
  NotificationError,
  NotificationEvent,
  NotificationStatus,
} from '../../contract/notification.ts';
import { moment } from './columns.ts';

/** Operators' URLs that are told of events. */
export const notificationEndpoints = pgTable('notification_endpoints', {
  id: uuid().primaryKey(),
  name: text(),
  url: text().notNull(),
  events: text().array().notNull().$type<EndpointEvent[]>(),
  /** `{*}`: all. */
  accounts: text().array().notNull(),
  enabled: boolean().notNull().default(true),
  disabledReason: text('disabled_reason'),
  /** When what was sent to it first failed, with nothing delivered since. */
  failingSince: moment('failing_since'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

/** What webhooks are signed with: an endpoint's own (`endpoint/<id>`), or an account's for its callbacks (`account/<name>`). */
export const signingSecrets = pgTable('signing_secrets', {
  owner: text().primaryKey(),
  sealed: text().notNull(),
  /** The one before, good until then. */
  previousSealed: text('previous_sealed'),
  previousUntil: moment('previous_until'),
});

/**
 * One message to one URL, staged by the transaction that did what it tells of (the functions and triggers of its
 * migration). `due_at` is not null exactly while it is pending; while it is being sent, it is when somebody else may.
 */
export const notifications = pgTable(
  'notifications',
  {
    id: uuid().primaryKey(),
    /** `null`: a callback. */
    endpoint: uuid(),
    /** Whose keys may see it: its endpoint's accounts, or a callback's. */
    accounts: text().array().notNull(),
    event: text().notNull().$type<NotificationEvent>(),
    account: text(),
    subjectType: text('subject_type').notNull(),
    subjectId: text('subject_id').notNull(),
    url: text().notNull(),
    /** Whom it must not hold up alone: its endpoint, or a callback's host. */
    target: text().notNull(),
    /** Tells an event from the next of its kind: an endpoint is told of each once. */
    dedupeKey: text('dedupe_key'),
    /** As it was when it happened; `json`, for a token value may hold U+0000. */
    data: json().notNull(),
    status: text().notNull().$type<NotificationStatus>().default('pending'),
    /** All tries; guards what is recorded. */
    attempts: integer().notNull().default(0),
    /** Since it was staged, or retried by a person. */
    tried: integer().notNull().default(0),
    dueAt: moment('due_at').defaultNow(),
    lastAttemptAt: moment('last_attempt_at'),
    lastStatus: integer('last_status'),
    lastError: jsonb('last_error').$type<NotificationError>(),
    createdAt: moment('created_at').notNull().defaultNow(),
    endedAt: moment('ended_at'),
  },
  (table) => [
    index('notifications_due').on(table.target, table.dueAt).where(sql`${table.dueAt} is not null`),
    uniqueIndex('notifications_once').on(table.endpoint, table.dedupeKey).where(sql`${table.endpoint} is not null`),
    index('notifications_by_endpoint').on(table.endpoint, table.id).where(sql`${table.endpoint} is not null`),
    index('notifications_callbacks').on(table.subjectId, table.id).where(sql`${table.endpoint} is null`),
    index('notifications_failed').on(table.id).where(sql`${table.status} = 'failed'`),
  ],
);

/** Batches of runs that have ended, until it is told that the run has, or another batch of it goes on. */
export const runEndings = pgTable('run_endings', {
  batch: uuid().primaryKey(),
  run: text().notNull(),
  account: text().notNull(),
  at: moment('at').notNull().defaultNow(),
});
