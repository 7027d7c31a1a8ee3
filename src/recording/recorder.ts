import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { askAgain } from '../invocations/conditional.ts';
import type { Settled } from '../invocations/invocation.ts';
import { createGatherer } from '../platform/gather.ts';
import { type Blob, keepBlobs, seeBlobs } from '../store/blobs.ts';
import { type Outcome, type Recorded, recordSettled } from '../store/endings.ts';
import type { Weighable } from './weigher.ts';

export type Recorder = {
  /**
   * Commits an attempt and all that follows from it. Resolves after COMMIT, with what was written: in place of a 304
   * whose stored bytes are gone, that the invocation asks again. `null` if the row was no longer this worker's, so
   * nothing was written. Rejects if it could not be written in spite of retries.
   */
  record(settled: Settled): Promise<Settled | null>;
  /** Resolves when everything handed over so far is committed. */
  idle(): Promise<void>;
};

export type RecorderOptions = {
  pool: Pool;
  worker: string;
  /** Is it worth trying the same group again (a deadlock, a connection that broke, a database that is away)? */
  isTransient: (error: unknown) => boolean;
  /** Waits before the n-th try again, from 1 on; rejects when it is no longer worth it. */
  pause: (tries: number) => Promise<void>;
  /** Weighs, after COMMIT, what was recorded says of its integrations (`createWeigher`). Never rejects. */
  weigh: (recorded: readonly Weighable[]) => Promise<void>;
  /** Adds up, after COMMIT, what was recorded (`createTally`). Never throws. */
  count?: (recorded: readonly Settled[]) => void;
  /** Told of each group that was committed. Never throws. */
  onCommit?: (commit: { rows: number; seconds: number }) => void;
};

/** Rows of one commit. More does not pay: the statement's own cost per row dominates from about 100 on. */
const maxRows = 250;
/** Bytes of one commit: bounds the memory that a group takes beside the byte budget of sending. */
const maxBytes = 64 * 1024 * 1024;
/** From this size on it is cheaper to ask whether the bytes are kept already than to send them again. */
const askFirstBytes = 16 * 1024;

type Unseen = { sha256: Buffer; bytes: Uint8Array | null };
const isBlob = (each: Unseen): each is Blob => each.bytes !== null;

/**
 * The group commit: what is handed over while a commit is in flight shares the next one. A transient error repeats the
 * whole group; bad data halves it until the one bad row fails alone.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { pool, worker } = options;
  /** Hashes that this process saw kept, by day: spares asking for bytes that come again and again. */
  const kept = new LRUCache<string, string>({ max: 20_000 });

  /** The group's bytes that are not known to be kept, once each; null for those that a 304 refers to. */
  function unseen(group: readonly Settled[], today: string): Map<string, Unseen> {
    const missing = new Map<string, Unseen>();
    for (const { attempt } of group) {
      if (attempt.result === null) continue;
      const { sha256, bytes } = attempt.result;
      const key = sha256.toString('base64');
      if (kept.get(key) !== today) missing.set(key, { sha256, bytes: bytes ?? missing.get(key)?.bytes ?? null });
    }
    return missing;
  }

  /** Of the large ones, keeps what is not kept yet. What a 304 refers to is seen today, so that nobody deletes it. */
  async function keepLarge(large: readonly Unseen[]): Promise<void> {
    if (large.length === 0) return;
    const hashes = large.map(({ sha256 }) => sha256);
    const seen = new Set((await seeBlobs(pool, hashes)).map((hash) => hash.toString('base64')));
    const missing = large.filter(({ sha256 }) => !seen.has(sha256.toString('base64')));
    await keepBlobs(pool, missing.filter(isBlob));
  }

  async function write(group: readonly Settled[]): Promise<Recorded> {
    for (let tries = 1; ; tries += 1) {
      try {
        const today = new Date().toISOString().slice(0, 10);
        const missing = unseen(group, today);
        const isLarge = ({ bytes }: Unseen) => bytes === null || bytes.byteLength >= askFirstBytes;
        const all = [...missing.values()];
        await keepLarge(all.filter(isLarge));
        // The small ones go along: a statement of their own would cost more than their bytes.
        const small = all.filter((each) => !isLarge(each)).filter(isBlob);
        const recorded = await recordSettled(pool, worker, group, small);
        for (const [key, each] of missing) if (isBlob(each)) kept.set(key, today);
        for (const { claimed, attempt } of group) {
          const key = attempt.result?.sha256.toString('base64');
          if (key === undefined) continue;
          const outcome = recorded.get(claimed.id)?.outcome;
          if (outcome === 'recorded') kept.set(key, today);
          if (outcome === 'bytes gone') kept.delete(key);
        }
        return recorded;
      } catch (error) {
        if (!options.isTransient(error)) throw error;
        await options.pause(tries);
      }
    }
  }

  async function commit(group: readonly Settled[]): Promise<(Outcome | null)[]> {
    const begunAt = performance.now();
    const recorded = await write(group);
    options.onCommit?.({ rows: group.length, seconds: (performance.now() - begunAt) / 1000 });
    options.count?.(group.filter(({ claimed }) => recorded.get(claimed.id)?.outcome === 'recorded'));
    // Before anybody is told: a slot that becomes free is not to be used for an integration that is just held.
    await options.weigh(
      group.flatMap((settled) => {
        const of = recorded.get(settled.claimed.id);
        return of?.outcome === 'recorded' ? [{ settled, ailing: of.ailing }] : [];
      }),
    );
    return group.map(({ claimed }) => recorded.get(claimed.id)?.outcome ?? null);
  }

  const gatherer = createGatherer<Settled, Outcome | null>({
    flush: commit,
    maxItems: maxRows,
    maxBytes,
    sizeOf: ({ attempt }) => attempt.result?.bytes?.byteLength ?? 0,
    // What is not transient lies in the data.
    isolates: () => true,
  });

  return {
    async record(settled) {
      const outcome = await gatherer.add(settled);
      if (outcome !== 'bytes gone') return outcome && settled;
      const again = askAgain(settled);
      return (await gatherer.add(again)) && again;
    },
    idle: gatherer.idle,
  };
}
