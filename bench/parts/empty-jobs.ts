import { Worker } from 'bullmq';
import { play } from '../play.ts';
import { concurrency, queues } from '../settings.ts';

/** BullMQ alone: jobs that do nothing. */
let firstAt = 0;
let lastAt = 0;
let ended = 0;

await play({
  start: async () => {
    const process = async () => {
      if (firstAt === 0) firstAt = performance.now();
    };
    const worker = new Worker(queues.empty, process, { connection: { url: redisUrl() }, concurrency });
    worker.on('completed', () => {
      lastAt = performance.now();
      ended += 1;
    });
    await worker.waitUntilReady();
    return { ready: null, figures: () => ({ ended, ms: lastAt - firstAt }), stop: () => worker.close() };
  },
});

function redisUrl(): string {
  return process.env.REDIS_URL ?? '';
}
