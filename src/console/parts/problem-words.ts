import type { ProblemGroup } from '../../contract/problem-group.ts';
import { countWords } from './measures.ts';

type Counted = Pick<ProblemGroup, 'failed' | 'retrying' | 'limited'>;

/** "10,000+" where it was not counted to the end. */
const counted = (count: number, { limited }: Counted) => (limited ? `${countWords(count)}+` : countWords(count));

/** "12 failed, 3 will be tried again". */
export function problemCounts(problem: Counted): string {
  const { failed, retrying } = problem;
  const parts = [
    ...(failed > 0 ? [`${counted(failed, problem)} failed`] : []),
    ...(retrying > 0 ? [`${counted(retrying, problem)} will be tried again`] : []),
  ];
  return parts.length === 0 ? 'none any more' : parts.join(', ');
}

/** For a heading, a label or a question: "acme GetInvoiceImage". */
export const problemOf = ({ integration, command }: Pick<ProblemGroup, 'integration' | 'command'>) =>
  `${integration} ${command}`;

/** Those that nobody has seen to, newest first; then the others. */
export function inOrder(problems: readonly ProblemGroup[]): ProblemGroup[] {
  const seen = ({ acknowledged }: ProblemGroup) => Number(acknowledged !== null);
  return [...problems].sort(
    (one, other) => seen(one) - seen(other) || Date.parse(other.lastAt) - Date.parse(one.lastAt),
  );
}
