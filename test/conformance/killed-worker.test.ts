import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import type { LaneJob } from '../../src/lanes/lane-job.ts';
import { migrateQueue } from '../../src/lanes/queue-pool.ts';
import { type Backend, conformanceBackends } from './backends.ts';
import { aRing, createChannel, type Lanes, openLanes, succeeded } from './lanes.ts';

// All of them at the same time: nearly all of it is waiting.
describe.concurrent.each(conformanceBackends())('contract §7: a worker killed on $name', ({ open }) => {
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

  it('loses its job to another worker within 30 s', { timeout: 60_000 }, async ({ annotate, expect }) => {
    const script = fileURLToPath(new URL('holding-worker.ts', import.meta.url));
    const { kind, url } = backend;
    const child = spawn(process.execPath, [script, kind, url, lanes.prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    try {
      const ring = aRing();
      await lanes.queues.ring('batch', [ring]);
      const [taken] = (await once(child.stdout, 'data')) as [Buffer];
      expect(JSON.parse(taken.toString())).toMatchObject({ invocation: ring.invocation });

      const jobs = createChannel<LaneJob>();
      await lanes.worker({
        handle: async (job) => {
          jobs.push(job);
          return succeeded(job);
        },
      });
      child.kill('SIGKILL');
      await exited;
      const killedAt = performance.now();
      expect(await jobs.next()).toEqual({ kind: 'doorbell', ...ring });
      const tookMs = performance.now() - killedAt;
      await annotate(`the job came back after ${(tookMs / 1000).toFixed(1)} s`);
      expect(tookMs).toBeLessThan(30_000);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  });
});
