import type { Pool } from 'pg';
import type { BatchRing } from '../batches/batch.ts';
import { type BatchRinger, createBatchRinger } from '../batches/ring.ts';
import { createDoorbell } from '../lanes/doorbell.ts';
import type { LaneQueues } from '../lanes/queues.ts';
import type { Log } from '../platform/log.ts';
import { takeRanges, unringRanges } from '../store/batch-ranges.ts';
import { takeSweeps, unringSweeps } from '../store/batch-sweeps.ts';

/** The doorbell of batches, joined to the database and the batch lane's queue. */
export function openBatchRinger(pool: Pool, queues: LaneQueues, log: Log): BatchRinger {
  return createBatchRinger({
    store: {
      takeRanges: (bounds) => takeRanges(pool, bounds),
      unringRanges: (rings) => unringRanges(pool, rings),
      takeSweeps: (bounds) => takeSweeps(pool, bounds),
      unringSweeps: (rings) => unringSweeps(pool, rings),
    },
    addJobs: (rings: readonly BatchRing[]) => queues.ring('batch', rings),
    createTimer: (ring) =>
      createDoorbell({
        ring,
        onError: (error) => log.warn('doorbell.failed', { error }, 'Could not ring for batches: the sweep will'),
      }),
    log,
  });
}
