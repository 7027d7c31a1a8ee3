import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShares, type Slot } from '../../../src/lanes/shares.ts';

/** Timers that the test lets fire. */
function handTimers() {
  const set = new Set<() => void>();
  return {
    set(callback: () => void) {
      set.add(callback);
      return callback;
    },
    clear: (timer: unknown) => void set.delete(timer as () => void),
    last: () => [...set].at(-1),
    /** All that are set now fire: every slot held by now hangs. */
    fire() {
      const due = [...set];
      set.clear();
      for (const callback of due) callback();
    },
  };
}

type Options = { slots?: number; limit?: number; askMore?: (integration: string) => Promise<void> };

/** Shares of a worker with so many slots, and the rings that they asked for, each answered by the test. */
function open({ slots = 16, limit = 8, askMore }: Options = {}) {
  const rings: { integration: string; count: number; answer(found: number): Promise<void>; fail(): Promise<void> }[] =
    [];
  const errors: unknown[] = [];
  const timers = handTimers();
  let currentLimit = limit;
  const shares = createShares({
    slots,
    limitOf: () => currentLimit,
    hangsAfterMs: 1,
    timers,
    ...(askMore === undefined ? {} : { askMore }),
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
  return { shares, rings, errors, take, timers, setLimit: (value: number) => (currentLimit = value) };
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

  describe('where exchanges hang', () => {
    it('count them against their integration, but not against the process', () => {
      const { take, shares, timers } = open({ slots: 4, limit: 3 });
      expect(take('dead', 3)).toHaveLength(1);
      timers.fire();
      expect(shares.inUse()).toBe(0);
      expect(take('dead', 3)).toHaveLength(1);
      timers.fire();
      timers.fire();
      expect(take('dead', 3)).toHaveLength(1);
      timers.fire();
      expect(take('dead', 3)).toHaveLength(0);
      expect(shares.held('dead')).toBe(3);
    });

    it('ring for rows left waiting, since there is room for them now', async () => {
      const { take, rings, timers } = open({ slots: 4 });
      take('dead', 2);
      timers.fire();
      await turn();
      expect(rings).toMatchObject([{ integration: 'dead', count: 1 }]);
    });

    it('let as many hang as the process can bear, no more', () => {
      const { take, shares, timers } = open({ slots: 1, limit: 100 });
      for (let number = 0; number < 20; number += 1) {
        take(`dead ${number}`, 1);
        timers.fire();
      }
      expect(shares.inUse()).toBe(20 - 15);
    });

    it('add up again when they end', () => {
      const { take, shares, timers } = open({ slots: 4, limit: 3 });
      const slots = [...take('dead', 1)];
      timers.fire();
      slots.push(...take('dead', 1));
      for (const slot of slots) slot.release();
      expect([shares.held('dead'), shares.inUse()]).toEqual([0, 0]);
    });
  });

  describe('for those who wait in hand', () => {
    const forever = Number.POSITIVE_INFINITY;
    /** Takes one after the other, and notes who got one. */
    function queueUp(shares: ReturnType<typeof open>['shares'], ...integrations: string[]) {
      const got: string[] = [];
      const slots: Slot[] = [];
      for (const integration of integrations) {
        void shares.take(integration, 'batch', forever).then((slot) => {
          if (slot === null) return;
          got.push(integration);
          slots.push(slot);
        });
      }
      return { got, slots };
    }

    it('are given at once while there are any, up to the slots of the process', async () => {
      const { shares } = open({ slots: 4, limit: 8 });
      const { got } = queueUp(shares, 'a', 'b', 'c', 'd', 'e');
      await turn();
      expect(got).toEqual(['a', 'b', 'c', 'd']);
    });

    it('go round the integrations, and within one to who came first', async () => {
      const { shares } = open({ slots: 1 });
      const { got, slots } = queueUp(shares, 'first', 'a', 'a', 'a', 'b', 'c');
      for (let rounds = 0; rounds < 5; rounds += 1) {
        await turn();
        slots.shift()?.release();
      }
      await turn();
      expect(got).toEqual(['first', 'a', 'b', 'c', 'a', 'a']);
    });

    it("go round an integration's batches, however many passes each has", async () => {
      const { shares } = open({ slots: 1 });
      const got: string[] = [];
      const slots: Slot[] = [];
      for (const batch of ['huge', 'huge', 'huge', 'huge', 'small', 'small']) {
        void shares.take('a', batch, forever).then((slot) => {
          got.push(batch);
          if (slot !== null) slots.push(slot);
        });
      }
      for (let rounds = 0; rounds < 5; rounds += 1) {
        await turn();
        slots.shift()?.release();
      }
      await turn();
      expect(got).toEqual(['huge', 'huge', 'small', 'huge', 'small', 'huge']);
      slots.shift()?.release();
      expect(shares.demand('a')).toEqual({ held: 0, wanted: 0 });
    });

    it('pass over an integration that has its share', async () => {
      const { shares } = open({ slots: 8, limit: 1 });
      const { got, slots } = queueUp(shares, 'a', 'a', 'b');
      await turn();
      expect(got).toEqual(['a', 'b']);
      slots[0]?.release();
      await turn();
      expect(got).toEqual(['a', 'b', 'a']);
    });

    it('come from those that hang', async () => {
      const { shares, timers } = open({ slots: 1 });
      const { got } = queueUp(shares, 'dead', 'healthy');
      await turn();
      expect(got).toEqual(['dead']);
      timers.fire();
      await turn();
      expect(got).toEqual(['dead', 'healthy']);
    });

    it('are forgotten when who waits gives up, after a while or because the worker stops', async () => {
      const { shares, timers } = open({ slots: 1 });
      const { slots } = queueUp(shares, 'a');
      await turn();
      const [brief, long] = [shares.take('b', 'batch', 5_000), shares.take('c', 'batch', forever)];
      timers.last()?.();
      expect(await brief).toBeNull();
      shares.endWaiting();
      expect(await long).toBeNull();
      expect(await shares.take('a', 'batch', forever)).toBeNull();
      slots[0]?.release();
      expect([shares.held('a'), shares.held('b'), shares.held('c'), shares.inUse()]).toEqual([0, 0, 0, 0]);
    });
  });

  describe('where more can be leased', () => {
    it('ask before they refuse, for all who come meanwhile', async () => {
      const asked: unknown[] = [];
      const { shares, setLimit } = open({
        limit: 0,
        askMore: async (integration) => {
          asked.push({ integration, ...shares.demand(integration) });
          await turn();
          setLimit(2);
        },
      });
      const taken = await Promise.all([shares.takeNow('a'), shares.takeNow('a'), shares.takeNow('a')]);
      expect(taken.filter((slot) => slot !== null)).toHaveLength(2);
      expect(asked.at(-1)).toEqual({ integration: 'a', held: 0, wanted: 3 });
    });

    it('do not ask for what the process itself has no room for', async () => {
      const { shares, take } = open({ slots: 4, limit: 1, askMore: () => expect.unreachable() });
      take('a', 1);
      expect(await shares.takeNow('a')).toBeNull();
    });

    it('serve those who wait, and ring for rows that do, when it has grown', async () => {
      const { shares, rings, setLimit } = open({ limit: 0, askMore: async () => {} });
      const slot = shares.take('a', 'batch', Number.POSITIVE_INFINITY);
      shares.leftWaiting('a');
      setLimit(3);
      shares.grown('a');
      expect(await slot).toBeDefined();
      await turn();
      expect(rings).toMatchObject([{ integration: 'a', count: 2 }]);
    });

    it('want twice as many when rows wait, since nobody knows how many', () => {
      const { shares, take } = open({ slots: 64, limit: 3, askMore: async () => {} });
      take('a', 4);
      expect(shares.demand('a')).toEqual({ held: 3, wanted: 6 });
    });
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
