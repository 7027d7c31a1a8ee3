import type { LogFields } from '../platform/log.ts';
import type { LaneLog } from './connection.ts';

/** While a queue is away every connection fails several times a second: the same message is worth one line in so long. */
const repeatMs = 10_000;

/** Of a cluster it is only said that no node could be asked; why is in there. */
function causeOf(error: Error): Error {
  return 'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
}

/** A listener for BullMQ's `error` events that logs each message once in a while. */
export function createOutageLog(log: Pick<LaneLog, 'warn'>, fields: LogFields): (error: Error) => void {
  const saidAt = new Map<string, number>();
  return (reported) => {
    const error = causeOf(reported);
    const now = Date.now();
    // An AggregateError of several refused addresses has no message of its own.
    const key = error.message || ('code' in error ? String(error.code) : error.name);
    if (now - (saidAt.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs) return;
    if (saidAt.size >= 100) saidAt.clear();
    saidAt.set(key, now);
    log.warn('queue.error', { ...fields, error }, 'The queue reports an error');
  };
}
