import { describe, expect, it } from 'vitest';
import { createGatherer } from '../../../src/platform/gather.ts';

/** A flush that the test lets go by hand. */
function manual() {
  const groups: { items: readonly number[]; done: (error?: Error) => void }[] = [];
  let arrived = () => {};
  const flush = (items: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      groups.push({ items, done: (error) => (error ? reject(error) : resolve(items.map((item) => item * 10))) });
      arrived();
    });
  const nextGroup = async (index: number) => {
    while (groups.length <= index) await new Promise<void>((resolve) => (arrived = resolve));
    return groups[index] as (typeof groups)[number];
  };
  return { flush, nextGroup, groups };
}

describe('gatherer', () => {
  it('handles a lone item at once', async () => {
    const { flush, nextGroup } = manual();
    const gatherer = createGatherer({ flush, maxItems: 10 });
    const answer = gatherer.add(1);
    const group = await nextGroup(0);
    expect(group.items).toEqual([1]);
    group.done();
    expect(await answer).toBe(10);
  });

  it('gathers what comes while a group is in flight into the next one', async () => {
    const { flush, nextGroup, groups } = manual();
    const gatherer = createGatherer({ flush, maxItems: 10 });
    const first = gatherer.add(1);
    (await nextGroup(0)).items;
    const rest = [2, 3, 4].map((item) => gatherer.add(item));
    expect(groups).toHaveLength(1);
    groups[0]?.done();
    const second = await nextGroup(1);
    expect(second.items).toEqual([2, 3, 4]);
    second.done();
    expect(await Promise.all([first, ...rest])).toEqual([10, 20, 30, 40]);
    await gatherer.idle();
  });

  it('bounds a group by items and by bytes, and lets an oversize item go alone', async () => {
    const sizes: number[][] = [];
    const gatherer = createGatherer<number, void>({
      flush: async (items) => {
        sizes.push([...items]);
        return items.map(() => undefined);
      },
      maxItems: 3,
      maxBytes: 100,
      sizeOf: (item) => item,
    });
    await Promise.all([10, 10, 10, 10, 60, 60, 500, 1].map((item) => gatherer.add(item)));
    expect(sizes).toEqual([[10, 10, 10], [10, 60], [60], [500], [1]]);
  });

  it('rejects the items of a failed group and goes on with the next', async () => {
    const { flush, nextGroup } = manual();
    const gatherer = createGatherer({ flush, maxItems: 1 });
    const first = gatherer.add(1);
    const second = gatherer.add(2);
    (await nextGroup(0)).done(new Error('away'));
    await expect(first).rejects.toThrow('away');
    (await nextGroup(1)).done();
    expect(await second).toBe(20);
  });
});
