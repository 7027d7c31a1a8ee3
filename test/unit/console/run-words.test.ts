import { describe, expect, it } from 'vitest';
import { runTone, runWords } from '../../../src/console/pages/runs/run-words.ts';
import type { RunSummary } from '../../../src/contract/run.ts';

const run = (of: Partial<Record<keyof RunSummary, unknown>>) =>
  ({
    finishedAt: null,
    total: 10,
    succeeded: 0,
    failed: 0,
    absent: 0,
    cancelled: 0,
    byIntegration: [],
    ...of,
  }) as RunSummary;

const ended = '2026-11-27T03:00:00.000Z';
const [held, free] = [{ hold: { reason: 'timeout: too slow' } }, { hold: null }];

describe('how a run is told (contract §3)', () => {
  it.each([
    { of: run({}), words: 'running', tone: 'calm' },
    { of: run({ byIntegration: [held, free] }), words: 'running, 1 of 2 integrations wait', tone: 'doubtful' },
    { of: run({ failed: 2, succeeded: 3 }), words: 'running, 2 failed', tone: 'doubtful' },
    { of: run({ finishedAt: ended, succeeded: 10 }), words: 'finished', tone: 'good' },
    { of: run({ finishedAt: ended, succeeded: 9, cancelled: 1 }), words: 'finished', tone: 'calm' },
    { of: run({ finishedAt: ended, cancelled: 10 }), words: 'cancelled', tone: 'calm' },
    {
      of: run({ finishedAt: ended, total: 1_742, succeeded: 1_000, failed: 742 }),
      words: 'finished, 742 failed',
      tone: 'doubtful',
    },
    { of: run({ finishedAt: ended, total: 1_742, failed: 1_742 }), words: 'finished, 1,742 failed', tone: 'bad' },
  ])('"$words"', ({ of, words, tone }) => {
    expect([runWords(of), runTone(of)]).toEqual([words, tone]);
  });
});
