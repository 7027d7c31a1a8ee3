import { sql } from 'drizzle-orm';
import { index, integer, json, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Actor } from '../../contract/audit.ts';
import type { Auth, Tls } from '../../contract/authentication.ts';
import type { CommandBody } from '../../contract/command.ts';
import type { DeclaredToken } from '../../contract/command-type.ts';
import type { Limits } from '../../contract/integration.ts';
import { moment } from './columns.ts';

/** A customer's own systems. A deleted one stays as a row, so that versions go on where they were if it comes back. */
export const integrations = pgTable(
  'integrations',
  {
    id: text().primaryKey(),
    account: text().notNull(),
    name: text().notNull(),
    type: text().notNull().$type<'custom'>(),
    status: text().notNull().$type<'active' | 'paused'>(),
    limits: jsonb().notNull().$type<Limits>(),
    /** Grows with every change of the integration, its values and its commands: caches compare it. */
    configurationVersion: integer('configuration_version').notNull().default(1),
    /** The secret whose hint stands for it in lists. */
    shownSecret: text('shown_secret'),
    lastSyncAt: moment('last_sync_at'),
    /** When a person last paused or resumed it; null: nobody ever did. Deadlines of what waited begin anew then. */
    statusSince: moment('status_since'),
    createdAt: moment('created_at').notNull().defaultNow(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [index('integrations_account').on(table.account, table.id)],
);

/**
 * Variables and secrets, each valid from one configuration version until another: a past request is rendered again
 * with the variables it was sent with. The sealed value of a secret is dropped as soon as it is replaced.
 */
export const integrationValues = pgTable(
  'integration_values',
  {
    integration: text().notNull(),
    name: text().notNull(),
    since: integer().notNull(),
    until: integer(),
    kind: text().notNull().$type<'variable' | 'secret'>(),
    value: text(),
    sealed: text(),
    hint: text(),
    /** Of a secret: where requests that use it may go; `null`: anywhere. */
    allowedHosts: text('allowed_hosts').array(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.integration, table.name, table.since] }),
    uniqueIndex('integration_values_current').on(table.integration, table.name).where(sql`${table.until} is null`),
  ],
);

/**
 * How requests say who Errand is, valid from one configuration version until another, as `integrationValues` are. It names
 * secrets and holds none.
 */
export const integrationAuthentication = pgTable(
  'integration_authentication',
  {
    integration: text().notNull(),
    since: integer().notNull(),
    until: integer(),
    auth: jsonb().$type<Auth>(),
    tls: jsonb().$type<Tls>(),
  },
  (table) => [primaryKey({ columns: [table.integration, table.since] })],
);

/** Keys of Errand's own that outlive those of ERRAND_SECRET_KEYS, under which they are sealed. */
export const sealedKeys = pgTable('sealed_keys', {
  /** `fingerprint`: see `Sealer.fingerprint`. */
  purpose: text().primaryKey(),
  sealed: text().notNull(),
});

/** The command types that an admin added; the built-in ones are in contract/command-type.ts. */
export const commandTypes = pgTable('command_types', {
  name: text().primaryKey(),
  description: text(),
  tokens: jsonb().notNull().$type<DeclaredToken[]>(),
  result: jsonb().$type<{ contentTypes?: string[] }>(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

export const commands = pgTable(
  'commands',
  {
    integration: text().notNull(),
    name: text().notNull(),
    version: integer().notNull(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [primaryKey({ columns: [table.integration, table.name] })],
);

export const commandVersions = pgTable(
  'command_versions',
  {
    integration: text().notNull(),
    name: text().notNull(),
    version: integer().notNull(),
    definition: json().notNull().$type<CommandBody>(),
    savedAt: moment('saved_at').notNull().defaultNow(),
    savedBy: jsonb('saved_by').notNull().$type<Actor>(),
  },
  (table) => [primaryKey({ columns: [table.integration, table.name, table.version] })],
);
