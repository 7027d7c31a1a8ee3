import type { InvocationStatus } from '../contract/invocation.ts';
import type { JobReturn } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import type { Adopted, ProducersJob } from './adopt.ts';
import { CancelledByPerson, Interrupted, type SentBefore } from './cancellations.ts';
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
  /** Does the integration's work of this lane wait, because somebody paused it? As far as is known: the claim decides. */
  isPaused: (integration: string) => Promise<boolean>;
  adopt: (lane: Lane, job: ProducersJob) => Promise<Adopted>;
  /** Moves the row to `running`, if it is due and free; many share one statement. */
  claim: (id: string) => Promise<Claimed | null>;
  /** The row is not this worker's any more; `certain` is false if that could not be written. */
  release: (id: string, certain: boolean) => void;
  statusOf: (id: string) => Promise<InvocationStatus | null>;
  /** Rejects with `CancelledByPerson` or `Interrupted` if it is cancelled, or the worker stops, meanwhile. */
  execute: (claimed: Claimed) => Promise<Settled>;
  /** Adds to the attempt that was cancelled what had been sent. */
  noteCancelled: (claimed: Claimed, sent: SentBefore) => Promise<void>;
  record: (settled: Settled) => Promise<boolean>;
  /** The row waits again, without having been tried; counts as one more crash. */
  giveBack: (claimed: Claimed, delayMs: number) => Promise<void>;
  /** The row waits again, until it is rung for: a slot of its integration is free, or it is resumed. */
  park: (id: string) => Promise<void>;
  shares: {
    /** A slot for the integration, or `null` if it has its share of them. */
    tryTake(integration: string): { release(): void } | null;
    /** A row of the integration waits for a slot now: to be rung for as soon as one is free. */
    leftWaiting(integration: string): void;
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
    const paused = await dependencies.isPaused(row.integration);
    const slot = paused ? null : shares.tryTake(row.integration);
    if (slot === null) {
      await dependencies.park(row.id);
      if (!paused) shares.leftWaiting(row.integration);
      return completed(row.id, 'queued');
    }
    try {
      const claimed = await dependencies.claim(row.id);
      if (claimed === null) return await notClaimed(dependencies, row.id);
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

/**
 * Somebody else has it, or it has ended: a second ring, or a job that was handed over twice. Or it is not to be taken
 * now, not due or just paused: then it is as if nobody had rung.
 */
async function notClaimed({ statusOf, park }: WorkDependencies, id: string): Promise<JobEnding> {
  const status = (await statusOf(id)) ?? 'cancelled';
  if (status === 'queued' || status === 'retrying') await park(id);
  return completed(id, status);
}

/** An unexpected error is a fault of Errand's: the row is tried again this many times, then set aside. */
const toleratedErrors = 2;
/** A worker that dies takes all that it holds with it, so most of these died in bad company: hence more than that. */
const toleratedCrashes = 5;
const crashDelayMs = 5_000;

async function run(dependencies: WorkDependencies, claimed: Claimed): Promise<JobEnding> {
  const { id, integration, command, crashes } = claimed;
  const crashed = (error: unknown) =>
    dependencies.log.error('attempt.crashed', { invocation: id, integration, command, error }, 'Errand failed');
  if (crashes > toleratedCrashes) {
    return attempt(dependencies, claimed, setAside(claimed, `${crashes} workers died over it`, false));
  }
  let settled: Settled;
  try {
    settled = await dependencies.execute(claimed);
  } catch (error) {
    if (error instanceof CancelledByPerson) return cancelled(dependencies, claimed, error);
    // The worker stops; when it is gone the row is free, with what was in flight as an attempt of unknown outcome.
    if (error instanceof Interrupted) return completed(id, 'running');
    crashed(error);
    if (crashes >= toleratedErrors) {
      const why = `it failed with an unexpected error ${crashes + 1} times`;
      return attempt(dependencies, claimed, setAside(claimed, why, true));
    }
    await dependencies.giveBack(claimed, crashDelayMs);
    dependencies.ringer.dueIn(claimed.lane, crashDelayMs);
    return completed(id, 'retrying');
  }
  try {
    return await attempt(dependencies, claimed, settled);
  } catch (error) {
    // It was sent, and its answer cannot be written: asking again would bring the same answer.
    crashed(error);
    return attempt(dependencies, claimed, setAside(claimed, 'the answer could not be stored', settled.attempt.sent));
  }
}

async function cancelled(
  { noteCancelled, log }: WorkDependencies,
  claimed: Claimed,
  { sent }: CancelledByPerson,
): Promise<JobEnding> {
  const { id, integration, command, attempt } = claimed;
  log.info('attempt.cancelled', { invocation: id, integration, command, attempt }, 'Aborted: it was cancelled');
  if (sent !== null) await noteCancelled(claimed, sent);
  return completed(id, 'cancelled');
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
