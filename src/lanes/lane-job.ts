import type { JobsOptions } from 'bullmq';
import type { BatchRing, RangeRing } from '../batches/batch.ts';
import { rangeSize } from '../batches/batch.ts';
import {
  type BatchReturn,
  doorbellJobSchema,
  invokeJobName,
  type JobReturn,
  rangeJobSchema,
  sweepJobSchema,
} from '../contract/job.ts';
import type { ProducersJob } from '../invocations/adopt.ts';

/** A row for which a job is to be added, or was. */
export type Ring = { invocation: string; integration: string; generation: number };

/** What a worker hands to its handler. Nothing of a producer's job has been checked yet. */
export type LaneJob = ({ kind: 'doorbell' } & Ring) | BatchRing | ({ kind: 'producer' } & ProducersJob);

/** How the job ends in the queue. */
export type JobEnding =
  | { status: 'completed'; returns: JobReturn | BatchReturn }
  | { status: 'failed'; returns: JobReturn | null; reason: string };

/**
 * `<invocation>.<generation>`, `<batch>.<range>.<generation>`, `<batch>.sweep.<generation>`: each ring has an id of its own,
 * because a known id is ignored in silence.
 */
export function ringId(ring: Ring | BatchRing): string {
  if (!('kind' in ring)) return `${ring.invocation}.${ring.generation}`;
  return `${ring.batch}.${ring.kind === 'range' ? ring.number : 'sweep'}.${ring.generation}`;
}

const uuid = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const idOfRing = new RegExp(`^${uuid}\\.(\\d{1,10})$`);
const idOfBatchRing = new RegExp(`^${uuid}\\.(\\d{1,10}|sweep)\\.(\\d{1,10})$`);

/** The invocation and generation in the id of one of Errand's own jobs; `null` for any other id. */
export function parseRingId(id: string): { invocation: string; generation: number } | null {
  const [, invocation, generation] = idOfRing.exec(id) ?? [];
  return invocation === undefined ? null : { invocation, generation: Number(generation) };
}

export type BulkEntry = { name: string; data: unknown; opts: JobsOptions };

/** The job for a row that is due: ids only, and tried once, because retries are the rows' own. */
export function ringEntry(
  ring: Ring | BatchRing,
  kept: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>,
): BulkEntry {
  const opts = { jobId: ringId(ring), attempts: 1, ...kept };
  if (!('kind' in ring)) {
    const { invocation, integration } = ring;
    return { name: invokeJobName, data: { invocation, integration }, opts };
  }
  const { batch, integration, command } = ring;
  const of = `${integration} ${command}`;
  if (ring.kind === 'sweep') return { name: `${of} retries`, data: { batch, integration, command }, opts };
  const { from, to } = ring;
  return { name: `${of} ${from}–${to}`, data: { batch, integration, command, from, to }, opts };
}

/** The range or leftovers that a job of Errand's own is for; `null` if it is not such a job. */
function readBatchRing(id: string, data: unknown): BatchRing | null {
  const [, batch, which, generationText] = idOfBatchRing.exec(id) ?? [];
  if (batch === undefined) return null;
  const generation = Number(generationText);
  if (which === 'sweep') {
    const sweep = sweepJobSchema.safeParse(data);
    return sweep.success && sweep.data.batch === batch ? { kind: 'sweep', ...sweep.data, generation } : null;
  }
  const range = rangeJobSchema.safeParse(data);
  if (!range.success || range.data.batch !== batch) return null;
  const number = Number(which);
  const isWhole = range.data.from === number * rangeSize + 1;
  return isWhole ? ({ kind: 'range', ...range.data, number, generation } satisfies RangeRing) : null;
}

type TakenData = { id: string; name: string; timestamp: number; data: unknown; opts?: Pick<JobsOptions, 'telemetry'> };

/** The `traceparent` among what a producer's BullMQ telemetry sent along: a carrier as JSON. */
function traceparentIn(metadata: string | undefined): string | undefined {
  if (metadata === undefined) return undefined;
  try {
    const carrier: unknown = JSON.parse(metadata);
    if (typeof carrier !== 'object' || carrier === null || !('traceparent' in carrier)) return undefined;
    return typeof carrier.traceparent === 'string' ? carrier.traceparent : undefined;
  } catch {
    return undefined;
  }
}

/** What a taken job is. Whatever is not exactly a job of Errand's own counts as a producer's, to be checked as such. */
export function readJob(queue: string, job: TakenData): LaneJob {
  const batchRing = readBatchRing(job.id, job.data);
  if (batchRing !== null) return batchRing;
  const ring = parseRingId(job.id);
  if (ring !== null && job.name === invokeJobName) {
    const parsed = doorbellJobSchema.safeParse(job.data);
    if (parsed.success && parsed.data.invocation === ring.invocation) {
      return { kind: 'doorbell', ...ring, integration: parsed.data.integration };
    }
  }
  const { id: jobId, name, timestamp, data, opts } = job;
  const traceparent = traceparentIn(opts?.telemetry?.metadata);
  return {
    kind: 'producer',
    queue,
    jobId,
    name,
    timestamp,
    data,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
