import type { AuditRecord } from '../audit/entry.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { Lane } from '../contract/lane.ts';
import { Refusal } from '../contract/problem.ts';
import type { Principal } from './enqueue.ts';
import type { Doorbell } from './invocation.ts';
import { type FindInvocation, requireInvocation } from './read.ts';

/**
 * How an exchange may have failed although the customer's server acted on it: it was slow, or the connection or the
 * answer broke off. Every other failure is definite: the server said so in full, or nothing was sent. After a definite
 * failure a person's retry is a new request with a new `Idempotency-Key`; after these, and after attempts of unknown
 * outcome, it keeps the key, so that a server that knows keys does nothing twice (contract §6).
 */
export const openFailureCodes = ['timeout', 'connect-failed', 'protocol-error'] as const satisfies readonly ErrorCode[];

/** An invocation that is open again; `ring`: a job is to be added for it now. */
export type Retried = Doorbell & { lane: Lane; ring: boolean };

export type RetryDependencies = {
  find: FindInvocation;
  /** Opens it again with its audit entry, if it has ended. */
  retry: (id: string, audit: AuditRecord) => Promise<Retried | null>;
  /** Adds the job; never rejects. */
  ring: (lane: Lane, doorbell: Doorbell) => Promise<void>;
};

/**
 * Opens an ended invocation again: numbering goes on, attempts and deadline begin anew, with the command as it is
 * configured now. Of a paused integration, batch work waits.
 *
 * @throws Refusal `not-found`; `conflict` if it has not ended.
 */
export function createRetry({ find, retry, ring }: RetryDependencies) {
  return async ({ actor, accounts }: Principal, id: string): Promise<void> => {
    const { account, integration, command, status, error } = await requireInvocation(find, accounts, id);
    const details = { integration, command, was: status, ...(error === null ? {} : { code: error.code }) };
    const subject = { type: 'invocation', id };
    const retried = await retry(id, { account, actor, action: 'invocation.retried', subject, details });
    if (retried === null) {
      const now = (await requireInvocation(find, accounts, id)).status;
      throw new Refusal('conflict', `Invocation ${id} is ${now}: only one that has ended can be retried.`);
    }
    const { lane, ring: rung, ...doorbell } = retried;
    if (rung) await ring(lane, doorbell);
  };
}
