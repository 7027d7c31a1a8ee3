import type { AuditRecord } from '../audit/entry.ts';
import type { AuditAction } from '../contract/audit.ts';
import type { CallbackSecret } from '../contract/notification.ts';
import { Refusal } from '../contract/problem.ts';
import { hintFor } from '../contract/wording.ts';
import { reaches } from '../integrations/scope.ts';
import type { EndpointManager } from './endpoints.ts';
import { accountOwner } from './notification.ts';
import { graceHours, type Signing } from './signing.ts';

export type CallbackSecretDependencies = {
  signing: Pick<Signing, 'fresh' | 'obtain'>;
  replace: (secret: { owner: string; sealed: string; graceHours: number }, audit: AuditRecord) => Promise<Date | null>;
  audit: (record: AuditRecord) => Promise<void>;
  /** The accounts that anybody has named. */
  knownAccounts: () => Promise<readonly string[]>;
};

/** What an account's callbacks are signed with; made when it is first used or asked for. */
export function createCallbackSecretUses({ signing, replace, audit, knownAccounts }: CallbackSecretDependencies) {
  /** A misspelt account would get a secret that nothing is ever signed with. */
  async function require({ accounts }: EndpointManager, account: string): Promise<void> {
    const known = (await knownAccounts()).filter((each) => reaches(accounts, each));
    if (known.includes(account)) return;
    throw new Refusal('not-found', `There is no account "${account}".${hintFor(account, known)}`);
  }
  const record = (
    { actor }: EndpointManager,
    action: Extract<AuditAction, `callback-secret.${string}`>,
    account: string,
  ): AuditRecord => ({ account, actor, action, subject: { type: 'callback-secret', id: account }, details: {} });

  return {
    /** @throws Refusal `not-found` for an account that nobody has named, or that is not the key's */
    async read(manager: EndpointManager, account: string): Promise<CallbackSecret> {
      await require(manager, account);
      const { secret, previousUntil } = await signing.obtain(accountOwner(account));
      await audit(record(manager, 'callback-secret.read', account));
      return { account, secret, previousSecretUntil: previousUntil?.toISOString() ?? null };
    },

    /** A new secret; callbacks are signed with the one before, too, for a day. */
    async rotate(manager: EndpointManager, account: string): Promise<CallbackSecret> {
      await require(manager, account);
      const owner = accountOwner(account);
      const { secret, sealed } = signing.fresh(owner);
      const until = await replace({ owner, sealed, graceHours }, record(manager, 'callback-secret.rotated', account));
      return { account, secret, previousSecretUntil: until?.toISOString() ?? null };
    },
  };
}
export type CallbackSecretUses = ReturnType<typeof createCallbackSecretUses>;
