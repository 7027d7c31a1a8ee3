import { describe, expect, it } from 'vitest';
import type { Settled } from '../../../src/invocations/invocation.ts';
import { logAttempt } from '../../../src/invocations/log-attempt.ts';

type Line = { level: string; event: string; fields: Record<string, unknown> };

const phases = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 20, bodyMs: 1 };
const claimed = { id: 'i1', account: 'a', integration: 'acme', command: 'Get', lane: 'batch', batch: 'b1', attempt: 2 };
const attempt = {
  commandVersion: 3,
  outcome: 'succeeded',
  sent: true,
  status: 200,
  durationMs: 41.6,
  responseBytes: 7,
};

function lineOf(over: { attempt?: object; next?: object }, recorded = true): Line {
  const lines: Line[] = [];
  const at = (level: string) => (event: string, fields: Record<string, unknown>) =>
    lines.push({ level, event, fields });
  const settled = {
    claimed: { ...claimed, probe: false },
    attempt: { ...attempt, error: null, result: null, phases, ...over.attempt },
    next: { status: 'succeeded', ...over.next },
  } as unknown as Settled;
  logAttempt({ debug: at('debug'), info: at('info') }, settled, recorded);
  expect(lines).toHaveLength(1);
  return lines[0] as Line;
}

describe('the log of an attempt (contract §2)', () => {
  it('is one line with its ids and figures, at debug if it succeeded', () => {
    const { level, event, fields } = lineOf({});
    expect([level, event]).toEqual(['debug', 'attempt.ended']);
    expect(fields).toMatchObject({
      invocation: 'i1',
      batch: 'b1',
      attempt: 2,
      httpStatus: 200,
      durationMs: 42,
      bytes: 7,
    });
    expect(fields).toMatchObject({ phases, reusedConnection: true });
    expect(fields).not.toHaveProperty('code');
  });

  it('is at info if it failed, and says by what the attempt failed and by what the invocation did', () => {
    const { level, fields } = lineOf({
      attempt: {
        outcome: 'retryable',
        error: { code: 'timeout', message: 'late', side: 'customer-server' },
        phases: null,
      },
      next: { status: 'failed', error: { code: 'attempts-exhausted', message: 'ten times', side: 'customer-server' } },
    });
    expect(level).toBe('info');
    expect(fields).toMatchObject({ attemptCode: 'timeout', code: 'attempts-exhausted', side: 'customer-server' });
    expect(fields).not.toHaveProperty('phases');
  });

  it('is at info if it came too late to be recorded', () => {
    const { level, fields } = lineOf({}, false);
    expect([level, fields.recorded]).toEqual(['info', false]);
  });
});
