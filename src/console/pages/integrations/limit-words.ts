import type { Limits } from '../../../contract/integration.ts';
import { defaultConcurrency } from '../../../contract/integration-numbers.ts';
import { countWords } from '../../parts/measures.ts';

/** What limits mean for their server and for those who wait (contract §7). */
export function limitWords({ concurrency, rates = [] }: Limits): string[] {
  const atOnce = concurrency ?? defaultConcurrency;
  const usual = concurrency === undefined ? ' (the usual)' : '';
  const sentences = [
    `At most ${countWords(atOnce)} ${atOnce === 1 ? 'request is' : 'requests are'} on the way at the same time${usual}.`,
  ];
  for (const { count, perSeconds } of rates) {
    if (count >= 1 && perSeconds >= 1) sentences.push(`Never more than ${countWords(count)} in ${span(perSeconds)}.`);
  }
  if (rates.length === 0) sentences.push('No rate: as fast as their server answers.');
  sentences.push(
    rates.length === 0
      ? 'One of these places is kept for customers who are waiting.'
      : 'One of these places and a fifth of each rate are kept for customers who are waiting.',
    'What is over a limit waits; it does not fail.',
  );
  return sentences;
}

function span(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ] as const;
  for (const [size, name] of units) {
    if (seconds % size === 0) return seconds === size ? `one ${name}` : `${countWords(seconds / size)} ${name}s`;
  }
  return seconds === 1 ? 'one second' : `${countWords(seconds)} seconds`;
}
