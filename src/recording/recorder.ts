import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { Settled } from '../invocations/invocation.ts';
import { createGatherer } from '../platform/gather.ts';
import { type Blob, keepBlobs, seeBlobs } from '../store/blobs.ts';
import { recordSettled } from '../store/endings.ts';

export type Recorder = {
  /**
   * Commits an attempt and all that follows from it. Resolves after COMMIT: `false` if the row was no longer this
   * worker's, so nothing was written. Rejects if it could not be written in spite of retries.
   */
  record(settled: Settled): Promise<boolean>;
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
};

/** Rows of one commit. More does not pay: the statement's own cost per row dominates from about 100 on. */
const maxRows = 250;
/** Bytes of one commit: bounds the memory that a group takes beside the byte budget of sending. */
const maxBytes = 64 * 1024 * 1024;
/** From this size on it is cheaper to ask whether the bytes are kept already than to send them again. */
const askFirstBytes = 16 * 1024;

/**
 * The group commit: what is handed over while a commit is in flight shares the next one. A transient error repeats the
 * whole group; bad data halves it until the one bad row fails alone.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { pool, worker } = options;
  /** Hashes that this process saw kept, by day: spares asking for bytes that come again and again. */
  const kept = new LRUCache<string, string>({ max: 20_000 });

  /** The group's bytes that are not known to be kept, once each. */
  function newBytes(group: readonly Settled[], today: string): Map<string, Blob> {
    const missing = new Map<string, Blob>();
    for (const { attempt } of group) {
      if (attempt.result === null) continue;
      const key = attempt.result.sha256.toString('base64');
      if (kept.get(key) !== today) missing.set(key, attempt.result);
    }
    return missing;
  }

  /** Of the large ones, keeps what is not kept yet. */
  async function keepLarge(large: readonly Blob[]): Promise<void> {
    if (large.length === 0) return;
    const hashes = large.map(({ sha256 }) => sha256);
    const seen = new Set((await seeBlobs(pool, hashes)).map((hash) => hash.toString('base64')));
    await keepBlobs(
      pool,
      large.filter(({ sha256 }) => !seen.has(sha256.toString('base64'))),
    );
  }

  async function commit(group: readonly Settled[]): Promise<boolean[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        const today = new Date().toISOString().slice(0, 10);
        const missing = newBytes(group, today);
        const isLarge = ({ bytes }: Blob) => bytes.byteLength >= askFirstBytes;
        const blobs = [...missing.values()];
        await keepLarge(blobs.filter(isLarge));
        // The small ones go along: a statement of their own would cost more than their bytes.
        const moved = await recordSettled(
          pool,
          worker,
          group,
          blobs.filter((blob) => !isLarge(blob)),
        );
        for (const key of missing.keys()) kept.set(key, today);
        return group.map(({ claimed }) => moved.has(claimed.id));
      } catch (error) {
        if (!options.isTransient(error)) throw error;
        await options.pause(tries);
      }
    }
  }

  const gatherer = createGatherer<Settled, boolean>({
    flush: commit,
    maxItems: maxRows,
    maxBytes,
    sizeOf: ({ attempt }) => attempt.result?.bytes.byteLength ?? 0,
    // What is not transient lies in the data.
    isolates: () => true,
  });

  return {
    record: gatherer.add,
    idle: gatherer.idle,
  };
}
