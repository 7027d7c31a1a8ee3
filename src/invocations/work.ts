import type { InvocationStatus } from '../contract/invocation.ts';
import type { JobReturn } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import type { Adopted, ProducersJob } from './adopt.ts';
import { type Claimed, type Settled, setAside } from './invocation.ts';
import type { Ringer } from './ring.ts';

/** What the queue handed over: a doorbell of Errand's own, or a producer's own job. */
export type TakenJob =
  | { kind: 'doorbell'; invocation: string; integration: string }
  | ({ kind: 'producer' } & ProducersJob);

/** How the job ends in the queue. An invocation that failed ends its job failed, for Bull Board. */
export type JobEnding =
  | { status: 'completed'; returns: JobReturn }
  | { status: 'failed'; returns: JobReturn | null; reason: string };

export type WorkDependencies = {
  lane: Lane;
  adopt: (lane: Lane, job: ProducersJob) => Promise<Adopted>;
  /** Moves the row to `running`, if it is due and free; many share one statement. */
  claim: (id: string) => Promise<Claimed | null>;
  /** The row is not this worker's any more; `certain` is false if that could not be written. */
  release: (id: string, certain: boolean) => void;
  statusOf: (id: string) => Promise<InvocationStatus | null>;
  execute: (claimed: Claimed) => Promise<Settled>;
  record: (settled: Settled) => Promise<boolean>;
  /** The row waits again, without having been tried; counts as one more crash. */
  giveBack: (claimed: Claimed, delayMs: number) => Promise<void>;
  /** The row waits again, until a slot of its integration is free. */
  park: (id: string) => Promise<void>;
  shares: {
    /** A slot for the integration, or `null` if it has its share of them; then it is remembered as waiting. */
    tryTake(integration: string): { release(): void } | null;
  };
  ringer: Pick<Ringer, 'dueIn'>;
  log: Record<'debug' | 'info' | 'error', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

/** A worker's handling of one job: adopt, take a slot, claim, execute, record, end the job. */
export function createWork(dependencies: WorkDependencies): (job: TakenJob) => Promise<JobEnding> {
  const { lane, shares } = dependencies;

  return async (job) => {
    let row: { id: string; integration: string };
    if (job.kind === 'producer') {
      const adopted = await dependencies.adopt(lane, job);
      if (!adopted.ok) return { status: 'failed', returns: null, reason: adopted.reason };
      row = adopted;
    } else {
      row = { id: job.invocation, integration: job.integration };
    }
    const slot = shares.tryTake(row.integration);
    if (slot === null) {
      await dependencies.park(row.id);
      return completed(row.id, 'queued');
    }
    try {
      const claimed = await dependencies.claim(row.id);
      // Somebody else has it, or it has ended: a second ring, or a job that was handed over twice.
      if (claimed === null) return completed(row.id, (await dependencies.statusOf(row.id)) ?? 'cancelled');
      let certain = false;
      try {
        const ending = await run(dependencies, claimed);
        certain = true;
        return ending;
      } finally {
        dependencies.release(claimed.id, certain);
      }
    } finally {
      slot.release();
    }
  };
}

/** An unexpected error is a fault of Errand's: the row is tried again this many times, then set aside. */
const toleratedCrashes = 2;
const crashDelayMs = 5_000;

async function run(dependencies: WorkDependencies, claimed: Claimed): Promise<JobEnding> {
  try {
    return await attempt(dependencies, claimed, await dependencies.execute(claimed));
  } catch (error) {
    const { id, integration, command, crashes } = claimed;
    dependencies.log.error('attempt.crashed', { invocation: id, integration, command, error }, 'Errand failed');
    if (crashes >= toleratedCrashes) return attempt(dependencies, claimed, setAside(claimed, error));
    await dependencies.giveBack(claimed, crashDelayMs);
    dependencies.ringer.dueIn(claimed.lane, crashDelayMs);
    return completed(id, 'retrying');
  }
}

async function attempt(dependencies: WorkDependencies, claimed: Claimed, settled: Settled): Promise<JobEnding> {
  const recorded = await dependencies.record(settled);
  report(dependencies, settled, recorded);
  const { next } = settled;
  if (!recorded) return completed(claimed.id, 'running');
  switch (next.status) {
    case 'succeeded':
      return completed(claimed.id, 'succeeded');
    case 'failed': {
      const returns = { invocation: claimed.id, status: 'failed' } as const;
      return { status: 'failed', returns, reason: `${next.error.code}: ${next.error.message}` };
    }
    case 'retrying':
      dependencies.ringer.dueIn(claimed.lane, next.delayMs);
      return completed(claimed.id, 'retrying');
    default:
      return next satisfies never;
  }
}

function completed(invocation: string, status: InvocationStatus): JobEnding {
  return { status: 'completed', returns: { invocation, status } };
}

/** One wide event per attempt: at `info` where something failed, at `debug` where all went well. */
function report({ log }: WorkDependencies, { claimed, attempt, next }: Settled, recorded: boolean): void {
  const fields = {
    invocation: claimed.id,
    integration: claimed.integration,
    command: claimed.command,
    lane: claimed.lane,
    attempt: claimed.attempt,
    outcome: attempt.outcome,
    next: next.status,
    httpStatus: attempt.status,
    durationMs: Math.round(attempt.durationMs),
    ...(next.status === 'succeeded' ? {} : { code: next.error.code, reason: next.error.message }),
    ...(recorded ? {} : { recorded: false }),
  };
  if (next.status === 'succeeded' && recorded) log.debug('attempt', fields, 'Attempt');
  else log.info('attempt', fields, recorded ? 'Attempt' : 'Came too late to be recorded: the row had been taken back');
}
