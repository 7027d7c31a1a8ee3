import { bigint, boolean, index, integer, json, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Actor } from '../../contract/audit.ts';
import { bytea, moment } from './columns.ts';

/** Append-only; partitioned by month of its UUIDv7 id. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: uuid().primaryKey(),
    /** Its place in the order in which entries are sealed; the default is `errand_next_audit_seq()`. */
    seq: bigint({ mode: 'number' }).notNull(),
    at: moment('at').notNull().defaultNow(),
    account: text(),
    actorType: text('actor_type').notNull().$type<Actor['type']>(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name'),
    action: text().notNull(),
    subjectType: text('subject_type').notNull(),
    subjectId: text('subject_id').notNull(),
    details: json().notNull().$type<Record<string, unknown>>(),
  },
  (table) => [
    index('audit_log_by_subject').on(table.subjectType, table.subjectId, table.id),
    index('audit_log_by_account').on(table.account, table.id),
    index('audit_log_by_seq').on(table.seq),
  ],
);

/**
 * Seals over ranges of the audit log, each over the one before it: an entry that is changed, removed or added later does
 * not fit any more. Append-only.
 */
export const auditSeals = pgTable(
  'audit_seals',
  {
    number: bigint({ mode: 'number' }).primaryKey(),
    /** It covers the entries after `from_seq`, up to and with `to_seq`. */
    fromSeq: bigint('from_seq', { mode: 'number' }).notNull(),
    toSeq: bigint('to_seq', { mode: 'number' }).notNull(),
    /** Of people and configuration: how many, and SHA-256 over the entries' own, in their order. */
    entries: integer().notNull(),
    digest: bytea().notNull(),
    /** Those of executions apart, for they are removed sooner. */
    executions: integer().notNull(),
    executionsDigest: bytea('executions_digest').notNull(),
    /** SHA-256 over this range and the head before it: vouches for all that came before. */
    head: bytea().notNull(),
    /** Which of ERRAND_SECRET_KEYS the seal was made with. */
    keyId: text('key_id').notNull(),
    /** HMAC-SHA-256 of the head. */
    seal: bytea().notNull(),
    at: moment('at').notNull(),
  },
  (table) => [index('audit_seals_by_time').on(table.at)],
);

/** One row, that only the owner of the tables writes: no entry or seal that is younger is removed, whoever asks for it. */
export const auditFloor = pgTable('audit_floor', {
  one: boolean().primaryKey().default(true),
  days: integer().notNull().default(1),
});

/** Up to which seal entries were removed when their retention was over; signed, so that nobody else can say so. */
export const auditCheckpoints = pgTable('audit_checkpoints', {
  /** `executions`: entries of executions; `all`: everything, the seals too. */
  kind: text().primaryKey().$type<'executions' | 'all'>(),
  upTo: bigint('up_to', { mode: 'number' }).notNull(),
  /** The last number under that seal, and its head. */
  toSeq: bigint('to_seq', { mode: 'number' }).notNull(),
  head: bytea().notNull(),
  keyId: text('key_id').notNull(),
  seal: bytea().notNull(),
  /** The number up to which removing has come; not signed. */
  removedTo: bigint('removed_to', { mode: 'number' }).notNull(),
  at: moment('at').notNull().defaultNow(),
});
