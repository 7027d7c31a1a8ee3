import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Numbers that are the same for the same seed. */
export type Random = {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<Value>(values: readonly Value[]): Value;
};

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const between = (from: number, to: number) => uniformInt(generator, from, to);
  return {
    below: (below) => between(0, below - 1),
    between,
    pick: (values) => values[between(0, values.length - 1)] as (typeof values)[number],
  };
}
