import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { all } from './all.ts';
import type { KeptProperty } from './property.ts';

/** Sent before a property's round, with no runs yet, and after it. */
export type Report = { name: string; seed: number; runs: number; failure: string | null };

const { seed, seconds, only } = workerData as { seed: number; seconds: number; only: string };
const tell = (report: Report) => parentPort?.postMessage(report);

/** Of one property, before the next has its turn: a short time shows something of each. */
const roundMs = 1_000;
/** Shrinking one failure must leave the others their turn, too. */
const maxRuns = 1_000_000;

async function round({ name, check, kept }: KeptProperty, number: number): Promise<boolean> {
  const seedOfRound = (seed + number) % 2 ** 31;
  tell({ name, seed: seedOfRound, runs: 0, failure: null });
  const result = await fc.check(check as fc.IAsyncProperty<unknown>, {
    seed: seedOfRound,
    numRuns: maxRuns,
    ...(number === 0 ? { examples: kept as never } : {}),
    interruptAfterTimeLimit: roundMs,
  });
  const failure = result.failed && result.counterexample !== null ? described(name, result) : null;
  tell({ name, seed: seedOfRound, runs: result.numRuns, failure });
  return failure === null;
}

/** What a developer wants of a failure: how to see it again, and what to keep. */
function described(name: string, result: fc.RunDetails<unknown>): string {
  const why = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  const values = (result.counterexample as unknown[]).map((each) => fc.stringify(each)).join(', ');
  return [
    why,
    '',
    `Again: npm run fuzz -- --seed ${result.seed} --only ${JSON.stringify(name)}`,
    'To keep, in the list of values that ends the property:',
    `  [${values}],`,
  ].join('\n');
}

const until = performance.now() + seconds * 1000;
let left = all.filter(({ name }) => name.includes(only));
for (let number = 0; performance.now() < until && left.length > 0; number += 1) {
  const well: KeptProperty[] = [];
  for (const property of left) {
    if (performance.now() >= until && number > 0) break;
    if (await round(property, number)) well.push(property);
  }
  left = well;
}
