import type { AuditRecord } from '../audit/entry.ts';
import { fieldErrors } from '../contract/field-errors.ts';
import { producerJobSchema } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { integrationIdSchema } from '../contract/names.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import { wording } from '../contract/wording.ts';
import type { Enqueue, EnqueueRequest } from './enqueue.ts';
import type { NewInvocation } from './invocation.ts';

/** A job that somebody else added to one of the queues. */
export type ProducersJob = {
  queue: string;
  jobId: string;
  name: string;
  timestamp: number;
  data: unknown;
  /** The W3C Trace Context that it was added in. */
  traceparent?: string;
};

export type Adopted = { ok: true; id: string; integration: string } | { ok: false; reason: string };

export type AdoptDependencies = {
  enqueue: Enqueue;
  /** The invocation that the job became when it was handed over before. */
  adopted: (job: NonNullable<NewInvocation['job']>) => Promise<{ id: string; integration: string } | null>;
  audit: (record: AuditRecord) => Promise<void>;
  /** The account of an integration, whose people are shown what was refused; `null` if there is no such integration. */
  accountOf: (integration: string) => Promise<string | null>;
  jobName: string;
  /** Is it worth trying again, because the database is away? Any other error lies in the job. */
  isTemporary: (error: unknown) => boolean;
};

/**
 * Turns a producer's own job into an invocation, once, however often the queue hands the job over. One that does not fit
 * is refused as `invalid-job`, in the audit log too (contract §4).
 */
export function createAdopt(dependencies: AdoptDependencies) {
  const { enqueue, audit, jobName } = dependencies;
  return async (lane: Lane, job: ProducersJob): Promise<Adopted> => {
    const actor = { type: 'system', id: `queue:${job.queue}`, name: 'a job in the queue' } as const;
    const refuse = async (problem: string): Promise<Adopted> => {
      const reason = printable(`invalid-job: ${problem}`);
      const subject = { type: 'job', id: printable(`${job.queue}/${job.jobId}`) };
      const details = { reason, name: printable(job.name) };
      const account = await accountNamed(job.data, dependencies.accountOf);
      await audit({ account, actor, action: 'job.refused', subject, details });
      return { ok: false, reason };
    };
    const read = readJob(job, lane, jobName);
    if (typeof read === 'string') return refuse(read);
    const { queue, jobId, timestamp, traceparent } = job;
    const origin = { queue, jobId, timestamp };
    try {
      const { id } = await enqueue(
        { actor, accounts: '*' },
        { ...read, ...(traceparent === undefined ? {} : { traceparent }) },
        origin,
      );
      return { ok: true, id, integration: read.integration };
    } catch (error) {
      if (dependencies.isTemporary(error)) throw error;
      if (!(error instanceof Refusal))
        return refuse('it cannot be stored; its tokens or ids hold what no text may hold');
      // What was fine when it was handed over before may be refused by what is configured now; it is accepted all the same.
      const before = await dependencies.adopted(origin);
      if (before !== null) return { ok: true, ...before };
      return refuse([error.message, ...listed(error.errors)].join(' '));
    }
  };
}

/** In the words of the HTTP API, which says the same of the same mistake. */
function listed(errors: readonly FieldError[]): string[] {
  return errors.map(({ path, message }) => `${path === '' ? 'data' : path}: ${message}`);
}

/** Whatever else is wrong with a job: whose integration does it name? */
async function accountNamed(data: unknown, accountOf: AdoptDependencies['accountOf']): Promise<string | null> {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'integration')) return null;
  const named = integrationIdSchema.safeParse((data as { integration: unknown }).integration);
  return named.success ? accountOf(named.data) : null;
}

/** Tokens nested deeper than this are no data of anybody's, and walking them would overflow the stack. */
const deepest = 100;
/** The times that PostgreSQL and ISO 8601 can both write. */
const latestTimestamp = Date.parse('9999-12-31T00:00:00Z');

/** The job as a request, or what is wrong with its shape. */
function readJob({ name, jobId, timestamp, data }: ProducersJob, lane: Lane, jobName: string): EnqueueRequest | string {
  if (name !== jobName) return `the job's name must be "${jobName}", not "${name}"`;
  if (jobId !== printable(jobId)) return "the job's id must not hold control characters";
  if (!(timestamp >= 0 && timestamp <= latestTimestamp)) return "the job's timestamp must be Unix milliseconds";
  if (depthOf(data, deepest) > deepest) return `data must not be nested deeper than ${deepest}`;
  const problem = prototypeProblem(data);
  if (problem !== null) return problem;
  const parsed = producerJobSchema.safeParse(data, { error: wording });
  if (!parsed.success) return listed(fieldErrors(parsed.error.issues)).join('; ');
  const { integration, command, tokens, reference, idempotencyKey, callbackUrl } = parsed.data;
  return {
    integration,
    command,
    lane,
    ...(tokens === undefined ? {} : { tokens }),
    ...(reference === undefined ? {} : { reference }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}

/** How deep `data` is nested, as far as `limit + 1`; level by level, so that nothing overflows. */
function depthOf(data: unknown, limit: number): number {
  let level: unknown[] = [data];
  let depth = 0;
  while (level.length > 0 && depth <= limit) {
    depth += 1;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return depth;
}

/** Without what PostgreSQL cannot store or a log line should not hold. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f]/g, '\ufffd');
}

/** zod drops an own `__proto__` in silence; a value that goes missing in silence is what nobody wants. */
function prototypeProblem(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('tokens' in data)) return null;
  const { tokens } = data;
  const owns = typeof tokens === 'object' && tokens !== null && Object.hasOwn(tokens, '__proto__');
  return owns ? 'tokens.__proto__: is not allowed as a name' : null;
}
