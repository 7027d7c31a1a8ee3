import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShares, type Slot } from '../../../src/lanes/shares.ts';

/** Shares of a worker with so many slots, and the rings that they asked for, each answered by the test. */
function open({ slots = 16, limit = 8 }: { slots?: number; limit?: number } = {}) {
  const rings: { integration: string; count: number; answer(found: number): Promise<void>; fail(): Promise<void> }[] =
    [];
  const errors: unknown[] = [];
  let currentLimit = limit;
  const shares = createShares({
    slots,
    limitOf: () => currentLimit,
    ringNext: (integration, count) =>
      new Promise((resolve, reject) => {
        rings.push({
          integration,
          count,
          answer: async (found) => {
            resolve(found);
            await turn();
          },
          fail: async () => {
            reject(new Error('away'));
            await turn();
          },
        });
      }),
    onError: (_, error) => errors.push(error),
  });
  /** Takes what it can; for each that it cannot, a row is left waiting. */
  const take = (integration: string, count: number): Slot[] =>
    Array.from({ length: count }, () => {
      const slot = shares.tryTake(integration);
      if (slot === null) shares.leftWaiting(integration);
      return slot;
    }).filter((slot) => slot !== null);
  return { shares, rings, errors, take, setLimit: (value: number) => (currentLimit = value) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('contract §7: shares of a worker', () => {
  it('give an integration at most a quarter of the slots, rounded up', () => {
    expect(open({ slots: 16, limit: 100 }).take('a', 20)).toHaveLength(4);
    expect(open({ slots: 17, limit: 100 }).take('a', 20)).toHaveLength(5);
    expect(open({ slots: 1, limit: 100 }).take('a', 20)).toHaveLength(1);
  });

  it('give an integration no more than its own limit, and that at once when it changes', () => {
    const { take, setLimit, shares } = open({ slots: 100, limit: 3 });
    expect(take('a', 20)).toHaveLength(3);
    setLimit(5);
    expect(take('a', 20)).toHaveLength(2);
    setLimit(0);
    expect(shares.tryTake('b')).not.toBeNull();
    expect(shares.tryTake('b')).toBeNull();
  });

  it('leave other integrations their slots while one hangs', () => {
    const { take, shares } = open({ slots: 16 });
    take('slow', 100);
    expect(take('quick', 4)).toHaveLength(4);
    expect(shares.held('slow')).toBe(4);
    expect(shares.inUse()).toBe(8);
    expect(shares.waiting('slow')).toBe(true);
    expect(shares.waiting('quick')).toBe(false);
  });

  it('ring for waiting rows when slots are released, once for those released together', async () => {
    const { take, rings } = open({ slots: 16 });
    const held = take('a', 5);
    for (const slot of held.slice(0, 3)) slot.release();
    await turn();
    expect(rings).toMatchObject([{ integration: 'a', count: 3 }]);
  });

  it('ring at once for a row that is left waiting when the slot it was refused is free again', async () => {
    const { shares, take, rings } = open({ slots: 4 });
    const [slot] = take('a', 1);
    expect(shares.tryTake('a')).toBeNull();
    slot?.release();
    shares.leftWaiting('a');
    await turn();
    expect(rings).toMatchObject([{ integration: 'a', count: 1 }]);
  });

  it('do not ring for an integration that has nobody waiting', async () => {
    const { take, rings } = open();
    for (const slot of take('a', 4)) slot.release();
    await turn();
    expect(rings).toEqual([]);
  });

  it('ring again for slots released while they rang', async () => {
    const { take, rings } = open({ slots: 16 });
    const held = take('a', 5);
    held[0]?.release();
    await turn();
    held[1]?.release();
    held[2]?.release();
    await rings[0]?.answer(1);
    expect(rings.map(({ count }) => count)).toEqual([1, 2]);
  });

  it('ring no more once no row is left, unless one was refused meanwhile', async () => {
    const { shares, take, rings } = open({ slots: 4 });
    const [first] = take('a', 2);
    first?.release();
    await turn();
    const [second] = take('a', 2);
    await rings[0]?.answer(0);
    expect(shares.waiting('a')).toBe(true);
    second?.release();
    await turn();
    await rings[1]?.answer(0);
    expect(shares.waiting('a')).toBe(false);
  });

  it('try again with the next slot when ringing failed', async () => {
    const { take, rings, errors } = open({ slots: 8 });
    const held = take('a', 3);
    held[0]?.release();
    await turn();
    await rings[0]?.fail();
    expect(errors).toHaveLength(1);
    held[1]?.release();
    await turn();
    expect(rings).toHaveLength(2);
  });

  it('count a slot once that is released twice', () => {
    const { take, shares } = open();
    const [slot] = take('a', 1);
    slot?.release();
    slot?.release();
    expect(shares.held('a')).toBe(0);
    expect(shares.inUse()).toBe(0);
  });

  it('ring no more after they were stopped, and wait for the ring under way', async () => {
    const { shares, take, rings } = open({ slots: 8 });
    const held = take('a', 3);
    held[0]?.release();
    await turn();
    const stopped = shares.stop();
    held[1]?.release();
    await rings[0]?.answer(1);
    await stopped;
    expect(rings).toHaveLength(1);
  });

  it('never exceed a share and always add up, whatever is taken and released', () => {
    const act = fc.record({ integration: fc.constantFrom('a', 'b', 'c'), release: fc.boolean() });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(act),
        (slots, limit, acts) => {
          const { shares } = open({ slots, limit });
          const held: Record<string, Slot[]> = { a: [], b: [], c: [] };
          for (const { integration, release } of acts) {
            const mine = held[integration] ?? [];
            if (release) mine.pop()?.release();
            else {
              const slot = shares.tryTake(integration);
              if (slot !== null) mine.push(slot);
            }
            expect(shares.held(integration)).toBe(mine.length);
            expect(mine.length).toBeLessThanOrEqual(Math.min(limit, Math.ceil(slots / 4)));
          }
          expect(shares.inUse()).toBe(Object.values(held).flat().length);
        },
      ),
    );
  });
});
