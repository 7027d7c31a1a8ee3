import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LaneJob } from '../../src/lanes/lane-job.ts';
import { migrateQueue } from '../../src/lanes/queue-pool.ts';
import { type Backend, conformanceBackends } from './backends.ts';
import { aRing, createChannel, gate, type Lanes, openLanes, succeeded } from './lanes.ts';

describe.each(conformanceBackends())('jobs that hang on $name (contract §7)', { timeout: 20_000 }, ({ open }) => {
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

  /** A worker with one place, whose jobs end when the test says so. */
  async function holdAll(hangsAfterMs: number) {
    const jobs = createChannel<{ job: LaneJob; progress: () => void; end: () => void }>();
    const worker = await lanes.worker({
      concurrency: 1,
      hangsAfterMs,
      handle: async (job, progress) => {
        const { promise, resolve } = gate();
        jobs.push({ job, progress, end: resolve });
        await promise;
        return succeeded(job);
      },
    });
    return { jobs, worker };
  }

  const completed = (count: number) =>
    vi.waitUntil(async () => (await lanes.queues.depth('batch')).completed === count, {
      timeout: 15_000,
      interval: 10,
    });

  it('lose their place to others, also to those that come later, and end as they should', async () => {
    const [first, second, third] = [aRing(), aRing(), aRing()];
    await lanes.queues.ring('batch', [first, second]);
    const { jobs } = await holdAll(50);
    const taken = await jobs.take(2);
    expect(taken.map(({ job }) => job)).toMatchObject([first, second]);
    // Now the worker waits for a job; the one in hand hangs soon, or does already.
    await lanes.queues.ring('batch', [third]);
    taken.push(await jobs.next());
    expect(taken[2]?.job).toMatchObject(third);
    for (const { end } of taken) end();
    await completed(3);
    expect(await lanes.queues.depth('batch')).toMatchObject({ active: 0, waiting: 0 });
  });

  it('take no next job along when they end', async () => {
    const rings = Array.from({ length: 4 }, () => aRing());
    await lanes.queues.ring('batch', rings.slice(0, 2));
    const { jobs } = await holdAll(50);
    const taken = await jobs.take(2);
    await lanes.queues.ring('batch', rings.slice(2));
    taken[0]?.end();
    await completed(1);
    const others = await jobs.take(2);
    expect(others.map(({ job }) => job)).toMatchObject(rings.slice(2));
    for (const { end } of [...taken, ...others]) end();
    await completed(4);
  });

  it('hold up no others while they go on', async () => {
    const [first, second] = [aRing(), aRing()];
    await lanes.queues.ring('batch', [first]);
    const { jobs } = await holdAll(400);
    const going = await jobs.next();
    await lanes.queues.ring('batch', [second]);
    const stop = Date.now() + 1_200;
    while (Date.now() < stop) {
      going.progress();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await lanes.queues.depth('batch')).toMatchObject({ active: 1, waiting: 1 });
    going.end();
    (await jobs.next()).end();
    await completed(2);
  });

  it('are waited for when the worker stops', async () => {
    const rings = [aRing(), aRing()];
    await lanes.queues.ring('batch', rings);
    const { jobs, worker } = await holdAll(50);
    const taken = await jobs.take(2);
    const stopped = worker.stop({ graceMs: 10_000 });
    for (const { end } of taken) end();
    await stopped;
    expect(await lanes.queues.depth('batch')).toMatchObject({ active: 0, completed: 2 });
  });
});
