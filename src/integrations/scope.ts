import type { KeyAccounts } from '../contract/api-key.ts';
import { defaultAccount } from '../contract/names.ts';
import { Refusal } from '../contract/problem.ts';
import type { StoredConfiguration } from './stored.ts';

/** Does a key for these accounts reach that one? */
export function reaches(scope: KeyAccounts, account: string): boolean {
  return scope === '*' || scope.includes(account);
}

/** The account of an integration that is made without one. */
export function accountFor(scope: KeyAccounts): string {
  if (scope === '*' || scope.includes(defaultAccount)) return defaultAccount;
  return scope.length === 1 ? (scope[0] ?? defaultAccount) : defaultAccount;
}

/** What lies outside a key's accounts is refused in the same words as what does not exist. */
export function noIntegration(id: string): Refusal {
  return new Refusal('not-found', `There is no integration "${id}".`);
}

/**
 * The integration, if it is there for a key of these accounts.
 *
 * @throws Refusal `not-found`
 */
export function requireIntegration(
  scope: KeyAccounts,
  id: string,
  stored: StoredConfiguration | null,
): StoredConfiguration {
  if (stored === null || stored.integration.deletedAt !== null || !reaches(scope, stored.integration.account)) {
    throw noIntegration(id);
  }
  return stored;
}
