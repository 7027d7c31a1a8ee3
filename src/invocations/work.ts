import type { Failure } from '../contract/errors.ts';
import type { InvocationStatus } from '../contract/invocation.ts';
import type { JobReturn } from '../contract/job.ts';
import type { Lane } from '../contract/lane.ts';
import { isFailing } from '../judging/breaker.ts';
import type { Exchange } from '../judging/exchange.ts';
import { policyFor } from '../judging/policy.ts';
import type { Adopted, ProducersJob } from './adopt.ts';
import { CancelledByPerson, Interrupted, LostTouch, type SentBefore } from './cancellations.ts';
import type { Company } from './execute.ts';
import type { Flights, Identity } from './flights.ts';
import { PutOff } from './health.ts';
import { type Claimed, type Settled, setAside } from './invocation.ts';
import { logAttempt } from './log-attempt.ts';
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
  /** Does the integration's work of this lane wait, paused or held by Errand? As far as is known: the claim decides. */
  isHeld: (integration: string) => Promise<boolean>;
  adopt: (lane: Lane, job: ProducersJob) => Promise<Adopted>;
  /** Moves the row to `running`, if it is due and free; many share one statement. */
  claim: (id: string) => Promise<Claimed | null>;
  /** The row is not this worker's any more; `certain` is false if that could not be written. */
  release: (id: string, certain: boolean) => void;
  statusOf: (id: string) => Promise<InvocationStatus | null>;
  /**
   * Rejects with `CancelledByPerson` or `Interrupted` if it is cancelled, or the worker stops, meanwhile, and with `PutOff`
   * if its endpoint asked to wait.
   */
  execute: (claimed: Claimed, company: Company) => Promise<Settled>;
  /** Adds to the attempt that was cancelled what had been sent. */
  noteCancelled: (claimed: Claimed, sent: SentBefore) => Promise<void>;
  /** Answers what it committed: what it was given, or in place of a 304 whose stored bytes are gone that it asks again. */
  record: (settled: Settled) => Promise<Settled | null>;
  /** The row waits again, without having been tried; counts as one more crash. */
  giveBack: (claimed: Claimed, delayMs: number) => Promise<void>;
  /** The row waits again, without having been tried, for as long as its endpoint asked for. */
  putOff: (claimed: Claimed, delayMs: number) => Promise<void>;
  /** The row waits again, until it is rung for: a slot of its integration is free, or it is not held any more. */
  park: (id: string) => Promise<void>;
  /** The row waits again, and is due in so many milliseconds. */
  postpone: (id: string, delayMs: number) => Promise<void>;
  shares: {
    /** A slot for the integration, or `null` if it has its share of them. */
    takeNow(integration: string): Promise<Slot | null>;
    /** A row of the integration waits for a slot now: to be rung for as soon as one is free. */
    leftWaiting(integration: string): void;
  };
  /** What the integration's rates allow in this lane. */
  permits: {
    take(integration: string, wanted: number): Promise<{ granted: number; waitMs: number | null }>;
    giveBack(integration: string, count: number): void;
  };
  flights: Pick<Flights<Exchange>, 'over' | 'find'>;
  /** What the row asks for; `null` if it is gone. */
  identityOf: (id: string) => Promise<(Identity & { configurationVersion: number }) | null>;
  ringer: Pick<Ringer, 'dueIn'>;
  log: Record<'debug' | 'info' | 'error', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

type Row = { id: string; integration: string };
type Slot = { release(): void };

/**
 * A click waits no longer than this for its integration's rates before its first attempt: as long as the attempts
 * themselves may take by default. Whoever clicked has gone by then.
 */
const longestWaitMs = policyFor(null, 'interactive').deadlineMs;

/** A worker's handling of one job: adopt, take a slot and a permit, claim, execute, record, end the job. */
export function createWork(dependencies: WorkDependencies): (job: TakenJob) => Promise<JobEnding> {
  const { lane, shares } = dependencies;

  return async (job) => {
    let row: Row;
    if (job.kind === 'producer') {
      const adopted = await dependencies.adopt(lane, job);
      if (!adopted.ok) return { status: 'failed', returns: null, reason: adopted.reason };
      row = adopted;
    } else {
      row = { id: job.invocation, integration: job.integration };
    }
    if (await dependencies.isHeld(row.integration)) {
      await dependencies.park(row.id);
      return completed(row.id, 'queued');
    }
    const slot = await shares.takeNow(row.integration);
    if (slot === null) return withoutSlot(dependencies, row);
    try {
      return await withSlot(dependencies, row, slot);
    } finally {
      slot.release();
    }
  };
}

/** It has as many in flight as it may: the row waits, unless it can share what is in flight already. */
async function withoutSlot(dependencies: WorkDependencies, row: Row): Promise<JobEnding> {
  const joined = await joinOther(dependencies, row);
  if (joined !== null) return joined;
  await dependencies.park(row.id);
  dependencies.shares.leftWaiting(row.integration);
  return completed(row.id, 'queued');
}

async function withSlot(dependencies: WorkDependencies, row: Row, slot: Slot): Promise<JobEnding> {
  const { permits } = dependencies;
  const { granted, waitMs } = await permits.take(row.integration, 1);
  if (granted === 0) {
    slot.release();
    return withoutPermit(dependencies, row, waitMs ?? 1);
  }
  const giveBack = () => permits.giveBack(row.integration, 1);
  const onJoined = () => {
    slot.release();
    giveBack();
  };
  const ending = await claimAndRun(dependencies, row.id, { onJoined });
  if (ending !== null) return ending;
  giveBack();
  return notClaimed(dependencies, row.id);
}

/** Its rates are used up: the row is due when they are not, unless a person would wait for that in vain. */
async function withoutPermit(dependencies: WorkDependencies, row: Row, waitMs: number): Promise<JobEnding> {
  const { lane, postpone, ringer } = dependencies;
  const joined = await joinOther(dependencies, row);
  if (joined !== null) return joined;
  if (lane === 'interactive' && waitMs > longestWaitMs) {
    const refusal = usedUp(row.integration, waitMs);
    return (await claimAndRun(dependencies, row.id, { refusal })) ?? notClaimed(dependencies, row.id);
  }
  await postpone(row.id, waitMs);
  ringer.dueIn(lane, waitMs);
  return completed(row.id, 'queued');
}

function usedUp(integration: string, waitMs: number): Failure {
  const seconds = Math.ceil(waitMs / 1000);
  const message = `Integration "${integration}" has used up its limits.rates for the next ${seconds} s; nothing was sent.`;
  return { code: 'rate-limited', message, side: 'configuration' };
}

/** Runs it on an exchange that is in flight; `null` if there is none that it could share. */
async function joinOther(dependencies: WorkDependencies, { id, integration }: Row): Promise<JobEnding | null> {
  const { flights, identityOf } = dependencies;
  // Only then a statement of its own: claims that come to nothing would be counted as attempts.
  if (!flights.over(integration)) return null;
  const identity = await identityOf(id);
  const flight = identity === null ? null : flights.find(identity, identity.configurationVersion);
  return flight === null ? null : claimAndRun(dependencies, id, { flight });
}

/** `null` if it may not be claimed. */
async function claimAndRun(dependencies: WorkDependencies, id: string, company: Company): Promise<JobEnding | null> {
  const claimed = await dependencies.claim(id);
  if (claimed === null) return null;
  let certain = false;
  try {
    const ending = await runClaimed(dependencies, claimed, company);
    certain = true;
    return ending;
  } finally {
    dependencies.release(claimed.id, certain);
  }
}

/**
 * Somebody else has it, or it has ended: a second ring, or a job that was handed over twice. Or it is not to be taken
 * now, not due or its integration just held: then it is as if nobody had rung.
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

/** What one attempt of a claimed row needs, whoever claimed it. */
export type RunDependencies = Pick<
  WorkDependencies,
  'execute' | 'noteCancelled' | 'record' | 'giveBack' | 'putOff' | 'ringer' | 'log'
>;

/**
 * Runs an attempt of a row that this worker holds, and records it.
 *
 * @param sent called when the exchange is over, before it is recorded; not if it says that the endpoint fails
 */
export async function runClaimed(
  dependencies: RunDependencies,
  claimed: Claimed,
  company: Company,
  sent: () => void = () => undefined,
): Promise<JobEnding> {
  const { id, integration, command, crashes } = claimed;
  const crashed = (error: unknown) =>
    dependencies.log.error('attempt.crashed', { invocation: id, integration, command, error }, 'Errand failed');
  if (crashes > toleratedCrashes) {
    return attempt(dependencies, claimed, setAside(claimed, `${crashes} workers died over it`, false));
  }
  let settled: Settled;
  try {
    settled = await dependencies.execute(claimed, company);
    // After a failure the slot stays taken until that is weighed: else more would be sent before the integration is held.
    if (!isFailing(settled.health.sign)) sent();
  } catch (error) {
    if (error instanceof CancelledByPerson) return cancelled(dependencies, claimed, error);
    // The worker stops; when it is gone the row is free, with what was in flight as an attempt of unknown outcome.
    if (error instanceof Interrupted) return completed(id, 'running');
    // It is not let go of as if it had been run: what this worker still holds of it is freed as an orphan.
    if (error instanceof LostTouch) throw error;
    if (error instanceof PutOff) {
      await dependencies.putOff(claimed, error.delayMs);
      dependencies.ringer.dueIn(claimed.lane, error.delayMs);
      return completed(id, 'queued');
    }
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
  { noteCancelled, log }: RunDependencies,
  claimed: Claimed,
  { sent }: CancelledByPerson,
): Promise<JobEnding> {
  const { id, integration, command, attempt } = claimed;
  log.info('attempt.cancelled', { invocation: id, integration, command, attempt }, 'Aborted: it was cancelled');
  if (sent !== null) await noteCancelled(claimed, sent);
  return completed(id, 'cancelled');
}

async function attempt(dependencies: RunDependencies, claimed: Claimed, settled: Settled): Promise<JobEnding> {
  const recorded = await dependencies.record(settled);
  logAttempt(dependencies.log, recorded ?? settled, recorded !== null);
  if (recorded === null) return completed(claimed.id, 'running');
  const { next } = recorded;
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
