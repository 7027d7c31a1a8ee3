import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainDelay } from '../../src/lanes/job-taker.ts';
import type { LaneJob } from '../../src/lanes/lane-job.ts';
import { QueueAway } from '../../src/lanes/queue-away.ts';
import { openLaneQueues } from '../../src/lanes/queues.ts';
import { openLaneWorker } from '../../src/lanes/worker.ts';
import { freePort } from '../support/ports.ts';
import { type OwnRedis, ownRedis } from '../support/queues.ts';
import { aRing, createChannel, gate, type Lanes, openLanes, succeeded } from './lanes.ts';

describe.runIf(ownRedis.available)('contract §7: an outage of Redis', { timeout: 30_000 }, () => {
  let redis: OwnRedis;
  let lanes: Lanes;
  beforeEach(async () => {
    redis = await ownRedis.start();
    lanes = openLanes({ kind: 'redis', ...redis });
  });
  afterEach(async () => {
    await redis?.restart();
    await lanes?.close();
    await redis?.stop();
  });

  async function takeAll() {
    const jobs = createChannel<LaneJob>();
    const worker = await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        return succeeded(job);
      },
    });
    return { jobs, worker };
  }

  /** Resolves when connections have been failing for so long. */
  async function awayFor(durationMs: number) {
    const since = performance.now();
    const client = new Redis(redis.url, { retryStrategy: () => 100 });
    await new Promise<void>((resolve) => {
      client.on('error', () => {
        if (performance.now() - since > durationMs) resolve();
      });
    });
    client.disconnect();
  }

  async function fails(work: Promise<unknown>) {
    const startedAt = performance.now();
    await expect(work).rejects.toBeInstanceOf(QueueAway);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  }

  it('makes ringing, looking and pinging fail soon, and nothing is sent later', async () => {
    const [before, during, after] = [aRing(), aRing(), aRing()];
    await lanes.queues.ring('batch', [before]);
    await redis.kill();
    await fails(lanes.queues.ring('batch', [during]));
    await fails(lanes.queues.lost('batch', [during]));
    await fails(lanes.queues.depth('batch'));
    await fails(lanes.queues.ping());
    await redis.restart();
    // Back within about a second; until then each call fails at once.
    while (
      !(await lanes.queues.ping().then(
        () => true,
        () => false,
      ))
    )
      await new Promise(setImmediate);
    await lanes.queues.ring('batch', [after]);
    expect(await lanes.queues.lost('batch', [before, during, after])).toEqual([during]);
    const { jobs } = await takeAll();
    expect(await jobs.take(2)).toMatchObject([before, after]);
  });

  it('at the start of a process makes ringing fail soon and lets its worker begin when Redis is there', async () => {
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const away = openLaneQueues({ kind: 'redis', url }, lanes);
    await fails(away.ring('batch', [aRing()]));
    await fails(away.ping());
    await away.close();
    const handle = async (job: LaneJob) => succeeded(job);
    const worker = openLaneWorker({ kind: 'redis', url }, { ...lanes, lane: 'batch', concurrency: 1, handle });
    const started = worker.start();
    await worker.stop({ graceMs: 1_000 });
    await started;

    await redis.kill();
    const jobs = createChannel<LaneJob>();
    const starting = lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        return succeeded(job);
      },
    });
    await awayFor(300);
    await redis.restart();
    await starting;
    const ring = aRing();
    while (
      !(await lanes.queues.ring('batch', [ring]).then(
        () => true,
        () => false,
      ))
    )
      await new Promise(setImmediate);
    expect(await jobs.next()).toMatchObject(ring);
  });

  // An outage longer than `drainDelay` stopped BullMQ's workers for good once (taskforcesh/bullmq#4585).
  it.each([
    ['a restart', 0],
    ['an outage longer than an idle worker waits', (drainDelay + 1.5) * 1_000],
  ])('of the kind "%s" leaves an idle worker able to take the next job', async (_, durationMs) => {
    const { jobs } = await takeAll();
    await lanes.queues.ring('batch', [aRing()]);
    await jobs.next();
    await redis.kill();
    if (durationMs > 0) await awayFor(durationMs);
    await redis.restart();
    const ring = aRing();
    while (
      !(await lanes.queues.ring('batch', [ring]).then(
        () => true,
        () => false,
      ))
    )
      await new Promise(setImmediate);
    expect(await jobs.next()).toMatchObject(ring);
  });

  it('leaves a worker what it holds: the job completes when Redis is back', async () => {
    const { promise, resolve } = gate();
    const jobs = createChannel<LaneJob>();
    const ended = createChannel<unknown>();
    const worker = await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        await promise;
        ended.push(job);
        return succeeded(job);
      },
    });
    const ring = aRing();
    await lanes.queues.ring('batch', [ring]);
    await jobs.next();
    await redis.kill();
    resolve();
    await ended.next();
    await redis.restart();
    await worker.stop({ graceMs: 10_000 });
    while (
      !(await lanes.queues.ping().then(
        () => true,
        () => false,
      ))
    )
      await new Promise(setImmediate);
    expect(await lanes.queues.depth('batch')).toMatchObject({ completed: 1, active: 0, waiting: 0 });
  });

  it('does not keep a worker from stopping', async () => {
    const { worker } = await takeAll();
    await redis.kill();
    const startedAt = performance.now();
    await worker.stop({ graceMs: 500 });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('that is a FLUSHALL leaves workers able to take new jobs, also those with a job in hand', async () => {
    const { promise, resolve } = gate();
    const jobs = createChannel<LaneJob>();
    await lanes.worker({
      concurrency: 2,
      handle: async (job) => {
        jobs.push(job);
        if (job.kind === 'doorbell' && job.generation === 1) await promise;
        return succeeded(job);
      },
    });
    const [held, next, last] = [aRing(1), aRing(2), aRing(3)];
    await lanes.queues.ring('batch', [held]);
    await jobs.next();
    const admin = new Redis(redis.url);
    await admin.flushall();
    expect(await lanes.queues.lost('batch', [held])).toEqual([held]);
    await lanes.queues.ring('batch', [next]);
    expect(await jobs.next()).toMatchObject(next);
    resolve();
    await admin.flushall();
    await admin.quit();
    await lanes.queues.ring('batch', [last]);
    expect(await jobs.next()).toMatchObject(last);
  });

  it('is nothing to a job whose data is not JSON: it is handed over once, to be refused', async () => {
    const jobs = createChannel<LaneJob>();
    const worker = await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        return { status: 'failed', returns: null, reason: 'invalid-job: data: must be an object' };
      },
    });
    await lanes.addRaw('raw', 'invoke', '{"integration":');
    expect(await jobs.next()).toMatchObject({ kind: 'producer', jobId: 'raw', data: '{"integration":' });
    await worker.stop({ graceMs: 5_000 });
    expect(await lanes.queues.depth('batch')).toMatchObject({ failed: 1, active: 0 });
  });
});
