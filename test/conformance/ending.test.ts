import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HandBack } from '../../src/lanes/hand-back.ts';
import type { JobEnding, LaneJob } from '../../src/lanes/lane-job.ts';
import { migrateQueue } from '../../src/lanes/queue-pool.ts';
import { type Backend, conformanceBackends } from './backends.ts';
import { aRing, createChannel, gate, type Lanes, openLanes, subjectOf, succeeded } from './lanes.ts';

describe.each(conformanceBackends())('contract §4: ending jobs on $name', { timeout: 20_000 }, ({ open }) => {
  let backend: Backend;
  let lanes: Lanes;
  beforeAll(async () => {
    backend = await open();
  });
  afterAll(() => backend?.close());
  beforeEach(async () => {
    lanes = openLanes(backend);
    await migrateQueue(lanes.connection);
  });
  afterEach(() => lanes?.close());

  /** A worker whose jobs succeed, and the jobs that it gets. */
  async function takeAll(concurrency = 1) {
    const jobs = createChannel<LaneJob>();
    const worker = await lanes.worker({
      concurrency,
      handle: async (job) => {
        jobs.push(job);
        return succeeded(job);
      },
    });
    return { jobs, worker };
  }

  it('ends a failed job at once, whatever attempts its producer asked for, and names its invocation', async () => {
    const jobs = createChannel<LaneJob>();
    const invocation = aRing().invocation;
    const worker = await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        return { status: 'failed', returns: { invocation, status: 'failed' }, reason: 'unexpected-status: 410' };
      },
    });
    const producer = lanes.producer();
    await producer.add('invoke', {}, { jobId: 'mine', attempts: 5, backoff: 1 });
    await jobs.next();
    await worker.stop({ graceMs: 5_000 });
    const job = await producer.getJob('mine');
    expect(job).toMatchObject({ failedReason: 'unexpected-status: 410', attemptsMade: 1 });
    expect(job?.progress).toEqual({ invocation, status: 'failed' });
    expect(await lanes.queues.depth('batch')).toMatchObject({ failed: 1, waiting: 0, delayed: 0 });
  });

  it('gives a completed job its return value', async () => {
    const { jobs, worker } = await takeAll();
    const producer = lanes.producer();
    await producer.add('invoke', {}, { jobId: 'mine' });
    await jobs.next();
    await worker.stop({ graceMs: 5_000 });
    expect((await producer.getJob('mine'))?.returnvalue).toEqual({ invocation: 'mine', status: 'succeeded' });
  });

  it('tells of endings in both lanes', async () => {
    const ended = createChannel<unknown>();
    lanes.queues.onEnded((end) => ended.push(end));
    const endings = new Map<string, 'succeeded' | 'failed' | 'retrying'>();
    for (const lane of ['interactive', 'batch'] as const) {
      await lanes.worker({
        lane,
        handle: async (job) => {
          if (job.kind !== 'doorbell') throw new Error('not ours');
          const { invocation } = job;
          const status = endings.get(invocation) ?? 'succeeded';
          if (status === 'failed') return { status, returns: { invocation, status }, reason: 'absent: gone' };
          return { status: 'completed', returns: { invocation, status } };
        },
      });
    }
    // The events begin some time after they were asked for: ring until the first is heard.
    let heard = false;
    const first = ended.next().then(() => {
      heard = true;
    });
    while (!heard) {
      await lanes.queues.ring('batch', [aRing()]);
      await lanes.queues.ping();
    }
    await first;
    const [good, bad, again] = [aRing(), aRing(), aRing()];
    endings.set(bad.invocation, 'failed').set(again.invocation, 'retrying');
    await lanes.queues.ring('interactive', [again, good, bad]);
    const seen = new Map<unknown, unknown>();
    while (!seen.has(bad.invocation)) {
      const { invocation, status } = (await ended.next()) as { invocation: string; status: string };
      seen.set(invocation, status);
    }
    expect(seen.get(good.invocation)).toBe('succeeded');
    expect(seen.get(bad.invocation)).toBe('failed');
    expect(seen.has(again.invocation)).toBe(false);
  });

  it('hands a job over again that was given back, and never completes it in between, with two workers', async () => {
    const rings = Array.from({ length: 20 }, () => aRing());
    const tries = new Map<string, number>();
    const done = createChannel<string>();
    for (let index = 0; index < 2; index += 1) {
      await lanes.worker({
        concurrency: 4,
        handle: async (job) => {
          const id = subjectOf(job);
          const count = (tries.get(id) ?? 0) + 1;
          tries.set(id, count);
          if (count <= 3) throw new HandBack('PostgreSQL is away', 20);
          done.push(id);
          return succeeded(job);
        },
      });
    }
    await lanes.queues.ring('batch', rings);
    const ended = await done.take(rings.length);
    expect(ended.toSorted()).toEqual(rings.map(({ invocation }) => invocation).toSorted());
    expect([...tries.values()].every((count) => count === 4)).toBe(true);
  });

  it('keeps a job whose handler threw what it did not foresee, and says so', async () => {
    const jobs = createChannel<LaneJob>();
    const worker = await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        throw new TypeError('a bug');
      },
    });
    const ring = aRing();
    await lanes.queues.ring('batch', [ring]);
    await jobs.next();
    expect(await lanes.logged.next()).toMatchObject({ level: 'error', event: 'job.crashed' });
    await worker.stop({ graceMs: 5_000 });
    expect(await lanes.queues.depth('batch')).toMatchObject({ delayed: 1, completed: 0, failed: 0 });
    expect(await lanes.queues.lost('batch', [ring])).toEqual([]);
  });

  it('never ends a job failed whose handler returned, though the completion cannot be written', async () => {
    const worker = await lanes.worker({
      handle: async (job) => {
        const ending = succeeded(job);
        // JSON cannot hold it, so BullMQ's writing of the completion throws.
        return { ...ending, returns: { ...ending.returns, cannotBeWritten: 1n } } as unknown as JobEnding;
      },
    });
    await lanes.queues.ring('batch', [aRing()]);
    expect(await lanes.logged.next()).toMatchObject({ event: 'queue.error', error: expect.any(TypeError) });
    await worker.stop({ graceMs: 5_000 });
    expect(await lanes.queues.depth('batch')).toMatchObject({ active: 1, failed: 0, completed: 0 });
  });

  it('stops by ending what is in hand and taking nothing new', async () => {
    const { promise, resolve } = gate();
    const jobs = createChannel<LaneJob>();
    const worker = await lanes.worker({
      concurrency: 2,
      handle: async (job) => {
        jobs.push(job);
        await promise;
        return succeeded(job);
      },
    });
    const rings = [aRing(), aRing(), aRing(), aRing()];
    await lanes.queues.ring('batch', rings);
    await jobs.take(2);
    const stopped = worker.stop({ graceMs: 10_000 });
    await lanes.queues.ring('batch', [aRing()]);
    resolve();
    await stopped;
    await worker.stop({ graceMs: 0 });
    expect(await lanes.queues.depth('batch')).toMatchObject({ completed: 2, active: 0, waiting: 3 });
  });

  it('leaves behind what does not end in time', async () => {
    const jobs = createChannel<LaneJob>();
    const worker = await lanes.worker({
      handle: (job) => {
        jobs.push(job);
        return new Promise(() => {});
      },
    });
    const ring = aRing();
    await lanes.queues.ring('batch', [ring]);
    await jobs.next();
    await worker.stop({ graceMs: 50 });
    expect(await lanes.logged.next()).toMatchObject({ level: 'warn', event: 'worker.left-behind' });
    expect(await lanes.queues.depth('batch')).toMatchObject({ active: 1 });
  });

  it('takes nothing while it is paused, and goes on afterwards', async () => {
    const { jobs, worker } = await takeAll();
    await lanes.queues.ring('batch', [aRing()]);
    await jobs.next();
    await worker.pause();
    const rings = [aRing(), aRing()];
    await lanes.queues.ring('batch', rings);
    const other = await takeAll();
    // The other worker gets both, so the paused one took none, or gave it back.
    expect(await other.jobs.take(2)).toHaveLength(2);
    await other.worker.stop({ graceMs: 5_000 });
    await worker.resume();
    const last = aRing();
    await lanes.queues.ring('batch', [last]);
    expect(await jobs.next()).toMatchObject(last);
  });
});
