import { uuidv7 } from 'uuidv7';
import { createCancel } from '../invocations/cancel.ts';
import { createRedrive } from '../invocations/redrive.ts';
import { createRetry } from '../invocations/retry.ts';
import { findInvocation } from '../store/invocation-pages.ts';
import { countRedrivable, knowsBatches, redriveStep } from '../store/redrive.ts';
import { cancelInvocation, retryInvocation } from '../store/transitions.ts';
import type { Core } from './core.ts';

/** What operators do with invocations, joined to the database and the queues. */
export function openSteering({ pool, ringer }: Pick<Core, 'pool' | 'ringer'>) {
  const find = (id: string) => findInvocation(pool, id);
  return {
    retry: createRetry({
      find,
      retry: (id, audit) => retryInvocation(pool, id, audit),
      ring: (lane, doorbell) => ringer.add(lane, [doorbell]),
    }),
    cancel: createCancel({ find, cancel: (id, error, audit) => cancelInvocation(pool, id, error, audit) }),
    redrive: createRedrive({
      knows: (filter) => knowsBatches(pool, filter),
      step: (filter, after, limit, audit) => redriveStep(pool, filter, { after, limit }, audit),
      count: (filter, after, limit) => countRedrivable(pool, filter, { after, limit }),
      ringDue: (lane) => ringer.due(lane),
      newId: () => uuidv7(),
      now: Date.now,
    }),
  };
}
