import { bootstrapActor } from '../access/authenticate.ts';
import type { AuditRecord } from '../audit/entry.ts';
import { errorCatalogue, type Failure } from '../contract/errors.ts';
import type { InvocationStatus } from '../contract/invocation.ts';
import { Refusal } from '../contract/problem.ts';
import type { Principal } from './enqueue.ts';
import { type FindInvocation, requireInvocation } from './read.ts';

/** What a cancelled invocation was before. */
export type Cancelled = { was: InvocationStatus };

export type CancelDependencies = {
  find: FindInvocation;
  /** Ends it as `cancelled` with its audit entry, if it is open, and tells the worker that holds it. */
  cancel: (id: string, error: Failure, audit: AuditRecord) => Promise<Cancelled | null>;
};

/**
 * Ends an open invocation at once. A request in flight is aborted and its attempt kept as `unknown`: the customer's
 * server may have acted on it.
 *
 * @throws Refusal `not-found`; `conflict` if it has ended.
 */
export function createCancel({ find, cancel }: CancelDependencies) {
  return async ({ actor, accounts }: Principal, id: string): Promise<void> => {
    const { account, integration, command, status } = await requireInvocation(find, accounts, id);
    const by = actor.id === bootstrapActor.id ? 'the bootstrap admin key' : (actor.name ?? actor.id);
    const error: Failure = { code: 'cancelled', message: `Cancelled by ${by}.`, side: errorCatalogue.cancelled.side };
    const audit: AuditRecord = {
      account,
      actor,
      action: 'invocation.cancelled',
      subject: { type: 'invocation', id },
      details: { integration, command, was: status },
    };
    if ((await cancel(id, error, audit)) !== null) return;
    const now = (await requireInvocation(find, accounts, id)).status;
    throw new Refusal('conflict', `Invocation ${id} has ended: it is ${now}.`);
  };
}
