import type { AuditVerification } from '../contract/audit.ts';
import {
  chainProblems,
  checkpointProblems,
  contentProblems,
  keptProblem,
  keyProblem,
  type Problem,
  type There,
} from './problems.ts';
import { type Checkpoint, contentsOf, type HashedEntry, type Seal, type SealKeys } from './seal.ts';

export type VerifyingStore = {
  checkpoints(): Promise<Checkpoint[]>;
  /** Seals after this number, in order. */
  page(after: number, limit: number): Promise<Seal[]>;
  /** In the order of their numbers. */
  entries(from: number, to: number): Promise<HashedEntry[]>;
  /** What is not sealed: entries after that number, counted up to 100,000, and the time of the oldest. */
  unsealed(after: number): Promise<{ entries: number; oldest: Date | null }>;
  /** The first and the last number of an entry that is there, and the last that was given out. */
  bounds(): Promise<{ first: number | null; last: number | null; given: number }>;
};

/** The head of a seal that somebody kept elsewhere, from the log for instance. */
export type KeptSeal = { number: number; head: Buffer };

const pageSize = 500;
/** Entries that one statement reads: some tenths of a second. */
const entriesAtOnce = 20_000;
const mostProblems = 100;

type Dependencies = { store: VerifyingStore; keys: SealKeys };
type Removed = { all: Checkpoint | null; executions: Checkpoint | null };

/**
 * Holds the audit log against its seals: finds what was changed, removed, added or cut off since it was sealed. With a kept
 * seal also what was cut off together with its seals. Reads everything, in pieces.
 *
 * @throws the signal's reason if it aborts
 */
export async function verifyAudit(
  dependencies: Dependencies,
  kept: KeptSeal | null,
  signal: AbortSignal,
): Promise<AuditVerification> {
  const signed = (checkpoints: readonly Checkpoint[]) => checkpoints.map(({ kind, upTo }) => `${kind} ${upTo}`).join();
  for (;;) {
    const before = await dependencies.store.checkpoints();
    const answer = await verifyOnce(dependencies, { checkpoints: before, kept }, signal);
    // What retention removed meanwhile would be missing.
    if (signed(before) === signed(await dependencies.store.checkpoints())) return answer;
  }
}

async function verifyOnce(
  { store, keys }: Dependencies,
  { checkpoints, kept }: { checkpoints: readonly Checkpoint[]; kept: KeptSeal | null },
  signal: AbortSignal,
): Promise<AuditVerification> {
  const problems: Problem[] = [];
  const add = (found: readonly Problem[]) => problems.push(...found.slice(0, mostProblems - problems.length));
  add(checkpoints.flatMap((checkpoint) => checkpointProblems(checkpoint, keys)));
  const of = (kind: Checkpoint['kind']) => checkpoints.find((one) => one.kind === kind) ?? null;
  const removed: Removed = { all: of('all'), executions: of('executions') };

  let last: Seal | null = null;
  let known = false;
  let entries = 0;
  let keptHead = kept !== null && kept.number === removed.all?.upTo ? removed.all.head : null;
  for await (const { seal, there } of sealsOf(store, removed.all?.upTo ?? 0, signal)) {
    const before = last ?? endOf(removed.all);
    const check = keys.check(seal);
    add(chainProblems(before, seal));
    // Those of keys that are gone are vouched for by what follows; nobody seals with an old key again.
    if (check === 'wrong' || (check === 'unknown key' && known)) add([keyProblem(seal, check)]);
    known ||= check === 'right';
    add(contentProblems(seal, there, removed.executions));
    entries += there.entries + there.executions;
    if (seal.number === kept?.number) keptHead = seal.head;
    last = seal;
  }
  if (last !== null && !known) add([keyProblem(last, 'unknown key')]);
  const end = last ?? endOf(removed.all);
  if (kept !== null) add(keptProblem(kept, keptHead, { from: removed.all?.upTo ?? 0, to: end?.number ?? 0 }));
  const unsealed = await store.unsealed(end?.to ?? 0);
  add(boundsProblems(await store.bounds(), end, removed.all));
  return {
    ok: problems.length === 0,
    seals: end?.number ?? 0,
    entries,
    unsealed: unsealed.entries,
    unsealedSince: unsealed.oldest?.toISOString() ?? null,
    newest: last === null ? null : { number: last.number, head: last.head.toString('hex'), at: last.at.toISOString() },
    problems,
  };
}

/** What the next seal follows on where retention has removed those before. */
export const endOf = (removed: Checkpoint | null) =>
  removed === null ? null : { number: removed.upTo, to: removed.to, head: removed.head };

/** Seals after a number, each with what is there of its entries. */
export async function* sealsOf(
  store: VerifyingStore,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<{ seal: Seal; there: There }> {
  for (let from = after; ; ) {
    const page = await store.page(from, pageSize);
    for (const group of groupsOf(page)) {
      signal.throwIfAborted();
      const entries = await store.entries(group[0]?.from ?? 0, group.at(-1)?.to ?? 0);
      let index = 0;
      for (const seal of group) {
        // Of a seal that is missing.
        while (index < entries.length && (entries[index] as HashedEntry).seq <= seal.from) index += 1;
        const first = index;
        while (index < entries.length && (entries[index] as HashedEntry).seq <= seal.to) index += 1;
        const own = entries.slice(first, index);
        yield { seal, there: { ...contentsOf(own), since: timeOf(own, Math.min), until: timeOf(own, Math.max) } };
      }
    }
    if (page.length < pageSize) return;
    from = page.at(-1)?.number ?? from;
  }
}

function timeOf(entries: readonly HashedEntry[], pick: (...times: number[]) => number): Date | null {
  if (entries.length === 0) return null;
  return new Date(entries.map(({ at }) => at.getTime()).reduce((one, other) => pick(one, other)));
}

/** Seals whose entries are read together. */
function groupsOf(seals: readonly Seal[]): Seal[][] {
  const groups: Seal[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const seal of seals) {
    const own = seal.entries + seal.executions;
    if (size + own > entriesAtOnce) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(seal);
    size += own;
  }
  return groups;
}

function boundsProblems(
  { first, last, given }: { first: number | null; last: number | null; given: number },
  end: { number: number; to: number } | null,
  removed: Checkpoint | null,
): Problem[] {
  const found: Problem[] = [];
  const add = (message: string) => found.push({ seal: null, message });
  if (first !== null && (first < 1 || first <= (removed?.removedTo ?? 0))) {
    add('There are entries with numbers before those that are sealed: they were added by hand.');
  }
  if (last !== null && last > given) {
    add('There are entries with numbers that were never given out: they were added by hand.');
  }
  if (end === null && first === null && given > 0) {
    add(`There is neither entry nor seal, but ${given} numbers were given out: the log was emptied.`);
  }
  if (end !== null && given < end.to) add(`The log's numbers were set back: they end before seal ${end.number} does.`);
  return found;
}
