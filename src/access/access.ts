import type { AuditRecord } from '../audit/entry.ts';
import type { ApiKey, KeyAccounts, Role } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import { isUuid } from '../contract/uuid.ts';
import { type AuthenticateDependencies, createAuthenticate } from './authenticate.ts';
import { newKey } from './key.ts';

/** What is asked for a new key. */
export type NewApiKey = {
  role: Role;
  accounts: KeyAccounts;
  name?: string | undefined;
  /** ISO 8601; must lie ahead. */
  expiresAt?: string | undefined;
};

/** A new row, hash in place of the key. */
export type ApiKeyRow = {
  id: string;
  name: string | null;
  role: Role;
  accounts: KeyAccounts;
  hash: Buffer;
  expiresAt: Date | null;
};

/** Who manages keys. Only keys for no more than these accounts exist for them. */
export type KeyManager = { actor: Actor; accounts: KeyAccounts };

export type AccessDependencies = AuthenticateDependencies & {
  store: {
    insert(key: ApiKeyRow, audit: AuditRecord): Promise<ApiKey>;
    /** Of the keys whose accounts all lie within `accounts`. */
    page(accounts: KeyAccounts, query: PageQuery): Promise<Page<ApiKey>>;
    get(accounts: KeyAccounts, id: string): Promise<ApiKey | null>;
    /** Revokes it if it is not revoked yet, and only then writes the audit entry. */
    revoke(id: string, audit: AuditRecord): Promise<void>;
    hasAdmin(): Promise<boolean>;
  };
  /** Makes UUIDv7s: keys are listed in their order. */
  newId: () => string;
};

export type Access = ReturnType<typeof createAccess>;

/** API keys: who may come in, and making, listing and revoking keys. */
export function createAccess(dependencies: AccessDependencies) {
  const { store, now, newId } = dependencies;
  return {
    ...createAuthenticate(dependencies),

    /** Is there a key that can manage keys, besides the bootstrap one? `errand api` refuses to start without either. */
    hasAdmin: () => store.hasAdmin(),

    /**
     * Makes a key. `key` itself is in this answer only.
     *
     * @throws Refusal `forbidden` if it would reach further than its maker, `invalid` if it had expired already.
     */
    async create(maker: KeyManager, wanted: NewApiKey): Promise<ApiKey & { key: string }> {
      const accounts = wanted.accounts === '*' ? '*' : [...new Set(wanted.accounts)];
      if (!within(accounts, maker.accounts)) {
        throw new Refusal('forbidden', 'A key can be made only for accounts that its maker has.');
      }
      if (accounts !== '*' && accounts.includes('*')) {
        throw new Refusal('invalid', '"*" stands for all accounts and cannot be one of a list.', [
          { path: 'accounts', message: 'must be "*" itself, or a list of accounts' },
        ]);
      }
      const expiresAt = expiryOf(wanted, now());
      const id = newId();
      const { key, hash } = newKey(id);
      const row: ApiKeyRow = { id, name: wanted.name ?? null, role: wanted.role, accounts, hash, expiresAt };
      const details = { name: row.name, role: row.role, accounts, expiresAt: expiresAt?.toISOString() ?? null };
      return { ...(await store.insert(row, record(maker.actor, 'key.created', row, details))), key };
    },

    list: (manager: KeyManager, query: PageQuery): Promise<Page<ApiKey>> => store.page(manager.accounts, query),

    /**
     * Revokes a key, from the next request on. Revoking it again changes nothing.
     *
     * @throws Refusal `not-found`.
     */
    async revoke(manager: KeyManager, id: string): Promise<void> {
      const key = isUuid(id) ? await store.get(manager.accounts, id) : null;
      if (key === null) throw new Refusal('not-found', `There is no API key "${id}".`);
      const details = { name: key.name, role: key.role };
      await store.revoke(key.id, record(manager.actor, 'key.revoked', key, details));
    },
  };
}

function expiryOf({ expiresAt }: NewApiKey, now: number): Date | null {
  if (expiresAt === undefined) return null;
  const at = new Date(expiresAt);
  if (at.getTime() > now) return at;
  throw new Refusal('invalid', 'The key would have expired already.', [
    { path: 'expiresAt', message: 'must lie in the future' },
  ]);
}

function within(accounts: KeyAccounts, bounds: KeyAccounts): boolean {
  if (bounds === '*') return true;
  return accounts !== '*' && accounts.every((account) => bounds.includes(account));
}

/** The entry belongs to an account if the key is for just one. */
function record(
  actor: Actor,
  action: 'key.created' | 'key.revoked',
  { id, accounts }: { id: string; accounts: KeyAccounts },
  details: Record<string, unknown>,
): AuditRecord {
  const account = accounts !== '*' && accounts.length === 1 ? (accounts[0] ?? null) : null;
  return { account, actor, action, subject: { type: 'key', id }, details };
}
