import type { JobsOptions } from 'bullmq';
import { doorbellJobSchema, invokeJobName, type JobReturn } from '../contract/job.ts';

/** A row for which a job is to be added, or was. */
export type Ring = { invocation: string; integration: string; generation: number };

/** What a worker hands to its handler. Nothing of a producer's job has been checked yet. */
export type LaneJob =
  | ({ kind: 'doorbell' } & Ring)
  | { kind: 'producer'; queue: string; jobId: string; name: string; timestamp: number; data: unknown };

/** How the job ends in the queue. */
export type JobEnding =
  | { status: 'completed'; returns: JobReturn }
  | { status: 'failed'; returns: JobReturn | null; reason: string };

/** `<invocation>.<generation>`: each ring for a row has an id of its own, because a known id is ignored in silence. */
export function ringId({ invocation, generation }: Ring): string {
  return `${invocation}.${generation}`;
}

const idOfRing = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,10})$/;

/** The invocation and generation in the id of one of Errand's own jobs; `null` for any other id. */
export function parseRingId(id: string): { invocation: string; generation: number } | null {
  const [, invocation, generation] = idOfRing.exec(id) ?? [];
  return invocation === undefined ? null : { invocation, generation: Number(generation) };
}

export type BulkEntry = { name: string; data: unknown; opts: JobsOptions };

/** The job for a row that is due: ids only, and tried once, because retries are the rows' own. */
export function ringEntry(ring: Ring, kept: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>): BulkEntry {
  const { invocation, integration } = ring;
  return {
    name: invokeJobName,
    data: { invocation, integration },
    opts: { jobId: ringId(ring), attempts: 1, ...kept },
  };
}

/** What a taken job is. Whatever is not exactly a job of Errand's own counts as a producer's, to be checked as such. */
export function readJob(queue: string, job: { id: string; name: string; timestamp: number; data: unknown }): LaneJob {
  const ring = parseRingId(job.id);
  if (ring !== null && job.name === invokeJobName) {
    const parsed = doorbellJobSchema.safeParse(job.data);
    if (parsed.success && parsed.data.invocation === ring.invocation) {
      return { kind: 'doorbell', ...ring, integration: parsed.data.integration };
    }
  }
  return { kind: 'producer', queue, jobId: job.id, name: job.name, timestamp: job.timestamp, data: job.data };
}
