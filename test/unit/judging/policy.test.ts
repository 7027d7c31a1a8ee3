import { describe, expect, test } from 'vitest';
import type { CommandBody } from '../../../src/contract/command.ts';
import { policyFor } from '../../../src/judging/policy.ts';

const command = (parts: Partial<CommandBody> = {}): CommandBody => ({
  request: { method: 'GET', url: 'https://api.example.com/' },
  ...parts,
});

const interactive = {
  attempts: 2,
  baseMs: 250,
  maxMs: 1000,
  nonIdempotent: false,
  timeoutMs: 20_000,
  connectTimeoutMs: 3000,
  deadlineMs: 30_000,
};
const batch = {
  attempts: 10,
  baseMs: 60_000,
  maxMs: 3_600_000,
  nonIdempotent: false,
  timeoutMs: 120_000,
  connectTimeoutMs: 10_000,
  deadlineMs: 14_400_000,
};

describe('contract §6: policyFor', () => {
  test("the contract's defaults", () => {
    expect(policyFor(command(), 'interactive')).toEqual(interactive);
    expect(policyFor(command(), 'batch')).toEqual(batch);
    expect(policyFor(null, 'interactive')).toEqual(interactive);
    expect(policyFor(null, 'batch')).toEqual(batch);
  });

  test('one value is for both lanes', () => {
    const given = command({ timeoutMs: 5000, deadlineMs: 6000, retry: { attempts: 3, nonIdempotent: true } });
    const own = { timeoutMs: 5000, deadlineMs: 6000, attempts: 3, nonIdempotent: true };
    expect(policyFor(given, 'interactive')).toEqual({ ...interactive, ...own });
    expect(policyFor(given, 'batch')).toEqual({ ...batch, ...own, connectTimeoutMs: 5000 });
  });

  test('a value for one lane leaves the other its defaults', () => {
    const given = command({
      timeoutMs: { interactive: 1000 },
      deadlineMs: { batch: 7 },
      retry: { batch: { attempts: 1, baseMs: 5, maxMs: 6 } },
    });
    expect(policyFor(given, 'interactive')).toEqual({ ...interactive, timeoutMs: 1000, connectTimeoutMs: 1000 });
    expect(policyFor(given, 'batch')).toEqual({ ...batch, deadlineMs: 7, attempts: 1, baseMs: 5, maxMs: 6 });
  });

  test('a base above the default cap lifts the cap, but not one that was given', () => {
    expect(policyFor(command({ retry: { baseMs: 5000 } }), 'interactive')).toMatchObject({ maxMs: 5000 });
    expect(policyFor(command({ retry: { baseMs: 5000, maxMs: 10 } }), 'interactive')).toMatchObject({ maxMs: 10 });
  });

  test('an empty retry changes nothing', () => {
    expect(policyFor(command({ retry: {} }), 'batch')).toEqual(batch);
  });
});
