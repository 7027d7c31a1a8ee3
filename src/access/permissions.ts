import type { Role } from '../contract/api-key.ts';

/**
 * Which role may do what (contract §3), in one place; an admin may do everything.
 *
 * `configurer` keeps what is configured and reads it, but sees no invocations, whose tokens and results are the
 * customers' own data: no more of them than the requests that a dry run shows, sensitive values masked. `operator` reads everything but keys, and changes no configuration.
 */
const granted = {
  'session.read': ['producer', 'configurer', 'operator'],
  'command-types.read': ['configurer', 'operator'],
  'command-types.write': [],
  'integrations.read': ['configurer', 'operator'],
  'integrations.write': ['configurer'],
  'integrations.pause': ['operator'],
  'secrets.read': ['configurer', 'operator'],
  'secrets.write': ['configurer'],
  'commands.read': ['configurer', 'operator'],
  'commands.write': ['configurer'],
  'commands.preview': ['configurer'],
  'commands.test': ['configurer'],
  'commands.dry-run': ['configurer'],
  'schedules.read': ['configurer', 'operator'],
  'schedules.write': ['configurer'],
  'schedules.run': ['configurer', 'operator'],
  'invocations.enqueue': ['producer'],
  'invocations.read': ['producer', 'operator'],
  'invocations.retry': ['operator'],
  'invocations.cancel': ['operator'],
  'invocations.redrive': ['operator'],
  // Counts, no tokens and no results: whoever configures sees whether it works.
  'statistics.read': ['configurer', 'operator'],
  'problems.read': ['operator'],
  'problems.acknowledge': ['operator'],
  'audit.read': ['operator'],
  // The seals are over the entries of all accounts, so the key must be for "*", too.
  'audit.verify': ['operator'],
  // Jobs of all accounts lie in the same queues, so the key must be for "*", too.
  'queues.read': ['operator'],
  // Of the integrations of all accounts, so the key must be for "*", too.
  'metrics.read': ['operator'],
  'notifications.read': ['operator'],
  'notifications.retry': ['operator'],
  'notifications.manage': [],
  'callback-secrets.manage': [],
  'keys.manage': [],
  'portal-sessions.create': [],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof granted;
export const permissions = Object.keys(granted) as readonly Permission[];

/** May a key of this role do that? Which accounts it may do it in is another question: see `KeyAccounts`. */
export function can(role: Role, permission: Permission): boolean {
  return role === 'admin' || (granted[permission] as readonly Role[]).includes(role);
}

/** The roles that may do it, smallest first, to say so to one that may not. */
export function rolesThatCan(permission: Permission): readonly Role[] {
  return [...granted[permission], 'admin'];
}
