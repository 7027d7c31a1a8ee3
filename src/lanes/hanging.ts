import type { Lane } from '../contract/lane.ts';

/**
 * After how long an exchange, and a job without progress, hangs: it waits for a server, which costs a socket and no work,
 * so it is not counted against what the process can do at a time. A click waits for nobody who hangs, so there it is
 * soon; in batch not so soon that one process takes all jobs of those that are merely slow. In milliseconds.
 */
export const hangsAfterMs: Readonly<Record<Lane, number>> = { interactive: 250, batch: 1_000 };

/** What hangs, per slot: each has a socket and a few kilobytes. With 64 slots, a thousand in all. */
export const hangingPerSlot = 15;
