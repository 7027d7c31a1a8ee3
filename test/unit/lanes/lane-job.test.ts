import { describe, expect, it } from 'vitest';
import { parseRingId, readJob, ringEntry, ringId } from '../../../src/lanes/lane-job.ts';

const ring = { invocation: '0192f0c4-7c1e-7c3a-9f51-2f3a4b5c6d7e', integration: 'acme', generation: 3 };
const kept = { removeOnComplete: true, removeOnFail: true };

describe('contract §4: a job of a lane', () => {
  it('is read back as the ring that it was added for', () => {
    const { name, data, opts } = ringEntry(ring, kept);
    const job = { id: opts.jobId ?? '', name, timestamp: 1, data };
    expect(readJob('errand-batch', job)).toEqual({ kind: 'doorbell', ...ring });
  });

  it('has an id that BullMQ takes and that changes with each generation', () => {
    expect(ringId(ring)).not.toContain(':');
    expect(ringId({ ...ring, generation: 4 })).not.toBe(ringId(ring));
    expect(parseRingId(ringId(ring))).toEqual({ invocation: ring.invocation, generation: 3 });
  });

  it('holds ids only', () => {
    const entry = ringEntry({ ...ring, tokens: { authToken: 'secret' } } as typeof ring, kept);
    expect(entry.data).toEqual({ invocation: ring.invocation, integration: 'acme' });
  });

  it.each([
    ['another name', { id: ringId(ring), name: 'remind', data: { invocation: ring.invocation, integration: 'acme' } }],
    ['an id of another form', { id: '17', name: 'invoke', data: { invocation: ring.invocation, integration: 'acme' } }],
    ['an id without a generation', { id: ring.invocation, name: 'invoke', data: { invocation: ring.invocation } }],
    [
      'the id of another invocation',
      { id: ringId({ ...ring, invocation: ring.invocation.replace('0', '1') }), name: 'invoke', data: ring },
    ],
    ['more than ids', { id: ringId(ring), name: 'invoke', data: { ...ring, tokens: {} } }],
    ['no data', { id: ringId(ring), name: 'invoke', data: null }],
  ])("counts as a producer's with %s", (_, job) => {
    expect(readJob('errand-batch', { ...job, timestamp: 5 })).toEqual({
      kind: 'producer',
      queue: 'errand-batch',
      jobId: job.id,
      name: job.name,
      timestamp: 5,
      data: job.data,
    });
  });
});
