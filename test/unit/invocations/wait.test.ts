import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InvocationStatus } from '../../../src/contract/invocation.ts';
import type { StatusOf } from '../../../src/invocations/invocation.ts';
import { createWaiter } from '../../../src/invocations/wait.ts';

describe('contract §3: waiting for the end of an invocation', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function waiter() {
    const statuses = new Map<string, InvocationStatus>();
    const asked: string[][] = [];
    let tell: (end: { invocation: string; status: InvocationStatus }) => void = () => {};
    const created = createWaiter({
      onEnded: (listener) => {
        tell = listener;
      },
      statusesOf: async (ids) => {
        asked.push([...ids]);
        return ids.flatMap((id): StatusOf[] => {
          const status = statuses.get(id);
          return status === undefined ? [] : [{ id, status }];
        });
      },
      log: { warn: () => {} },
    });
    return {
      ...created,
      statuses,
      asked,
      tell: (invocation: string, status: InvocationStatus) => tell({ invocation, status }),
    };
  }
  const never = new AbortController().signal;

  it('ends with the event, at once', async () => {
    const { waitForEnd, tell } = waiter();
    const waiting = waitForEnd('a', 10_000, never);
    tell('a', 'retrying');
    tell('b', 'succeeded');
    tell('a', 'failed');
    expect(await waiting).toBe(true);
  });

  it('finds what ended unheard, asking for all that wait in one look', async () => {
    const { waitForEnd, statuses, asked } = waiter();
    const waiting = Promise.all([waitForEnd('a', 10_000, never), waitForEnd('b', 10_000, never)]);
    statuses.set('a', 'succeeded').set('b', 'running');
    await vi.advanceTimersByTimeAsync(20);
    expect(asked).toEqual([['a', 'b']]);
    statuses.set('b', 'cancelled');
    await vi.advanceTimersByTimeAsync(250);
    expect(asked).toEqual([['a', 'b'], ['b']]);
    expect(await waiting).toEqual([true, true]);
  });

  it('is false when the time is over, and asks no more', async () => {
    const { waitForEnd, asked } = waiter();
    const waiting = waitForEnd('a', 100, never);
    await vi.advanceTimersByTimeAsync(100);
    expect(await waiting).toBe(false);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.length - before).toBeLessThanOrEqual(1);
  });

  it('is false when the client has gone, and when the API stops', async () => {
    const { waitForEnd, stop } = waiter();
    const gone = new AbortController();
    const first = waitForEnd('a', 10_000, gone.signal);
    const second = waitForEnd('b', 10_000, never);
    gone.abort();
    stop();
    expect(await Promise.all([first, second])).toEqual([false, false]);
  });
});
