import { withResolvers } from './resolvers.ts';

export type Limits = { timeoutMs: number; signal?: AbortSignal | undefined };

/**
 * The outcome of `work`, if it comes in time. The work itself is not ended: whoever made it sees to that.
 *
 * @throws what `late` makes, after `timeoutMs`; the signal's reason, as soon as it aborts
 */
export async function limited<Value>(
  work: Promise<Value>,
  { timeoutMs, signal }: Limits,
  late: () => Error,
): Promise<Value> {
  // Nobody listens any more to work that comes too late.
  work.catch(() => undefined);
  signal?.throwIfAborted();
  const over = withResolvers<never>();
  // setTimeout takes no more than 24.8 days; an endless limit needs no timer.
  const timer = timeoutMs < 2 ** 31 ? setTimeout(() => over.reject(late()), timeoutMs) : undefined;
  const abort = () => over.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
