import type { AuditRecord } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import { Refusal } from '../contract/problem.ts';
import type { Principal } from '../invocations/enqueue.ts';
import type { BatchRow } from './batch.ts';
import { cancelledFailure } from './look.ts';
import { requireBatch } from './read.ts';

export type CancelBatchDependencies = {
  find: (id: string) => Promise<BatchRow | null>;
  /** From here on nothing of it is begun; `false` if it has ended. */
  cancel: (id: string, audit: AuditRecord) => Promise<boolean>;
  /** Ends a piece of what is open; answers whether there may be more. */
  cancelRows: (id: string, error: Failure) => Promise<boolean>;
  isTransient: (error: unknown) => boolean;
};

/** The caller waits for the answer; what a large batch still has open by then, the leader ends. */
const answerWithinMs = 5_000;

/**
 * Cancels a batch: what has not ended ends as `cancelled`, exchanges in flight are aborted. What is not done
 * within 5 s, or because the database is away or this process dies, the leader goes on with.
 *
 * @throws Refusal `not-found`; `conflict` if it has ended or is still being received
 */
export function createCancelBatch({ find, cancel, cancelRows, isTransient }: CancelBatchDependencies) {
  return async ({ actor, accounts }: Principal, id: string): Promise<void> => {
    const batch = await requireBatch(find, accounts, id);
    const { account, integration, command, run } = batch;
    const audit: AuditRecord = {
      account,
      actor,
      action: 'batch.cancelled',
      subject: { type: 'batch', id },
      details: { integration, command, run, total: batch.total, was: batch.status },
    };
    if (!(await cancel(id, audit))) {
      const { status } = await requireBatch(find, accounts, id);
      const why = status === 'receiving' ? 'it is still being received; end the request' : `it is ${status}`;
      throw new Refusal('conflict', `Batch ${id} cannot be cancelled: ${why}.`);
    }
    const failure = cancelledFailure(actor.name ?? actor.id);
    const answerBy = performance.now() + answerWithinMs;
    try {
      while ((await cancelRows(id, failure)) && performance.now() < answerBy);
    } catch (error) {
      // It is cancelled, whatever happens to its rows: a refusal would say that it is not.
      if (!isTransient(error)) throw error;
    }
  };
}
