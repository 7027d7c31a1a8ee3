import type { Actor } from '../contract/audit.ts';
import type { ScheduleItem } from '../contract/schedule.ts';

/** What a run of a schedule asks for when its items are known. */
export type BatchStart = {
  actor: Actor;
  integration: string;
  command: string;
  /** The label over the batches of one night. */
  run: string;
  schedule: string;
  finishBy?: Date;
  /** The run's own: a process that died after the batch was accepted must not start another. */
  idempotencyKey: string;
  /** At least one; read once, as they are stored. */
  items: AsyncIterable<ScheduleItem> | Iterable<ScheduleItem>;
};

/**
 * Starts a batch; once this resolves it is accepted, and ends by itself.
 *
 * @throws Refusal if it cannot be accepted as it is; nothing of it is kept then
 */
export type StartBatch = (start: BatchStart) => Promise<{ id: string; total: number }>;
