import { type Check, type Checkpoint, contentsOf, type HashedEntry, headOf, type Seal, type SealKeys } from './seal.ts';

export type SealingStore = {
  newest(): Promise<Seal | null>;
  /** What retention removed with its seals: the next seal follows on it where none is left. */
  removed(): Promise<Checkpoint | null>;
  /** The last number that was given out, by a transaction that may not have ended; and the database's time. */
  last(): Promise<{ seq: number; now: Date }>;
  /** A transaction id later than that of everybody who had a number before it was asked for. */
  fence(): Promise<bigint>;
  /** All transactions before this one have ended. */
  horizon(): Promise<bigint>;
  /** In the order of their numbers. */
  entries(from: number, to: number): Promise<HashedEntry[]>;
  /** `false` if there is one of this number already: somebody else leads. */
  insert(seal: Seal): Promise<boolean>;
};

type LogCall = (event: string, fields: Record<string, unknown>, message: string) => void;

export type SealingDependencies = {
  store: SealingStore;
  keys: SealKeys;
  /** Monotonic milliseconds. */
  elapsed: () => number;
  /** Told of what is broken, as often as the log is. */
  onBroken?: (problem: string) => Promise<void>;
  log: Record<'info' | 'debug' | 'warn' | 'error', LogCall>;
};

/** Numbers of one seal: what has to be read again to find out what was changed. */
const largestRange = 10_000;
/** Seals of one pass: where a log of years is sealed for the first time, the leader has other things to do in between. */
const rangesPerPass = 20;
/** In the log, where the newest seal can be kept out of the database's reach. */
const sayEveryMs = 60_000;
/** A transaction that is open for longer is worth a word. */
const patienceMs = 60_000;

type Waiting = { to: number; fence: bigint; since: number };
/** What the next seal follows on, and whether it was made with a key that is known. */
type End = Pick<Seal, 'number' | 'to' | 'head' | 'keyId'> & { check: Check };

/**
 * Seals what was committed to the audit log, in ranges that nothing can be added to any more: a range ends with a number
 * that was given out before a moment, and is sealed when all transactions from before that moment have ended. Nothing waits
 * for that; it is looked at again in the next pass. Entries commit without knowing of seals (design: a chain from entry to
 * entry made a lone commit five times slower).
 *
 * Whoever has the keys vouches with each seal for all that came before. So nothing is sealed on top of what somebody without
 * them may have made: that is said, again and again, until a person has looked.
 */
export function createSealing({ store, keys, elapsed, onBroken, log }: SealingDependencies) {
  let waiting: Waiting | null = null;
  /** Up to where nothing can be added any more. */
  let settledTo = 0;
  /** Up to where there is nothing but numbers whose transactions were rolled back. */
  let emptyTo = 0;
  /** The newest seal of this process. */
  let made = 0;
  const saidAt = { seal: Number.NEGATIVE_INFINITY, warning: Number.NEGATIVE_INFINITY };

  function onceAMinute(what: keyof typeof saidAt): boolean {
    const due = elapsed() - saidAt[what] >= sayEveryMs;
    if (due) saidAt[what] = elapsed();
    return due;
  }

  function say({ number, entries, executions, head, to }: Seal): void {
    const fields = { number, entries: entries + executions, to, head: head.toString('hex') };
    log[onceAMinute('seal') ? 'info' : 'debug']('audit.sealed', fields, 'Sealed the audit log up to here');
  }

  /** Why nothing may be sealed on top of this; `null`: it may. */
  function problemWith(end: End | null): string | null {
    if ((end?.number ?? 0) < made) return `seal ${made}, which this process made, is gone`;
    if (end === null || end.check === 'right') return null;
    if (end.check === 'wrong') return `seal ${end.number} was not made with the key "${end.keyId}"`;
    return `seal ${end.number} was made with the key "${end.keyId}", which is not in ERRAND_SECRET_KEYS`;
  }

  async function put(
    previous: End | null,
    range: Omit<Seal, 'number' | 'head' | 'keyId' | 'seal'>,
  ): Promise<End | null> {
    const unsigned = { ...range, number: (previous?.number ?? 0) + 1, keyId: keys.keyId };
    const head = headOf(previous?.head ?? null, unsigned);
    const seal = { ...unsigned, head, seal: keys.sign(head) };
    if (!(await store.insert(seal))) return null;
    made = seal.number;
    say(seal);
    return { ...seal, check: 'right' };
  }

  async function sealTo(end: End | null, now: Date, signal: AbortSignal): Promise<void> {
    let previous = end;
    let from = previous?.to ?? 0;
    for (let ranges = 0; from < settledTo && ranges < rangesPerPass && !signal.aborted; ranges += 1) {
      const to = Math.min(settledTo, Math.max(from, emptyTo) + largestRange);
      const entries = await store.entries(from, to);
      if (entries.length > 0) {
        previous = await put(previous, { from, to, ...contentsOf(entries), at: now });
        if (previous === null) return;
        from = to;
      } else {
        // Part of the next range that has some.
        emptyTo = to;
        if (to === settledTo) return;
      }
    }
  }

  /** Moves `settledTo` on, as soon as nobody who began before can add to it. */
  async function settle(seq: number, sealedTo: number): Promise<void> {
    // Numbers that were set back, by hand or by a server that took over, would be given out again.
    settledTo = Math.min(settledTo, seq);
    emptyTo = Math.min(emptyTo, seq);
    if (waiting === null) {
      if (seq <= Math.max(sealedTo, emptyTo, settledTo)) return;
      waiting = { to: seq, fence: await store.fence(), since: elapsed() };
    }
    if ((await store.horizon()) > waiting.fence) {
      settledTo = Math.min(waiting.to, seq);
      waiting = null;
    } else if (elapsed() - waiting.since >= patienceMs && onceAMinute('warning')) {
      const message =
        'A transaction is open for over a minute, perhaps in another database: nothing is sealed before it ends';
      log.warn('audit.seal-waits', { forMs: Math.round(elapsed() - waiting.since) }, message);
    }
  }

  /** One pass; the leader's, again and again. */
  return async function seal(signal: AbortSignal): Promise<void> {
    const end = await endOf(store, keys);
    const problem = problemWith(end);
    if (problem !== null) {
      if (!onceAMinute('warning')) return;
      log.error('audit.broken', { problem }, 'The audit log is not sealed any more: look at it');
      await onBroken?.(problem);
      return;
    }
    const { seq, now } = await store.last();
    // An old key may be taken away only when something was sealed with the new one.
    if (end !== null && end.keyId !== keys.keyId) {
      await put(end, { from: end.to, to: end.to, ...contentsOf([]), at: now });
      return;
    }
    await settle(seq, end?.to ?? 0);
    await sealTo(end, now, signal);
  };
}

async function endOf(store: SealingStore, keys: SealKeys): Promise<End | null> {
  const newest = await store.newest();
  if (newest !== null) return { ...newest, check: keys.check(newest) };
  const removed = await store.removed();
  return removed === null ? null : { ...removed, number: removed.upTo, check: keys.checkCheckpoint(removed) };
}
