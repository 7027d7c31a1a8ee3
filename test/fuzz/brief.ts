import fc from 'fast-check';
import { it } from 'vitest';
import type { KeptProperty } from './property.ts';

/** fast-check prints the seed of a failure; ERRAND_TEST_SEED takes it back. `npm run fuzz` goes on for longer. */
const seed = process.env.ERRAND_TEST_SEED;

/** Each property as a test that tries a few hundred values. */
export function tryBriefly(properties: readonly KeptProperty[], numRuns: number): void {
  it.each(properties.map((each) => [each.name, each] as const))('%s', async (_, { check, kept }) => {
    // A few megabytes each take longer than all the others together.
    const settings = {
      numRuns,
      interruptAfterTimeLimit: 2_000,
      examples: kept as never,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
    };
    await fc.assert(check as fc.IAsyncProperty<unknown>, settings);
  });
}
