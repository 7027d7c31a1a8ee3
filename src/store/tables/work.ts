import { sql } from 'drizzle-orm';
import { boolean, date, index, integer, json, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { Failure } from '../../contract/errors.ts';
import type { AttemptOutcome, InvocationStatus } from '../../contract/invocation.ts';
import type { Lane } from '../../contract/lane.ts';
import type { Tokens } from '../../contract/tokens.ts';
import type { Validators } from '../../judging/validators.ts';
import { bytea, moment } from './columns.ts';

/**
 * One use of a command. Partitioned by month of its UUIDv7 id.
 *
 * `due_at` is not null exactly while a single invocation is open, so the two partial indexes hold open rows only. It does
 * not change when the row is claimed, and `status`, `rung_at` and `worker` are in no index: claiming is a HOT update.
 *
 * Rows of a batch are found by their range, so theirs is null until one has to wait for another attempt: a row that
 * succeeds at once never leaves its page.
 */
export const invocations = pgTable(
  'invocations',
  {
    id: uuid().primaryKey(),
    account: text().notNull(),
    integration: text().notNull(),
    command: text().notNull(),
    lane: text().notNull().$type<Lane>(),
    status: text().notNull().$type<InvocationStatus>(),
    /** `json`, not `jsonb`: a token value may hold U+0000, which jsonb refuses. */
    tokens: json().notNull().$type<Tokens>(),
    /** The sensitive token values, sealed as one JSON object. */
    sealedTokens: text('sealed_tokens'),
    /** Identifies the values of the tokens that its request uses, so its result: see `Sealer.fingerprint`. */
    fingerprint: bytea().notNull(),
    reference: text(),
    idempotencyKey: text('idempotency_key'),
    configurationVersion: integer('configuration_version').notNull(),
    /** The latest attempt's number: never reused, so it fences off a worker that comes too late. */
    attempt: integer().notNull().default(0),
    /** Attempts that count against the command's `retry.attempts` since it was enqueued or retried by a person. */
    tried: integer().notNull().default(0),
    /** How often a worker died over it. */
    crashes: integer().notNull().default(0),
    /** Which `Idempotency-Key` is sent: 1 is the id, 2 is `<id>-2` … One more after a person's retry of a definite failure. */
    keyNumber: integer('key_number').notNull().default(1),
    /** Who holds it while it is running. */
    worker: uuid(),
    claimedAt: moment('claimed_at'),
    firstAttemptAt: moment('first_attempt_at'),
    dueAt: moment('due_at'),
    /** When a job was last added for it; null: nobody rang since it became due. */
    rungAt: moment('rung_at'),
    generation: integer().notNull().default(0),
    error: jsonb().$type<Failure>(),
    batch: uuid(),
    /** Which of its batch's ranges it lies in. */
    batchRange: integer('batch_range'),
    /** Whom to tell when it has ended; a trigger sees to it. */
    callbackUrl: text('callback_url'),
    /** The W3C Trace Context that it was accepted in; null: it has a trace of its own. */
    traceparent: text(),
    createdAt: moment('created_at').notNull().defaultNow(),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('invocations_due')
      .on(table.lane, table.dueAt)
      .where(sql`${table.dueAt} is not null and ${table.batch} is null`),
    index('invocations_due_by_integration')
      .on(table.integration, table.lane, table.dueAt)
      .where(sql`${table.dueAt} is not null and ${table.batch} is null`),
    index('invocations_due_by_batch')
      .on(table.batch, table.dueAt)
      .where(sql`${table.dueAt} is not null and ${table.batch} is not null`),
    index('invocations_failed_by_batch')
      .on(table.batch, table.id)
      .where(sql`${table.batch} is not null and ${table.error} is not null`),
    // What failed, or failed and is tried again; those that succeed at once are never in them.
    index('invocations_failed').on(table.id).where(sql`${table.error} is not null`),
    index('invocations_failed_by_kind')
      .on(table.integration, table.command, sql`(${table.error}->>'code')`, table.id)
      .where(sql`${table.error} is not null`),
    // Each row goes to its place at once: collected ones would be put there by whoever comes last, a click maybe.
    index('invocations_by_value').using('gin', sql`errand_search_values(${table.tokens})`).with({ fastupdate: false }),
    index('invocations_by_integration').on(table.integration, table.id),
    index('invocations_by_account').on(table.account, table.id),
    index('invocations_by_reference').on(table.reference, table.id).where(sql`${table.reference} is not null`),
  ],
);

/**
 * One HTTP exchange of an invocation; the one that succeeded is also its result. The request is not stored: it is
 * rendered again from the command's version, that configuration's variables, the tokens and what is kept here.
 * Partitioned by month of the invocation's id.
 */
export const attempts = pgTable(
  'attempts',
  {
    invocation: uuid().notNull(),
    number: integer().notNull(),
    /** The invocation's `key_number` at the time: for rendering the request again. */
    keyNumber: integer('key_number').notNull().default(1),
    commandVersion: integer('command_version'),
    configurationVersion: integer('configuration_version').notNull(),
    startedAt: moment('started_at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    outcome: text().notNull().$type<AttemptOutcome>(),
    /** Was a request handed to the network? False for what failed before, e.g. a rendering failure. */
    sent: boolean().notNull(),
    status: integer(),
    error: jsonb().$type<Failure>(),
    responseHeaders: jsonb('response_headers').$type<{ key: string; value: string }[]>(),
    responseBytes: integer('response_bytes'),
    bodyPreview: text('body_preview'),
    contentType: text('content_type'),
    sha256: bytea(),
    resultBytes: integer('result_bytes'),
    unchanged: boolean(),
    /** `errand.lastSync` as it was rendered. */
    lastSyncAt: moment('last_sync_at'),
    /** What it was made conditional by, as sent; null: it was not. */
    validators: jsonb().$type<Validators>(),
    /** Where the time of its exchange went; null where it did not come to that. */
    dnsMs: integer('dns_ms'),
    connectMs: integer('connect_ms'),
    tlsMs: integer('tls_ms'),
    firstByteMs: integer('first_byte_ms'),
    bodyMs: integer('body_ms'),
  },
  (table) => [primaryKey({ columns: [table.invocation, table.number] })],
);

/** Result bytes, once per SHA-256. */
export const blobs = pgTable(
  'blobs',
  {
    sha256: bytea().primaryKey(),
    bytes: bytea().notNull(),
    /** The last day a result referred to it anew: garbage collection leaves young ones alone. */
    seenOn: date('seen_on').notNull().defaultNow(),
  },
  (table) => [index('blobs_by_age').on(table.seenOn)],
);

/** The newest good result for each command and token values. */
export const latestResults = pgTable(
  'latest_results',
  {
    integration: text().notNull(),
    command: text().notNull(),
    fingerprint: bytea().notNull(),
    invocation: uuid().notNull(),
    attempt: integer().notNull(),
    sha256: bytea().notNull(),
    contentType: text('content_type'),
    /** What the answer said of itself, for asking conditionally the next time (RFC 9110 §13.1). */
    etag: text(),
    lastModified: text('last_modified'),
    /** What it was asked with: the validators are good for the same question only. */
    commandVersion: integer('command_version'),
    configurationVersion: integer('configuration_version'),
    at: moment('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.integration, table.command, table.fingerprint] }),
    // Are bytes still the newest of anything?
    index('latest_results_by_bytes').on(table.sha256),
  ],
);

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    integration: text().notNull(),
    command: text().notNull(),
    key: text().notNull(),
    invocation: uuid().notNull(),
    fingerprint: bytea().notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.integration, table.command, table.key] })],
);

/** Producers' own jobs that became invocations. Job ids restart after a FLUSHALL, hence the job's timestamp. */
export const adoptedJobs = pgTable(
  'adopted_jobs',
  {
    queue: text().notNull(),
    jobId: text('job_id').notNull(),
    jobTimestamp: moment('job_timestamp').notNull(),
    invocation: uuid().notNull(),
    adoptedAt: moment('adopted_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.queue, table.jobId, table.jobTimestamp] })],
);

/** Worker processes and their heartbeat: what a worker without one held is free again. */
export const workers = pgTable('workers', {
  id: uuid().primaryKey(),
  lane: text().notNull().$type<Lane>(),
  host: text().notNull(),
  pid: integer().notNull(),
  startedAt: moment('started_at').notNull().defaultNow(),
  heartbeatAt: moment('heartbeat_at').notNull().defaultNow(),
});

export const apiKeys = pgTable('api_keys', {
  id: uuid().primaryKey(),
  name: text(),
  role: text().notNull(),
  /** `["*"]` for all accounts. */
  accounts: text().array().notNull(),
  hash: bytea().notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  expiresAt: moment('expires_at'),
  lastUsedAt: moment('last_used_at'),
  revokedAt: moment('revoked_at'),
});
