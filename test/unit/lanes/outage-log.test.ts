import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutageLog } from '../../../src/lanes/outage-log.ts';

describe('the log of an outage', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('has each message once in ten seconds, however often a connection fails', () => {
    const lines: unknown[] = [];
    const onError = createOutageLog({ warn: (event, fields) => lines.push({ event, ...fields }) }, { lane: 'batch' });
    for (let count = 0; count < 100; count += 1) onError(new Error('connect ECONNREFUSED'));
    onError(new Error('deadlock detected'));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ event: 'queue.error', lane: 'batch', error: { message: 'connect ECONNREFUSED' } });
    vi.advanceTimersByTime(10_000);
    onError(new Error('connect ECONNREFUSED'));
    expect(lines).toHaveLength(3);
  });
});
