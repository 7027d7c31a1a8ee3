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
};

/**
 * Cancels a batch: what has not ended ends as `cancelled`, exchanges in flight are aborted. If this process dies in the
 * middle of it, the leader goes on.
 *
 * @throws Refusal `not-found`; `conflict` if it has ended or is still being received
 */
export function createCancelBatch({ find, cancel, cancelRows }: CancelBatchDependencies) {
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
    while (await cancelRows(id, failure));
  };
}
