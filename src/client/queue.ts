import { invokeJobName, queueName } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { WaitTimeout } from './errors.ts';
import { followJob, type JobOutcome } from './follow.ts';
import { limited } from './limited.ts';
import { type Backend, type BullEvents, type BullQueue, openBackend, type QueueConnection } from './queue-backend.ts';
import { composeJob, type QueuedInvocation } from './queue-job.ts';

export type QueueClientOptions = QueueConnection & {
  /** First part of the queues' names: Errand's `ERRAND_QUEUE_PREFIX`. Default `errand`. */
  prefix?: string;
};

/** A job in a lane's queue; `{ lane, id }` is all that `wait` needs, in another process too. */
export type EnqueuedJob = { lane: Lane; id: string };

export type QueueCallOptions = {
  /** Milliseconds; `enqueue` 10,000, `wait` without end by default. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

export type QueueClient = {
  /**
   * Adds a job to its lane's queue, `batch` by default. Once this resolves the queue has it; Errand has it when a worker
   * takes it. To try again after an error, give the `idempotencyKey` of the first try.
   *
   * @throws InvalidJob if the worker would refuse its shape; what BullMQ throws; an error after `timeoutMs`, when the queue
   * may still get the job
   */
  enqueue(invocation: QueuedInvocation, options?: QueueCallOptions): Promise<EnqueuedJob>;
  /**
   * Follows the job, and the retries of its invocation, to their end, whichever it is: look at `status`, `code`, `reason`.
   * The result's bytes are had over HTTP. Works for as long as the queue keeps ended jobs (docs/producing.md).
   *
   * @throws WaitTimeout if it has not ended after `timeoutMs`; UnknownJob if the queue does not have it (any more)
   */
  wait(job: EnqueuedJob, options?: QueueCallOptions): Promise<JobOutcome>;
  /** Closes the connections that it opened. Repeatable. */
  close(): Promise<void>;
};

const enqueueTimeoutMs = 10_000;
/** Closing waits for ever where the queue is away; after this long the connection is cut. */
const closeMs = 500;

async function closeWithin(timeoutMs: number, one: BullQueue | BullEvents): Promise<void> {
  const late = () => new Error('the queue is away');
  await limited(one.close(), { timeoutMs }, late).catch(() =>
    limited(one.getBackend().close(true), { timeoutMs }, late).catch(() => undefined),
  );
}

/**
 * Adds jobs straight to BullMQ, past the HTTP API: for producers that can reach Redis (or the database) but not the API.
 * Connects with the first call. BullMQ reports lost connections by events and reconnects; calls wait meanwhile.
 */
export function createQueueClient({ prefix = 'errand', ...connection }: QueueClientOptions): QueueClient {
  const opened = new Map<string, Promise<BullQueue | BullEvents>>();
  const made = new Set<BullQueue | BullEvents>();
  let backend: Promise<Backend> | null = null;
  let closing: Promise<void> | null = null;

  function open<Kind extends BullQueue | BullEvents>(key: string, make: (backend: Backend) => Kind): Promise<Kind> {
    if (closing !== null) return Promise.reject(new Error('The client is closed.'));
    const known = opened.get(key);
    if (known !== undefined) return known as Promise<Kind>;
    backend ??= openBackend(connection);
    const opening = backend.then(async (ready) => {
      if (closing !== null) throw new Error('The client is closed.');
      const one = make(ready);
      made.add(one);
      // Without a listener a lost connection would end the process.
      one.on('error', () => undefined);
      try {
        await one.waitUntilReady();
        return one;
      } catch (error) {
        // On PostgreSQL BullMQ remembers for good that it could not connect at first.
        opened.delete(key);
        made.delete(one);
        await closeWithin(closeMs, one);
        throw error;
      }
    });
    opened.set(key, opening);
    return opening;
  }
  const queueOf = (lane: Lane) => open(`${lane} queue`, (ready) => ready.openQueue(queueName(prefix, lane)));
  const eventsOf = (lane: Lane) =>
    open(`${lane} events`, (ready) => {
      const events = ready.openEvents(queueName(prefix, lane));
      // Every wait listens.
      events.setMaxListeners(0);
      return events;
    });

  async function followed(lane: Lane, id: string, stopped: AbortSignal): Promise<JobOutcome> {
    // The events first: what ends between the two is then seen by both, not by neither.
    const events = await eventsOf(lane);
    const following = followJob(await queueOf(lane), events, id);
    stopped.addEventListener('abort', following.stop, { once: true });
    if (stopped.aborted) following.stop();
    return following.ended;
  }

  return {
    async enqueue(invocation, { timeoutMs = enqueueTimeoutMs, signal } = {}) {
      signal?.throwIfAborted();
      const { lane, data, options } = composeJob(invocation, Date.now());
      const adding = queueOf(lane).then((queue) => queue.add(invokeJobName, data, options));
      const late = () => new Error(`The queue did not take the job within ${timeoutMs} ms; it may still get it.`);
      await limited(adding, { timeoutMs, signal }, late);
      return { lane, id: options.jobId };
    },
    async wait({ lane, id }, { timeoutMs = Number.POSITIVE_INFINITY, signal } = {}) {
      const stopping = new AbortController();
      try {
        const late = () => new WaitTimeout(`Job ${id}`, timeoutMs);
        return await limited(followed(lane, id, stopping.signal), { timeoutMs, signal }, late);
      } finally {
        stopping.abort();
      }
    },
    close() {
      closing ??= Promise.all([...made].map((one) => closeWithin(closeMs, one))).then(async () => {
        (await backend?.catch(() => null))?.end();
      });
      return closing;
    },
  };
}
