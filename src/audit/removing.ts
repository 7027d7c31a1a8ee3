import type { AuditRecord } from './entry.ts';
import { system } from './entry.ts';
import { type Checkpoint, type CheckpointKind, headOf, type Seal, type SealKeys } from './seal.ts';

/** `ageMs`: since it was made. */
export type KeptCheckpoint = Checkpoint & { ageMs: number };

export type RemovingStore = {
  checkpoint(kind: CheckpointKind): Promise<KeptCheckpoint | null>;
  /** The newest seal that says that it was made more than so many days ago. */
  sealBefore(days: number): Promise<Seal | null>;
  /** Seals after this number, in order. */
  page(after: number, limit: number): Promise<Seal[]>;
  /** Keeps it in place of the one before, with the entry, if there is one. */
  keep(checkpoint: Checkpoint, audit: AuditRecord | null): Promise<void>;
  /** Removes entries after one number up to another; answers how many. */
  remove(after: number, upTo: number, kind: CheckpointKind): Promise<number>;
  removedTo(kind: CheckpointKind, number: number): Promise<void>;
  /** A step of removing seals up to this one; answers how many. */
  removeSeals(upTo: number): Promise<number>;
};

type Dependencies = { store: RemovingStore; keys: SealKeys; pause: () => Promise<void> };

/** Numbers of one step. */
const step = 2_000;
const pageSize = 500;
/** A checkpoint is an entry of the audit log, too: one a day is enough. */
const betweenMs = 20 * 3_600_000;

/**
 * Removes entries that are past their retention: first a checkpoint, signed, says up to which seal; then they go, in small
 * steps. Where it is broken off, the next time goes on.
 *
 * @param kind entries of executions, or all
 * @returns how many were removed
 * @throws Error if somebody without the keys has made the checkpoint that is there, or the seal up to which it would go
 */
export async function removePast(
  { store, keys, pause }: Dependencies,
  { kind, days }: { kind: CheckpointKind; days: number },
  signal: AbortSignal,
): Promise<number> {
  const checkpoint = await moveOn({ store, keys }, kind, days);
  if (checkpoint === null) return 0;
  let removed = 0;
  for (let from = checkpoint.removedTo; from < checkpoint.to && !signal.aborted; ) {
    const to = Math.min(checkpoint.to, from + step);
    removed += await store.remove(from, to, kind);
    await store.removedTo(kind, to);
    from = to;
    await pause();
  }
  if (kind === 'all') while (!signal.aborted && (await store.removeSeals(checkpoint.upTo)) > 0) await pause();
  return removed;
}

/** The checkpoint up to which entries are to be removed now; `null`: none is old enough. */
async function moveOn(
  { store, keys }: Pick<Dependencies, 'store' | 'keys'>,
  kind: CheckpointKind,
  days: number,
): Promise<Pick<Checkpoint, 'upTo' | 'to' | 'removedTo'> | null> {
  const current = await store.checkpoint(kind);
  if (current !== null && keys.checkCheckpoint(current) !== 'right') {
    throw new Error(`the checkpoint of ${kind} at seal ${current.upTo} was not made with a key of ERRAND_SECRET_KEYS`);
  }
  const signed = (range: Pick<Checkpoint, 'upTo' | 'to' | 'head' | 'removedTo'>): Checkpoint => {
    const unsigned = { kind, ...range };
    return { ...unsigned, keyId: keys.keyId, seal: keys.signCheckpoint(unsigned) };
  };
  // The old key may be taken away after a rotation.
  if (current !== null && current.keyId !== keys.keyId) await store.keep(signed(current), null);
  if (current !== null && current.ageMs < betweenMs) return current;
  const seal = await store.sealBefore(days);
  if (seal === null || seal.number <= (current?.upTo ?? 0)) return current;
  if (!(await isVouchedFor({ store, keys }, seal))) {
    throw new Error(`seal ${seal.number} was not made with a key of ERRAND_SECRET_KEYS`);
  }
  const { number: upTo, to, head } = seal;
  const audit: AuditRecord = {
    account: null,
    actor: system,
    action: 'audit.removed',
    subject: { type: 'audit', id: kind },
    details: { afterSeal: current?.upTo ?? 0, upToSeal: upTo, olderThanDays: days },
  };
  const checkpoint = signed({ upTo, to, head, removedTo: current?.removedTo ?? 0 });
  await store.keep(checkpoint, audit);
  return checkpoint;
}

/** Was a seal, and with it the time that it says, made by us? If its key is gone, by a chain up to one whose key is not. */
async function isVouchedFor({ store, keys }: Pick<Dependencies, 'store' | 'keys'>, seal: Seal): Promise<boolean> {
  const before = await headBefore({ store, keys }, seal.number);
  if (before === 'unknown' || !headOf(before, seal).equals(seal.head)) return false;
  let previous = seal;
  let check = keys.check(seal);
  while (check === 'unknown key') {
    const page = await store.page(previous.number, pageSize);
    for (const next of page) {
      if (next.number !== previous.number + 1 || !headOf(previous.head, next).equals(next.head)) return false;
      previous = next;
      check = keys.check(next);
      if (check !== 'unknown key') break;
    }
    if (page.length < pageSize) break;
  }
  return check === 'right';
}

/** The head that a seal follows on; `null`: it is the first. */
async function headBefore(
  { store, keys }: Pick<Dependencies, 'store' | 'keys'>,
  number: number,
): Promise<Buffer | null | 'unknown'> {
  if (number === 1) return null;
  const [previous] = await store.page(number - 2, 1);
  if (previous?.number === number - 1) return previous.head;
  const removed = await store.checkpoint('all');
  return removed?.upTo === number - 1 && keys.checkCheckpoint(removed) === 'right' ? removed.head : 'unknown';
}
