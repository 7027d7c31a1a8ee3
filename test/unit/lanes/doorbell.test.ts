import { describe, expect, it } from 'vitest';
import { createDoorbell } from '../../../src/lanes/doorbell.ts';
import type { Timers } from '../../../src/lanes/timers.ts';

/** A clock that the test moves. */
function createClock() {
  let now = 0;
  const armed = new Map<number, { at: number; callback: () => void }>();
  let next = 1;
  const timers: Timers = {
    now: () => now,
    set(callback, delayMs) {
      armed.set(next, { at: now + delayMs, callback });
      next += 1;
      return next - 1;
    },
    clear: (timer) => armed.delete(timer as number),
  };
  return {
    timers,
    armed,
    async advance(byMs: number) {
      const until = now + byMs;
      for (;;) {
        const [first] = [...armed]
          .filter(([, { at }]) => at <= until)
          .toSorted(([, one], [, other]) => one.at - other.at);
        if (first === undefined) break;
        const [id, { at, callback }] = first;
        armed.delete(id);
        now = at;
        callback();
        await turn();
      }
      now = until;
    },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function open(ring?: () => Promise<void>) {
  const clock = createClock();
  const rangAt: number[] = [];
  const errors: unknown[] = [];
  const doorbell = createDoorbell({
    ring: async () => {
      rangAt.push(clock.timers.now());
      await ring?.();
    },
    onError: (error) => errors.push(error),
    timers: clock.timers,
  });
  return { clock, rangAt, errors, doorbell };
}

describe('a doorbell', () => {
  it('rings when the time is up, and not before', async () => {
    const { clock, rangAt, doorbell } = open();
    doorbell.at(1_000);
    await clock.advance(999);
    expect(rangAt).toEqual([]);
    await clock.advance(10);
    expect(rangAt).toEqual([1_002]);
  });

  it('rings for the earliest first, whatever the order in which they were asked for', async () => {
    const { clock, rangAt, doorbell } = open();
    doorbell.at(5_000);
    doorbell.at(1_000);
    doorbell.at(3_000);
    expect(clock.armed.size).toBe(1);
    await clock.advance(10_000);
    expect(rangAt).toEqual([1_002, 3_002, 5_002]);
  });

  it('rings once for all that falls due together', async () => {
    const { clock, rangAt, doorbell } = open();
    for (let count = 0; count < 1_000; count += 1) doorbell.at(1_000);
    await clock.advance(5_000);
    expect(rangAt).toEqual([1_002]);
  });

  it('rings soon for what is due already', async () => {
    const { clock, rangAt, doorbell } = open();
    doorbell.at(-5);
    await clock.advance(2);
    expect(rangAt).toEqual([2]);
  });

  it('does not ring while it rings, but again afterwards for what fell due meanwhile', async () => {
    const ends: (() => void)[] = [];
    const { clock, rangAt, doorbell } = open(() => new Promise((resolve) => ends.push(resolve)));
    doorbell.at(1_000);
    doorbell.at(2_000);
    doorbell.at(2_500);
    await clock.advance(5_000);
    expect(rangAt).toHaveLength(1);
    ends[0]?.();
    await turn();
    await clock.advance(1);
    expect(rangAt).toHaveLength(2);
    ends[1]?.();
    await turn();
    await clock.advance(10_000);
    expect(rangAt).toHaveLength(2);
  });

  it('goes on after a ring that failed', async () => {
    const { clock, rangAt, errors, doorbell } = open(async () => {
      throw new Error('away');
    });
    doorbell.at(1_000);
    doorbell.at(2_000);
    await clock.advance(3_000);
    expect(rangAt).toHaveLength(2);
    expect(errors).toHaveLength(2);
  });

  it('waits longer than a timer of Node can', async () => {
    const { clock, rangAt, doorbell } = open();
    const month = 31 * 86_400_000;
    doorbell.at(month);
    await clock.advance(month + 10);
    expect(rangAt).toEqual([month + 2]);
  });

  it('rings no more once stopped, and stops after the ring under way', async () => {
    const ends: (() => void)[] = [];
    const { clock, rangAt, doorbell } = open(() => new Promise((resolve) => ends.push(resolve)));
    doorbell.at(1_000);
    doorbell.at(2_000);
    await clock.advance(1_500);
    let stopped = false;
    const stopping = doorbell.stop().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    ends[0]?.();
    await stopping;
    doorbell.at(0);
    await clock.advance(10_000);
    expect(rangAt).toHaveLength(1);
    expect(clock.armed.size).toBe(0);
    await doorbell.stop();
  });
});
