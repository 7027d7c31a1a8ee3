import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `errand_<id>_<secret>`: the id finds the row, the secret (256 random bits as base64url) proves possession. */
const pattern = /^errand_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** A new key for the row `id`. Only its hash is ever stored. */
export function newKey(id: string): { key: string; hash: Buffer } {
  const key = `errand_${id}_${randomBytes(32).toString('base64url')}`;
  return { key, hash: hashOf(key) };
}

/** The id of the row that `key` would belong to; `null` if it does not look like an API key. */
export function keyId(key: string): string | null {
  return pattern.exec(key)?.[1] ?? null;
}

/** SHA-256 suffices, without salt or stretching: there is nothing to guess about 256 random bits. */
export function hashOf(key: string | Buffer): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Compares in constant time. */
export function sameHash(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
