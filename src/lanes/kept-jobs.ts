import type { KeepJobs } from 'bullmq';
import type { LaneConnection } from './connection.ts';

/**
 * How many ended jobs stay in the queue. They are only there to be looked at in Bull Board: what happened is in the rows,
 * and a job's id is never used again. BullMQ trims the whole set of ended jobs by the options of the job that ends,
 * so these bounds hold for the jobs of producers that asked for longer, too.
 *
 * Redis: 1,000 completed ones are some 600 kB; failed ones are what an operator looks for on Monday.
 * PostgreSQL: by age alone. A count makes each completion scan all that are kept, and the deletions of two workers can
 * deadlock. At the 1,300 jobs/s that this backend manages at most, 10 minutes are 780,000 small rows.
 */
const kept = {
  redis: { completed: { count: 1_000, age: 86_400 }, failed: { count: 10_000, age: 7 * 86_400 } },
  postgres: { completed: { age: 600 }, failed: { age: 86_400 } },
} as const satisfies Record<LaneConnection['kind'], Record<'completed' | 'failed', KeepJobs>>;

/** BullMQ's options, for a job of ours or, as a worker's defaults, for a producer's job that says nothing. */
export function keptJobs(kind: LaneConnection['kind']): { removeOnComplete: KeepJobs; removeOnFail: KeepJobs } {
  return { removeOnComplete: kept[kind].completed, removeOnFail: kept[kind].failed };
}
