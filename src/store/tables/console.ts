import { index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { Actor } from '../../contract/audit.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { Lane } from '../../contract/lane.ts';
import { bytea, moment } from './columns.ts';

/**
 * What happened within a minute, an hour and a day of UTC, added up by the processes that did it. Minutes are kept for
 * three days. A process that is killed takes the last seconds of its own with it.
 */
export const statistics = pgTable(
  'statistics',
  {
    width: text().notNull().$type<'minute' | 'hour' | 'day'>(),
    at: moment('at').notNull(),
    integration: text().notNull(),
    command: text().notNull(),
    lane: text().notNull().$type<Lane>(),
    succeeded: integer().notNull(),
    failed: integer().notNull(),
    absent: integer().notNull(),
    attempts: integer().notNull(),
    retried: integer().notNull(),
    /** Attempts that were sent, by how long they took: see `judging/durations`. */
    durations: integer().array().notNull(),
    byCode: jsonb('by_code').notNull().$type<Partial<Record<ErrorCode, number>>>(),
  },
  (table) => [
    primaryKey({ columns: [table.width, table.at, table.integration, table.command, table.lane] }),
    index('statistics_by_integration').on(table.integration, table.width, table.at),
  ],
);

/** What a person has seen of what is wrong. */
export const problemAcknowledgements = pgTable(
  'problem_acknowledgements',
  {
    integration: text().notNull(),
    command: text().notNull(),
    code: text().notNull().$type<ErrorCode>(),
    at: moment('at').notNull().defaultNow(),
    by: jsonb().notNull().$type<Actor>(),
    note: text(),
    /** The newest invocation that was seen. */
    upTo: uuid('up_to'),
  },
  (table) => [primaryKey({ columns: [table.integration, table.command, table.code] })],
);

/** Ways in for customers' own admins: a ticket that opens a session once. */
export const portalSessions = pgTable('portal_sessions', {
  id: uuid().primaryKey(),
  account: text().notNull(),
  role: text().notNull().$type<'configurer'>(),
  /** SHA-256 of the ticket. */
  ticketHash: bytea('ticket_hash').notNull().unique(),
  /** The API key that made it (`bootstrap`: the one that is configured): when that is not good any more, neither is this. */
  keyId: text('key_id').notNull(),
  createdBy: jsonb('created_by').notNull().$type<Actor>(),
  createdAt: moment('created_at').notNull().defaultNow(),
  openBefore: moment('open_before').notNull(),
  expiresAt: moment('expires_at').notNull(),
  openedAt: moment('opened_at'),
});
