import { openQueuePool } from '../../src/lanes/queue-pool.ts';
import { openLaneWorker } from '../../src/lanes/worker.ts';

// A worker that takes one job and never ends it: `holding-worker.ts redis|postgres URL PREFIX`.
const [, , kind = '', url = '', prefix = ''] = process.argv;
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const worker = openLaneWorker(kind === 'redis' ? { kind, url } : { kind: 'postgres', pool: openQueuePool(url, log) }, {
  lane: 'batch',
  prefix,
  concurrency: 1,
  log,
  handle(job) {
    process.stdout.write(`${JSON.stringify(job)}\n`);
    return new Promise(() => {});
  },
});
await worker.start();
