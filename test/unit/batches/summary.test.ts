import { describe, expect, it } from 'vitest';
import type { BatchRow } from '../../../src/batches/batch.ts';
import { summaryOf } from '../../../src/batches/summary.ts';

const now = Date.parse('2026-11-23T06:00:00Z');
const startedAt = new Date('2026-11-23T02:00:00Z');

function batchOf(integration: string, counts: Partial<BatchRow>): BatchRow {
  const none = { queued: 0, running: 0, retrying: 0, succeeded: 0, unchanged: 0, absent: 0, failed: 0, cancelled: 0 };
  const row = {
    id: integration,
    account: 'default',
    integration,
    command: 'GetInvoiceImage',
    run: 'night',
    schedule: null,
  };
  const times = {
    finishBy: null,
    warnings: [],
    createdAt: startedAt,
    startedAt,
    finishedAt: startedAt,
    callbackUrl: null,
  };
  return { ...row, status: 'finished', outcome: 'clean', total: 10, ...times, ...none, ...counts };
}
const open = { status: 'running', outcome: null, finishedAt: null } as const;

describe('the summary of a run (contract §3)', () => {
  it('has first what failed, then what has not ended, and last what went well', () => {
    const { byIntegration } = summaryOf(
      'night',
      [
        batchOf('absent', { absent: 10 }),
        batchOf('hanging', { ...open, retrying: 7, queued: 3 }),
        batchOf('half-way', { ...open, succeeded: 8, queued: 2 }),
        batchOf('refused', { ...open, failed: 5, queued: 5 }),
        batchOf('well', { succeeded: 10 }),
      ],
      { byCode: {}, holds: new Map(), now },
    );
    expect(byIntegration.map(({ integration }) => integration)).toEqual([
      'refused',
      'hanging',
      'half-way',
      'absent',
      'well',
    ]);
  });

  it('says why what has not ended waits', () => {
    const hold = { reason: 'timeout: It did not answer.', since: startedAt.toISOString(), nextProbeAt: null };
    const holds = new Map(['hanging', 'well'].map((id) => [id, hold]));
    const batches = [batchOf('hanging', { ...open, queued: 10 }), batchOf('well', { succeeded: 10 })];
    const { byIntegration, expectedEnd } = summaryOf('night', batches, { byCode: {}, holds, now });
    expect(byIntegration.map((each) => each.hold)).toEqual([hold, null]);
    expect(expectedEnd, 'nobody knows').toBeNull();
  });

  it('expects the end by the pace so far, and none once all has ended', () => {
    const half = summaryOf('night', [batchOf('half-way', { ...open, succeeded: 5, queued: 5 })], {
      byCode: {},
      holds: new Map(),
      now,
    });
    expect(half).toMatchObject({ expectedEnd: '2026-11-23T10:00:00.000Z', finishedAt: null });
    const done = summaryOf('night', [batchOf('well', { succeeded: 10 })], { byCode: {}, holds: new Map(), now });
    expect(done).toMatchObject({ expectedEnd: null, finishedAt: startedAt.toISOString() });
  });
});
