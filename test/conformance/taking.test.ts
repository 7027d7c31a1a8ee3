import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { queueName } from '../../src/contract/job.ts';
import { type LaneJob, ringId } from '../../src/lanes/lane-job.ts';
import { migrateQueue } from '../../src/lanes/queue-pool.ts';
import { type Backend, conformanceBackends } from './backends.ts';
import { aRing, createChannel, gate, type Lanes, openLanes, succeeded } from './lanes.ts';

describe.each(conformanceBackends())('contract §4: taking jobs on $name', { timeout: 20_000 }, ({ open }) => {
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

  it('hands rings over in the order in which they were added', async () => {
    const rings = Array.from({ length: 30 }, () => aRing());
    await lanes.queues.ring('batch', rings.slice(0, 10));
    await lanes.queues.ring('batch', rings.slice(10));
    const { jobs } = await takeAll();
    expect(await jobs.take(30)).toEqual(rings.map((ring) => ({ kind: 'doorbell', ...ring })));
  });

  it('keeps the lanes apart', async () => {
    const { jobs } = await takeAll();
    const [interactive, batch] = [aRing(), aRing()];
    await lanes.queues.ring('interactive', [interactive]);
    await lanes.queues.ring('batch', [batch]);
    expect(await jobs.next()).toMatchObject(batch);
    expect(await lanes.queues.depth('interactive')).toMatchObject({ waiting: 1, active: 0 });
  });

  it("hands over a producer's own job with its id, time and data", async () => {
    const { jobs } = await takeAll();
    const data = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV1' } };
    const job = await lanes.producer().add('invoke', data, { jobId: 'mine' });
    expect(await jobs.next()).toEqual({
      kind: 'producer',
      queue: queueName(lanes.prefix, 'batch'),
      jobId: 'mine',
      name: 'invoke',
      timestamp: job.timestamp,
      data,
    });
  });

  it("honours a producer's priority, and holds back what is delayed (contract §4)", async () => {
    const producer = lanes.producer();
    await producer.add('invoke', 'delayed', { delay: 3_600_000 });
    await producer.add('invoke', 'less urgent', { priority: 10 });
    await producer.add('invoke', 'urgent', { priority: 1 });
    await producer.add('invoke', 'first', {});
    const { jobs } = await takeAll();
    const taken = await jobs.take(3);
    expect(taken.map((job) => job.kind === 'producer' && job.data)).toEqual(['first', 'urgent', 'less urgent']);
    expect(await producer.getJobCounts('delayed')).toEqual({ delayed: 1 });
  });

  it("takes a producer's delayed job when its time has come, and not before (contract §4)", async () => {
    // By the clock that the delay counts from: a job's `timestamp` is this process's Date.now(), too.
    const takenAt = createChannel<number>();
    await lanes.worker({
      handle: async (job) => {
        takenAt.push(Date.now());
        return succeeded(job);
      },
    });
    const { timestamp } = await lanes.producer().add('invoke', 'delayed', { delay: 300 });
    expect((await takenAt.next()) - timestamp).toBeGreaterThanOrEqual(300);
  });

  it.each([
    ['another name', 'x-1', 'remind', '{"integration":"acme","command":"GetInvoiceImage"}'],
    ['a list as data', 'x-2', 'invoke', '[1,2]'],
    ['text as data', 'x-3', 'invoke', '"INV1"'],
    [
      "the shape but not the id of Errand's own",
      'x-4',
      'invoke',
      `{"invocation":"${aRing().invocation}","integration":"a"}`,
    ],
    ["the id but not the shape of Errand's own", ringId(aRing()), 'invoke', '{"integration":"acme"}'],
  ])('hands over a job with %s from another client, to be refused', async (_, id, name, data) => {
    const { jobs } = await takeAll();
    await lanes.addRaw(id, name, data);
    expect(await jobs.next()).toMatchObject({ kind: 'producer', jobId: id, name, data: JSON.parse(data) });
  });

  it('ignores a ring that is known already, and knows when its job is lost', async () => {
    const [done, open, never] = [aRing(), aRing(), aRing()];
    await lanes.queues.ring('batch', [done]);
    const { jobs, worker } = await takeAll();
    expect(await jobs.next()).toMatchObject(done);
    await worker.stop({ graceMs: 5_000 });
    await lanes.queues.ring('batch', [done, open]);
    // The completed job is kept, so its id was ignored: only a new generation is a new job.
    expect(await lanes.queues.depth('batch')).toMatchObject({ waiting: 1, completed: 1 });
    expect(await lanes.queues.lost('batch', [done, open, never])).toEqual([done, never]);
    await lanes.queues.ring('batch', [{ ...done, generation: 2 }]);
    expect(await lanes.queues.lost('batch', [{ ...done, generation: 2 }])).toEqual([]);
  });

  it('does not take a job in hand for lost', async () => {
    const { promise, resolve } = gate();
    const jobs = createChannel<LaneJob>();
    await lanes.worker({
      handle: async (job) => {
        jobs.push(job);
        await promise;
        return succeeded(job);
      },
    });
    const ring = aRing();
    await lanes.queues.ring('batch', [ring]);
    await jobs.next();
    expect(await lanes.queues.lost('batch', [ring])).toEqual([]);
    resolve();
  });
});
