import type { KeyAccounts, Role } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import { hashOf, keyId, sameHash } from './key.ts';

/** Who makes a request, and what for. */
export type Principal = { actor: Actor; role: Role; accounts: KeyAccounts };

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
  const touching = new Map<string, Promise<void>>();

  function touch(key: StoredKey): void {
    if (now() - (key.lastUsedAt?.getTime() ?? 0) < touchAfterMs || touching.has(key.id)) return;
    // Nobody waits for it: if it fails, the next request tries again.
    const done = store.touch(key.id).catch(() => undefined);
    touching.set(
      key.id,
      done.then(() => void touching.delete(key.id)),
    );
  }

  return {
    async authenticate(authorization: string | undefined): Promise<Principal> {
      const key = bearer(authorization);
      // The bytes as they were sent: Node reads headers as Latin-1, and the bootstrap key may be any text.
      const hash = hashOf(Buffer.from(key, 'latin1'));
      if (adminHash !== null && sameHash(hash, adminHash)) {
        return { actor: bootstrapActor, role: 'admin', accounts: '*' };
      }
      const id = keyId(key);
      const stored = id === null ? null : await store.find(id);
      if (stored === null || !sameHash(hash, stored.hash)) throw new Unauthenticated(wrong, true);
      // Only whoever holds the key learns that it was revoked or has expired.
      if (stored.revokedAt !== null) throw new Unauthenticated('The API key was revoked.', true);
      if (stored.expiresAt !== null && stored.expiresAt.getTime() <= now()) {
        throw new Unauthenticated(`The API key expired at ${stored.expiresAt.toISOString()}.`, true);
      }
      touch(stored);
      return {
        actor: { type: 'key', id: stored.id, name: stored.name },
        role: stored.role,
        accounts: stored.accounts,
      };
    },
    /** Resolves when no "last used" is being written any more. */
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
