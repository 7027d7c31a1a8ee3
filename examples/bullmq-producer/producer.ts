/** A billing system that knows BullMQ, and nothing of Errand but a queue, a job's name and its data. */
import { Queue, QueueEvents } from 'bullmq';

const connection = { url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' };
// As Errand's ERRAND_QUEUE_PREFIX has it.
const name = `${process.env.ERRAND_QUEUE_PREFIX ?? 'errand'}-batch`;
const queue = new Queue(name, { connection });
const events = new QueueEvents(name, { connection });
await events.waitUntilReady();

const numbers = process.argv.slice(2);
const jobs = await queue.addBulk(
  numbers.map((number) => ({
    name: 'invoke',
    data: {
      integration: 'acme',
      command: 'GetInvoiceImage',
      tokens: { InvoiceNumber: number },
      // Added again after a crash it is still the same invocation.
      idempotencyKey: `nightly-2026-11-23-${number}`,
    },
    // Attempts and backoff are the command's. Keep what failed until somebody has seen it.
    opts: { removeOnComplete: { age: 3_600 } },
  })),
);

for (const [index, job] of jobs.entries()) {
  try {
    // Retries are jobs of Errand's own: `retrying` says that it goes on, and the API or Bull Board how.
    const { invocation, status } = await job.waitUntilFinished(events, 60_000);
    console.log(numbers[index], invocation, status);
  } catch (error) {
    // `code: message`, for example `unexpected-status: …` or `invalid-job: …`.
    console.log(numbers[index], 'failed', (error as Error).message);
    process.exitCode = 1;
  }
}
await events.close();
await queue.close();
