import { chainProblems, contentProblems, type Problem } from './problems.ts';
import type { SealKeys } from './seal.ts';
import { endOf, sealsOf, type VerifyingStore } from './verify.ts';

/** Seals of one look back: of the last quarter of an hour, where something happens each second. */
const mostSeals = 1_000;

export type Recheck = { problems: Problem[]; to: number };

/**
 * Holds the newest seals against their entries again, for somebody may have changed them since: what is older `verifyAudit`
 * finds, which reads everything.
 *
 * @param checkedTo the seal up to which that was done before; 0: never
 * @throws the signal's reason if it aborts
 */
export async function recheckSeals(
  { store, keys }: { store: VerifyingStore; keys: SealKeys },
  newest: number,
  checkedTo: number,
  signal: AbortSignal,
): Promise<Recheck> {
  const before = await store.checkpoints();
  const of = (kind: 'all' | 'executions') => before.find((one) => one.kind === kind) ?? null;
  const all = of('all');
  const from = Math.max(checkedTo, newest - mostSeals, all?.upTo ?? 0);
  const [first] = from === (all?.upTo ?? 0) ? [] : await store.page(from - 1, 1);
  let last = first ?? endOf(all);
  const problems: Problem[] = [];
  for await (const { seal, there } of sealsOf(store, from, signal)) {
    problems.push(...chainProblems(last, seal), ...contentProblems(seal, there, of('executions')));
    if (keys.check(seal) === 'wrong')
      problems.push({ seal: seal.number, message: `Seal ${seal.number} is not Errand's.` });
    last = seal;
  }
  // What retention removed meanwhile would be missing.
  const signed = JSON.stringify(await store.checkpoints());
  return signed === JSON.stringify(before) ? { problems, to: last?.number ?? 0 } : { problems: [], to: checkedTo };
}
