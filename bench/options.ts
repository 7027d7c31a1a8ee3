import { parseArgs } from 'node:util';

export type Options = {
  /** How often every contender has its turn. */
  rounds: number;
  /** Of the counts of a whole run; below 1 the figures say nothing. */
  share: number;
  /** Fill the tables with ended invocations, and measure batches before and after: some minutes more. */
  growth: boolean;
  /** Where every round is written. */
  output: string;
};

/** Reads `--rounds`, `--share`, `--growth` and `--output` (bench/README.md). @throws Error naming the option that does not fit */
export function readOptions(latest: string): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      share: { type: 'string', default: '1' },
      growth: { type: 'boolean', default: false },
      output: { type: 'string', default: latest },
    },
  });
  const [rounds, share] = [Number(values.rounds), Number(values.share)];
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: must be a whole number from 1');
  if (!(share > 0 && share <= 1)) throw new Error('--share: must be above 0, and 1 at most');
  return { rounds, share, growth: values.growth, output: values.output };
}
