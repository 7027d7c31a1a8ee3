import { describe, expect, it } from 'vitest';
import { limitWords } from '../../../src/console/pages/integrations/limit-words.ts';

describe('limits in words (contract §7)', () => {
  it('says what is usual where nothing is limited', () => {
    expect(limitWords({})).toEqual([
      'At most 8 requests are on the way at the same time (the usual).',
      'No rate: as fast as their server answers.',
      'One of these places is kept for customers who are waiting.',
      'What is over a limit waits; it does not fail.',
    ]);
  });

  it.each([
    [{ count: 60, perSeconds: 60 }, '60 in one minute'],
    [{ count: 1_000, perSeconds: 7_200 }, '1,000 in 2 hours'],
    [{ count: 5, perSeconds: 1 }, '5 in one second'],
    [{ count: 5, perSeconds: 90 }, '5 in 90 seconds'],
    [{ count: 5, perSeconds: 86_400 }, '5 in one day'],
  ])('says what a rate of %j is', (rate, words) => {
    const [atOnce, said, kept] = limitWords({ concurrency: 1, rates: [rate] });
    expect(atOnce).toBe('At most 1 request is on the way at the same time.');
    expect(said).toBe(`Never more than ${words}.`);
    expect(kept).toMatch(/a fifth of each rate/);
  });

  it('leaves a rate out that is still being typed', () => {
    const words = limitWords({ rates: [{ count: 0, perSeconds: 60 }] });
    expect(words.filter((sentence) => sentence.startsWith('Never'))).toEqual([]);
  });
});
