import { describe, expect, it } from 'vitest';
import { isReused, momentsOf, phasesIn } from '../../../src/console/pages/invocations/timeline.ts';
import { durationWords } from '../../../src/console/parts/measures.ts';
import type { Attempt, Invocation } from '../../../src/contract/invocation.ts';

const attempt = (changes: Partial<Attempt>): Attempt => ({
  number: 1,
  commandVersion: 1,
  startedAt: '2026-11-27T12:00:02.000Z',
  durationMs: 120,
  outcome: 'succeeded',
  status: 200,
  error: null,
  phases: null,
  request: null,
  response: null,
  ...changes,
});

const invocation = (changes: Partial<Invocation>): Invocation => ({
  id: '0199',
  account: 'default',
  integration: 'acme',
  command: 'GetInvoiceImage',
  lane: 'batch',
  status: 'succeeded',
  tokens: {},
  reference: null,
  idempotencyKey: null,
  batch: null,
  attempts: [],
  result: null,
  error: null,
  createdAt: '2026-11-27T12:00:00.000Z',
  nextAttemptAt: null,
  finishedAt: null,
  ...changes,
});

const titles = (of: Invocation) => momentsOf(of).map(({ title }) => title);

describe("an invocation's story (contract §3)", () => {
  it('tells of waiting, of each answer, and of the end', () => {
    const failed = attempt({ outcome: 'retryable', status: 503 });
    const second = attempt({ number: 2, startedAt: '2026-11-27T12:01:02.120Z', durationMs: 41 });
    expect(titles(invocation({ attempts: [failed, second], finishedAt: '2026-11-27T12:01:02.161Z' }))).toEqual([
      'Accepted',
      'Waited 2 s',
      'Attempt 1: answered 503 after 120 ms',
      'Waited 1 min',
      'Attempt 2: answered 200 after 41 ms',
      'Succeeded',
    ]);
  });

  it('says what came in place of an answer', () => {
    const error = { code: 'timeout' as const, message: '', side: 'customer-server' as const };
    const late = attempt({ outcome: 'retryable', status: null, error, durationMs: 20_000 });
    expect(titles(invocation({ status: 'retrying', attempts: [late] }))).toEqual([
      'Accepted',
      'Waited 2 s',
      'Attempt 1: too slow after 20 s',
      'Will be tried again',
    ]);
  });

  it('ends with what is to come while it goes on', () => {
    const nextAttemptAt = '2026-11-27T13:00:00.000Z';
    expect(momentsOf(invocation({ status: 'queued', nextAttemptAt })).at(-1)).toMatchObject({
      title: 'Waiting',
      at: nextAttemptAt,
    });
    expect(titles(invocation({ status: 'running' }))).toEqual(['Accepted', 'Being sent now']);
  });
});

describe('the phases of an exchange (contract §3)', () => {
  it('are those that it came to, in order', () => {
    const phases = { dnsMs: 2, connectMs: 3, tlsMs: null, firstByteMs: 30, bodyMs: null };
    expect(phasesIn(phases).map(({ key }) => key)).toEqual(['dnsMs', 'connectMs', 'firstByteMs']);
    expect(isReused(phases)).toBe(false);
  });

  it('lack those of connecting where the connection was open already', () => {
    expect(isReused({ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 3, bodyMs: 0 })).toBe(true);
    expect(isReused({ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null })).toBe(false);
  });
});

describe('durations (contract §3)', () => {
  it.each([
    [0, '0 ms'],
    [41.2, '41 ms'],
    [1_440, '1.4 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [99 * 3_600_000, '4 d 3 h'],
  ])('%d ms is %s', (ms, words) => {
    expect(durationWords(ms)).toBe(words);
  });
});
