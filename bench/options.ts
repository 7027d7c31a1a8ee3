import { parseArgs } from 'node:util';

export type Options = {
  /** How often every contender has its turn. */
  rounds: number;
  /** Of the counts of a whole run; below 1 the figures say nothing. */
  share: number;
  /** Where every round is written. */
  output: string;
};

/** Reads `--rounds`, `--share` and `--output` (bench/README.md). @throws Error naming the option that does not fit */
export function readOptions(latest: string): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      share: { type: 'string', default: '1' },
      output: { type: 'string', default: latest },
    },
  });
  const [rounds, share] = [Number(values.rounds), Number(values.share)];
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: must be a whole number from 1');
  if (!(share > 0 && share <= 1)) throw new Error('--share: must be above 0, and 1 at most');
  return { rounds, share, output: values.output };
}
