import { describe, expect, it } from 'vitest';
import { follow } from '../../../src/console/pages/batches/follow.ts';

describe('following a batch to its end (contract §3)', () => {
  it('goes on where the waiting failed, and ends with the batch', async () => {
    const told: string[] = [];
    const answers = [() => Promise.reject(new Error('no answer')), () => Promise.resolve('finished')];
    await follow({
      wait: () => (answers.shift() ?? (() => Promise.reject(new Error('asked too often'))))(),
      ended: async (what) => told.push(what),
      failed: async () => told.push('failed'),
      signal: new AbortController().signal,
      pauseMs: 0,
    });
    expect(told).toEqual(['failed', 'finished']);
  });

  it('stops when the page is left, also within a pause', async () => {
    const leaving = new AbortController();
    let waits = 0;
    await follow({
      wait: () => {
        waits += 1;
        return Promise.reject(new Error('no answer'));
      },
      ended: async () => undefined,
      failed: async () => setTimeout(() => leaving.abort(), 0),
      signal: leaving.signal,
      pauseMs: 3_600_000,
    });
    expect(waits).toBe(1);
  });
});
