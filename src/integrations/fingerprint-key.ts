import { randomBytes } from 'node:crypto';
import type { SecretKey } from '../contract/secret-keys.ts';
import { createSealer, derivedFingerprintKey, type Sealer } from './sealing.ts';

const keyBytes = 32;

/** Names the record that the key is sealed in. */
export const fingerprintKeyContext = 'sealed_keys/fingerprint';

export type FingerprintKeyDependencies = {
  keys: readonly SecretKey[];
  /** Keeps `fresh` if there is none yet, and answers the one that is kept. */
  keep: (fresh: string) => Promise<string>;
  /** Told once, with the reason: results that are stored are not found, and keys of producers' not compared. */
  onUnreadable: (error: unknown) => void;
};

/**
 * The key of fingerprints is kept in the database, sealed: it stays the same when the keys in `ERRAND_SECRET_KEYS` are
 * replaced, and with it what producers' idempotency keys and stored results are found by.
 *
 * @returns the sealer, whose `fingerprint` may be used from the moment that `obtain` has resolved. `obtain` is repeatable
 * and rejects while the database is away.
 */
export function createKeptSealer({ keys, keep, onUnreadable }: FingerprintKeyDependencies): {
  sealer: Sealer;
  obtain: () => Promise<void>;
} {
  let key: Buffer | null = null;
  let asking: Promise<void> | null = null;
  const sealer = createSealer(keys, () => {
    if (key === null) throw new Error('the fingerprint key has not been obtained');
    return key;
  });
  const freshKey = () => sealer.seal(randomBytes(keyBytes).toString('base64'), fingerprintKeyContext);

  async function ask(): Promise<void> {
    const sealed = await keep(freshKey());
    try {
      key = Buffer.from(sealer.open(sealed, fingerprintKeyContext), 'base64');
    } catch (error) {
      key = derivedFingerprintKey(keys);
      onUnreadable(error);
    }
  }

  return {
    sealer,
    async obtain() {
      if (key !== null) return;
      asking ??= ask().finally(() => {
        asking = null;
      });
      await asking;
    },
  };
}
