import type { Actor } from '../contract/audit.ts';
import type { BatchCounts, BatchOutcome, BatchStatus } from '../contract/batch.ts';
import type { Failure } from '../contract/errors.ts';
import type { Waited } from '../invocations/late.ts';
import type { PreparedTokens } from '../invocations/prepare.ts';

/**
 * The life of a batch. Every arrow is one guarded statement in store/.
 *
 *   receiving ──all items are kept──► queued ──first range taken──► running ──everything ended──► finished
 *       │                               └──────────┬──────────────────┘                              │
 *       └─ bad item: deleted                       └──cancel──► cancelled         a row is retried ──┴──► running
 *
 * and of each of its ranges, which is one job at a time:
 *
 *   waiting ──rung──► rung ──worker takes it──► running ──none of it is queued──► passed
 *      ▲                └── job was lost ──┐       │
 *      ├───────────────────────────────────┴───────┘ given back: no slot, no rate left, held, worker stops or dies
 *      └── its batch's finishBy is over: all of it has failed ──► passed
 */
export type NewBatch = {
  id: string;
  account: string;
  integration: string;
  command: string;
  run: string | null;
  schedule: string | null;
  finishBy: Date | null;
  idempotencyKey: string | null;
  fingerprint: Buffer | null;
  /** Whom to tell when all of it has ended. */
  callbackUrl: string | null;
  createdBy: Actor;
};

/** One item, checked and ready to be kept. */
export type NewBatchRow = PreparedTokens & { id: string; reference: string | null };

/** How many invocations a range has: enough that a job's own cost is shared, few enough to be done in moments. */
export const rangeSize = 100;

/** A batch as it is kept, with its counts. */
export type BatchRow = BatchCounts & {
  id: string;
  account: string;
  integration: string;
  command: string;
  run: string | null;
  schedule: string | null;
  status: BatchStatus;
  outcome: BatchOutcome | null;
  finishBy: Date | null;
  warnings: string[];
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Whom to tell when all of it has ended. */
  callbackUrl: string | null;
};

/** A range for which a job is to be added, or was. `from` and `to` count the batch's items from 1 on. */
export type RangeRing = {
  kind: 'range';
  batch: string;
  integration: string;
  command: string;
  number: number;
  from: number;
  to: number;
  generation: number;
};

/** The leftovers of a batch, for which a job is to be added, or was. */
export type SweepRing = { kind: 'sweep'; batch: string; integration: string; command: string; generation: number };

export type BatchRing = RangeRing | SweepRing;

/** An open batch whose `finishBy` is over, and what its integration waited for. `seenAt`: now, by the database's clock. */
export type LateBatch = {
  id: string;
  integration: string;
  command: string;
  finishBy: Date;
  waited: Waited | null;
  seenAt: Date;
};

/** An invocation of such a batch that waits. */
export type LateRow = { id: string; tried: number; lastError: Failure | null };
