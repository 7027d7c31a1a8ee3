import type { BulkEntry } from './lane-job.ts';

/** Jobs of one queue by state; `waiting` counts those with a priority, too. */
export type Depth = { waiting: number; active: number; delayed: number; completed: number; failed: number };

/** The adding and looking side of all queues of one backend. Every call fails soon where the backend is away. */
export type Producer = {
  add(queue: string, entries: readonly BulkEntry[]): Promise<void>;
  /** Those of the ids that no worker will take any more: unknown, completed or failed. */
  lost(queue: string, ids: readonly string[]): Promise<Set<string>>;
  depth(queue: string): Promise<Depth>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** What this side needs of BullMQ's `Queue`, whatever its backend. */
export type BullQueue = {
  addBulk(jobs: BulkEntry[]): Promise<unknown>;
  getJobCounts(
    ...states: ('waiting' | 'prioritized' | 'active' | 'delayed' | 'completed' | 'failed')[]
  ): Promise<Record<string, number>>;
  waitUntilReady(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
};

export async function depthOf(queue: BullQueue): Promise<Depth> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed');
  const { waiting = 0, prioritized = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = counts;
  return { waiting: waiting + prioritized, active, delayed, completed, failed };
}
