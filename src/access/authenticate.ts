import type { KeyAccounts, Role } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import { hashOf, keyId, sameHash } from './key.ts';

/** Who makes a request, and what for. */
export type Principal = {
  actor: Actor;
  role: Role;
  accounts: KeyAccounts;
  /** Is it a customer's own admin, in a portal session? */
  portal?: true;
};

/** A key that is good now. `id` and `hash` find it again; nothing else about it is worth keeping. */
export type GoodKey = { id: string; hash: Buffer; expiresAt: Date | null; principal: Principal };

/** A key as it is kept: hash and all, so it goes nowhere but here. */
export type StoredKey = {
  id: string;
  name: string | null;
  role: Role;
  accounts: KeyAccounts;
  hash: Buffer;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
};

/** Why a request is not authenticated; api/ answers it with 401. `reason` tells the key's owner what to do about it. */
export class Unauthenticated extends Error {
  /** Was a key given at all? RFC 6750 §3.1 wants no error code in the challenge if not. */
  readonly keyGiven: boolean;

  constructor(reason: string, keyGiven: boolean) {
    super(reason);
    this.name = 'Unauthenticated';
    this.keyGiven = keyGiven;
  }
}

export type AuthenticateDependencies = {
  store: {
    find(id: string): Promise<StoredKey | null>;
    /** Moves "last used" to now. */
    touch(id: string): Promise<void>;
  };
  /** The bootstrap admin key; `null` for none. */
  adminKey: string | null;
  now: () => number;
};

/** The actor of whoever holds `ERRAND_ADMIN_KEY`: it is in no list and cannot be revoked, only configured away. */
export const bootstrapActor: Actor = { type: 'key', id: 'bootstrap', name: 'ERRAND_ADMIN_KEY' };

/** "Last used" is good to the minute: a write for every request would cost more than the request. */
const touchAfterMs = 60_000;

const wrong = 'The API key is not valid.';

/**
 * Finds out who makes a request. Keys are looked up each time, so that revoking and expiring work at once.
 *
 * @throws Unauthenticated if there is no key, or a wrong, expired or revoked one.
 */
export function createAuthenticate({ store, adminKey, now }: AuthenticateDependencies) {
  const adminHash = adminKey === null ? null : hashOf(adminKey.trim());
  const { touch, idle } = createTouch(store, now);

  async function goodKey(id: string | null, hash: Buffer): Promise<GoodKey> {
    const stored = id === null ? null : await store.find(id);
    if (stored === null || !sameHash(hash, stored.hash)) throw new Unauthenticated(wrong, true);
    return stillGood(stored);
  }

  function stillGood(stored: StoredKey): GoodKey {
    // Only whoever holds the key learns that it was revoked or has expired.
    if (stored.revokedAt !== null) throw new Unauthenticated('The API key was revoked.', true);
    if (stored.expiresAt !== null && stored.expiresAt.getTime() <= now()) {
      throw new Unauthenticated(`The API key expired at ${stored.expiresAt.toISOString()}.`, true);
    }
    touch(stored);
    const { role, accounts } = stored;
    const principal = { actor: { type: 'key' as const, id: stored.id, name: stored.name }, role, accounts };
    return { id: stored.id, hash: stored.hash, expiresAt: stored.expiresAt, principal };
  }

  /** The key with this hash, as good as when it was shown. @throws Unauthenticated if it is not good any more */
  async function recall(id: string, hash: Buffer): Promise<GoodKey> {
    if (id !== bootstrapActor.id) return goodKey(id, hash);
    if (adminHash === null || !sameHash(hash, adminHash)) throw new Unauthenticated(wrong, true);
    return { id, hash, expiresAt: null, principal: { actor: bootstrapActor, role: 'admin', accounts: '*' } };
  }

  /** The key of this id, for what was done with it before and lasts as long as it is good. @throws Unauthenticated */
  async function standing(id: string): Promise<GoodKey> {
    if (id === bootstrapActor.id && adminHash !== null) return recall(id, adminHash);
    const stored = id === bootstrapActor.id ? null : await store.find(id);
    if (stored === null) throw new Unauthenticated(wrong, true);
    return stillGood(stored);
  }

  /** @param key its bytes @throws Unauthenticated if it is a wrong, expired or revoked one */
  async function check(key: Buffer): Promise<GoodKey> {
    const hash = hashOf(key);
    const isBootstrap = adminHash !== null && sameHash(hash, adminHash);
    return isBootstrap ? recall(bootstrapActor.id, hash) : goodKey(keyId(key.toString('latin1')), hash);
  }

  return {
    check,
    recall,
    standing,
    async authenticate(authorization: string | undefined): Promise<Principal> {
      // The bytes as they were sent: Node reads headers as Latin-1, and the bootstrap key may be any text.
      return (await check(Buffer.from(bearer(authorization), 'latin1'))).principal;
    },
    /** Resolves when no "last used" is being written any more. */
    idle,
  };
}

function createTouch(store: AuthenticateDependencies['store'], now: () => number) {
  const touching = new Map<string, Promise<void>>();
  return {
    touch(key: StoredKey): void {
      if (now() - (key.lastUsedAt?.getTime() ?? 0) < touchAfterMs || touching.has(key.id)) return;
      // Nobody waits for it: if it fails, the next request tries again.
      const done = store.touch(key.id).catch(() => undefined);
      touching.set(
        key.id,
        done.then(() => void touching.delete(key.id)),
      );
    },
    async idle(): Promise<void> {
      await Promise.all(touching.values());
    },
  };
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1); the scheme's case does not matter (RFC 9110 §11.1). */
function bearer(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new Unauthenticated('An API key is needed: Authorization: Bearer <api key>.', false);
  }
  const token = /^bearer +(\S(?:.*\S)?) *$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new Unauthenticated('The Authorization header must be: Bearer <api key>.', false);
  }
  return token;
}
