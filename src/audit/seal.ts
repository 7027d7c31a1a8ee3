import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { AuditAction } from '../contract/audit.ts';
import type { SecretKey } from '../contract/secret-keys.ts';

/**
 * Entries of executions: they go with what they tell of (contract §2). Every seal depends on this list: an action that was ever
 * written may neither join nor leave, and a new one joins a release before it is first written.
 */
export const executionActions = [
  'invocation.accepted',
  'invocation.succeeded',
  'invocation.failed',
  'attempt.failed',
  'job.refused',
  'batch.accepted',
  'batch.finished',
  'schedule.started',
  'schedule.skipped',
  'schedule.failed',
] as const satisfies AuditAction[];

/** What entries come to: how many, and the SHA-256 over the SHA-256 of each, in their order. */
export type Contents = {
  /** Of people and configuration. */
  entries: number;
  digest: Buffer;
  executions: number;
  executionsDigest: Buffer;
};

/** An entry's number, and the SHA-256 over all its columns. */
export type HashedEntry = { seq: number; execution: boolean; hash: Buffer; at: Date };

/** @param entries in the order of their numbers */
export function contentsOf(entries: readonly HashedEntry[]): Contents {
  const kind = (executions: boolean) => {
    const digest = createHash('sha256');
    const own = entries.filter(({ execution }) => execution === executions);
    for (const { hash } of own) digest.update(hash);
    return { count: own.length, digest: digest.digest() };
  };
  const [people, executions] = [kind(false), kind(true)];
  return {
    entries: people.count,
    digest: people.digest,
    executions: executions.count,
    executionsDigest: executions.digest,
  };
}

/** The entries numbered after `from`, up to and with `to`; sealed at `at`, by the database's clock. */
export type SealedRange = Contents & { number: number; from: number; to: number; at: Date };

/** Heads and HMACs are bytes; `keyId` is one of ERRAND_SECRET_KEYS. */
type Signed = { head: Buffer; keyId: string; seal: Buffer };
export type Seal = SealedRange & Signed;

export type CheckpointKind = 'executions' | 'all';

/**
 * Entries of this kind were removed, or are being removed, up to the seal `upTo`, which ends with the number `to`; so far up to
 * the number `removedTo`, which is not signed.
 */
export type Checkpoint = Signed & { kind: CheckpointKind; upTo: number; to: number; removedTo: number };

/**
 * SHA-256 over the range and the head before it. It needs no key, so a seal by a key that is known vouches for all that
 * came before it, also for what was sealed by keys that are gone.
 */
export function headOf(previous: Buffer | null, range: SealedRange & { keyId: string }): Buffer {
  const { number, from, to, entries, executions, digest, executionsDigest, at, keyId } = range;
  return createHash('sha256')
    .update('errand/audit-seal/v1')
    .update(previous ?? Buffer.alloc(32))
    .update(numbers(number, from, to, entries, executions, at.getTime()))
    .update(digest)
    .update(executionsDigest)
    .update(keyId)
    .digest();
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigInt64BE(BigInt(value), index * 8);
  return bytes;
}

const checkpointed = ({ kind, upTo, to, head }: Pick<Checkpoint, 'kind' | 'upTo' | 'to' | 'head'>): Buffer =>
  createHash('sha256').update(`errand/audit-checkpoint/v1/${kind}`).update(numbers(upTo, to)).update(head).digest();

export type Check = 'right' | 'wrong' | 'unknown key';

export type SealKeys = {
  /** Of the key that signs. */
  keyId: string;
  /** HMAC-SHA-256 of a head. */
  sign(head: Buffer): Buffer;
  signCheckpoint(checkpoint: Pick<Checkpoint, 'kind' | 'upTo' | 'to' | 'head'>): Buffer;
  check(seal: Signed): Check;
  checkCheckpoint(checkpoint: Checkpoint): Check;
};

/** Signs with the first key, knows all. */
export function createSealKeys(keys: readonly SecretKey[]): SealKeys {
  const [first] = keys;
  if (first === undefined) throw new Error('no secret key was given');
  const byId = new Map(keys.map(({ id, key }) => [id, sealKey(key)]));
  const sign = (signed: Buffer, keyId = first.id) =>
    createHmac('sha256', byId.get(keyId) as KeyObject)
      .update(signed)
      .digest();
  const check = (signed: Buffer, { keyId, seal }: Pick<Signed, 'keyId' | 'seal'>): Check => {
    if (!byId.has(keyId)) return 'unknown key';
    const expected = sign(signed, keyId);
    return expected.length === seal.length && timingSafeEqual(expected, seal) ? 'right' : 'wrong';
  };
  return {
    keyId: first.id,
    sign: (head) => sign(head),
    signCheckpoint: (checkpoint) => sign(checkpointed(checkpoint)),
    check: (seal) => check(seal.head, seal),
    checkCheckpoint: (checkpoint) => check(checkpointed(checkpoint), checkpoint),
  };
}

/** A key of its own for seals (RFC 5869), so that none of them says anything of what else the secret key is for. */
function sealKey(key: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'errand/audit-seal/v1', 32)));
}
