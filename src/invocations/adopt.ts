import type { AuditRecord } from '../audit/entry.ts';
import { producerJobSchema } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { Refusal } from '../contract/problem.ts';
import type { Enqueue } from './enqueue.ts';

/** A job that somebody else added to one of the queues. */
export type ProducersJob = { queue: string; jobId: string; name: string; timestamp: number; data: unknown };

export type Adopted = { ok: true; id: string; integration: string } | { ok: false; reason: string };

export type AdoptDependencies = {
  enqueue: Enqueue;
  audit: (record: AuditRecord) => Promise<void>;
  jobName: string;
};

/**
 * Turns a producer's own job into an invocation, once, however often the queue hands the job over. One that does not fit
 * is refused as `invalid-job`, in the audit log too (contract §4).
 */
export function createAdopt({ enqueue, audit, jobName }: AdoptDependencies) {
  return async (lane: Lane, job: ProducersJob): Promise<Adopted> => {
    const actor = { type: 'system', id: `queue:${job.queue}`, name: 'a job in the queue' } as const;
    const refuse = async (problem: string): Promise<Adopted> => {
      const reason = `invalid-job: ${problem}`;
      const subject = { type: 'job', id: `${job.queue}/${job.jobId}` };
      await audit({ account: null, actor, action: 'job.refused', subject, details: { reason, name: job.name } });
      return { ok: false, reason };
    };
    if (job.name !== jobName) return refuse(`the job's name must be "${jobName}", not "${job.name}"`);
    const problem = prototypeProblem(job.data);
    if (problem !== null) return refuse(problem);
    const parsed = producerJobSchema.safeParse(job.data);
    if (!parsed.success) {
      return refuse(
        parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`).join('; '),
      );
    }
    const { integration, command, tokens, reference, idempotencyKey } = parsed.data;
    const request = {
      integration,
      command,
      lane,
      ...(tokens === undefined ? {} : { tokens }),
      ...(reference === undefined ? {} : { reference }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    const { queue, jobId, timestamp } = job;
    try {
      const { id } = await enqueue({ actor, accounts: '*' }, request, { queue, jobId, timestamp });
      return { ok: true, id, integration };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const fields = error.errors.map(({ path, message }) => `${path}: ${message}`);
      return refuse([error.message, ...fields].join(' '));
    }
  };
}

/** zod drops an own `__proto__` in silence; a value that goes missing in silence is what nobody wants. */
function prototypeProblem(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('tokens' in data)) return null;
  const { tokens } = data;
  const owns = typeof tokens === 'object' && tokens !== null && Object.hasOwn(tokens, '__proto__');
  return owns ? 'tokens.__proto__: is not allowed as a name' : null;
}
