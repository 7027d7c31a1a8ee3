import type { AuditRecord } from '../audit/entry.ts';
import type { Actor } from '../contract/audit.ts';
import { type ErrorCode, errorCatalogue, type Failure } from '../contract/errors.ts';
import type { Limits } from '../contract/integration.ts';
import { type ResolvedAuthentication, unreadableSecret } from '../integrations/authentication/resolve.ts';
import { hostProblem, redirectProblemOf } from '../integrations/bound-secrets.ts';
import type { CompiledCommand, Configurations } from '../integrations/configuration.ts';
import { type Health, saysNothing } from '../judging/breaker.ts';
import type { Exchange } from '../judging/exchange.ts';
import { judge, type Verdict } from '../judging/judge.ts';
import type { Policy } from '../judging/policy.ts';
import { policyFor } from '../judging/policy.ts';
import { type RenderedRequest, renderRequest } from '../tokens/render.ts';
import { describeAttempt, lastSyncOf, sentValidators } from './attempt.ts';
import { CancelledByPerson, LostTouch } from './cancellations.ts';
import { askedAbout } from './conditional.ts';
import type { Flight, Flights } from './flights.ts';
import { healthOf, holdProblem, verdictOn, waitProblem } from './health.ts';
import type { Claimed, KnownResult, Settled } from './invocation.ts';
import { batchDeadline, lateFailure } from './late.ts';
import { type MaskingDependencies, openSealed, redacted, redactorFor } from './masking.ts';
import { outgoingRequest } from './outgoing.ts';
import { settle } from './settle.ts';
import { atNextPage } from './source.ts';
import { valuesFor } from './values.ts';

/** `signal` aborts when a person cancels the invocation, or when the worker stops. */
export type SendOptions = {
  policy: Policy;
  maxBytes: number;
  signal: AbortSignal;
  /** Why an answer's redirect must not be followed there; `null`: it may be. */
  redirectProblem: (target: URL) => string | null;
  authentication: ResolvedAuthentication | null;
  /** When the attempt began, in Unix milliseconds: what is signed carries it. */
  at: number;
  /** Whose exchange it is, and what masks the secrets of its integration; a test's is nobody's. */
  attempt?: { claimed: Claimed; redact: (text: string) => string };
};

export type ExecuteDependencies = MaskingDependencies & {
  configurations: Configurations;
  /** Exactly one exchange; never throws for what the server does, but throws the signal's reason when that aborts. */
  send: (request: RenderedRequest, options: SendOptions) => Promise<Exchange>;
  /** Is the row this worker's for certain? Not if the worker was silent meanwhile for so long that others may have taken it. */
  holds: (claimed: Claimed) => boolean;
  userAgent: string;
  worker: Actor;
  /** Exchanges of this process that identical invocations share. */
  flights: Flights<Exchange>;
  clock: {
    /** Milliseconds that only ever grow. */
    elapsed: () => number;
    random: () => number;
  };
};

/** How a claimed invocation is run, if not on its own. */
export type Company = {
  /** An identical invocation's exchange, seen before this one was claimed. */
  flight?: Flight<Exchange>;
  /** Told when it shares another one's exchange: what it would have sent itself with is free. */
  onJoined?: () => void;
  /** Why it is not sent. */
  refusal?: Failure;
};

/** What the pipeline knows when it comes to judging, whether a request went out or not. */
type Outcome = {
  command: CompiledCommand | null;
  configurationVersion: number;
  exchange: Exchange | null;
  /** Was the exchange another invocation's? */
  joined: boolean;
  verdict: Verdict;
  /** The stored result that the request was conditional on. */
  known: KnownResult | null;
  health: Health;
  redact: (text: string) => string;
};

/**
 * One attempt of a claimed invocation: resolve, render, send, judge, settle. Recording what it answers is the caller's.
 * Times are the database's: the claim's moment plus what passed here since, so a worker with a wrong clock does no harm.
 * Rejects with `PutOff` if the row is to be tried later, and with `LostTouch` if it may be another worker's.
 */
export function createExecute(
  dependencies: ExecuteDependencies,
): (claimed: Claimed, signal: AbortSignal, company?: Company) => Promise<Settled> {
  const { clock } = dependencies;
  return async (claimed, signal, company = {}) => {
    const claimedAt = clock.elapsed();
    const now = () => claimed.claimedAt + clock.elapsed() - claimedAt;
    const outcome = await attempt(dependencies, claimed, now, signal, company);
    const durationMs = clock.elapsed() - claimedAt;
    const { command, exchange, verdict } = outcome;
    const next = settle(verdict, {
      policy: command?.policy[claimed.lane] ?? policyFor(null, claimed.lane),
      tried: claimed.tried,
      requestSent: exchange !== null && (exchange.kind === 'answer' || exchange.requestSent),
      firstAttemptAt: claimed.firstAttemptAt,
      deadlineAt: claimed.deadlineAt,
      now: now(),
      random: clock.random(),
    });
    const described = describeAttempt({ ...outcome, claimed, durationMs });
    const settled = { claimed, attempt: described, next: redacted(next, outcome.redact), health: outcome.health };
    return { ...settled, audit: auditOf(settled, dependencies.worker) };
  };
}

async function attempt(
  dependencies: ExecuteDependencies,
  claimed: Claimed,
  now: () => number,
  signal: AbortSignal,
  company: Company,
): Promise<Outcome> {
  const configuration = await dependencies.configurations.get(claimed.integration, claimed.configurationVersion);
  const version = configuration?.version ?? claimed.configurationVersion;
  const refused = (failure: Failure, command: CompiledCommand | null): Outcome => ({
    command,
    configurationVersion: version,
    exchange: null,
    joined: false,
    verdict: { outcome: 'permanent', failure },
    known: null,
    health: saysNothing,
    redact: configuration?.redact ?? ((text) => text),
  });
  const failed = (code: ErrorCode, message: string, command: CompiledCommand | null = null): Outcome =>
    refused(failureOf(code, message), command);
  // Batch work of a paused integration is not claimed; what was claimed before goes on.
  if (configuration?.status === 'paused' && claimed.lane === 'interactive') {
    return failed('integration-paused', `Integration "${claimed.integration}" is paused; resume it, then retry.`);
  }
  const command = configuration?.commands.get(claimed.command);
  if (configuration === null || command === undefined) {
    return failed(
      'command-not-configured',
      `Integration "${claimed.integration}" has no command "${claimed.command}".`,
    );
  }
  const policy = command.policy[claimed.lane];
  const refusal =
    holdProblem(claimed) ??
    waitProblem(claimed, policy) ??
    lateProblem(claimed, policy, configuration.limits) ??
    company.refusal ??
    null;
  if (refusal !== null) return refused(refusal, command);
  const sensitive = openSealed(dependencies, claimed);
  if (sensitive === null) {
    return failed(
      'secret-unreadable',
      'The sensitive token values cannot be decrypted with the keys in ERRAND_SECRET_KEYS.',
      command,
    );
  }
  const unreadable = command.request.uses.find((name) => configuration.secrets.get(name) === null);
  if (unreadable !== undefined) {
    return failed('secret-unreadable', unreadableSecret(unreadable), command);
  }
  const { authentication } = configuration;
  const problem = authentication?.problem ?? null;
  if (problem !== null) return refused(problem, command);
  const value = valuesFor(configuration, claimed, sensitive);
  const rendered = atNextPage(renderRequest(command.request, value), command.request, value('errand.next'));
  if (!rendered.ok) return failed(rendered.code, rendered.message, command);
  const elsewhere = hostProblem(command.bound, rendered.request.url);
  if (elsewhere !== null) {
    return {
      ...failed('egress-blocked', elsewhere, command),
      redact: redactorFor(dependencies, configuration, sensitive),
    };
  }
  const known = askedAbout(command, version, claimed);
  const request = outgoingRequest(rendered.request, {
    userAgent: dependencies.userAgent,
    invocation: claimed.id,
    attempt: claimed.attempt,
    keyNumber: claimed.keyNumber,
    traceparent: claimed.traceparent,
    validators: known,
  });
  const { redact: redactSecrets } = configuration;
  const sending = {
    ...{ claimed, command, version, known, request, authentication, signal, company },
    redact: redactSecrets,
  };
  const { exchange, joined } = await shareOrSend(dependencies, sending);
  const redact = redactorFor(dependencies, configuration, sensitive, exchange.credentials);
  const judged = judge(exchange, command.accept, now(), known !== null);
  // One exchange counts once, however many share it; but a probe says what it was let through for.
  const health = joined && !claimed.probe ? saysNothing : healthOf(judged, exchange, command, configuration);
  const verdict = verdictOn(claimed, judged, health);
  return { command, configurationVersion: version, exchange, joined, verdict, health, known, redact };
}

/** Why a row that comes back after a crash, or late, is not sent again; `null` if it may be. */
function lateProblem(
  { crashes, tried, claimedAt, firstAttemptAt, deadlineAt, lastError }: Claimed,
  policy: Policy,
  { rates = [] }: Limits,
): Failure | null {
  if (policy.nonIdempotent && crashes > 0) {
    const message =
      'The worker stopped while the request may have been out. The command is marked as not idempotent, so it is not ' +
      "sent again; look in the customer's system whether it arrived, then retry.";
    return { code: 'connect-failed', message, side: 'errand' };
  }
  const late =
    deadlineAt === null ? tried > 1 && claimedAt > firstAttemptAt + policy.deadlineMs : claimedAt > deadlineAt;
  if (late) {
    const deadline = deadlineAt === null ? `${policy.deadlineMs} ms` : batchDeadline(new Date(deadlineAt));
    return lateFailure({ tried: tried - 1, lastError, deadline, waited: rates.length > 0 ? { kind: 'rates' } : null });
  }
  return null;
}

type Sending = {
  claimed: Claimed;
  command: CompiledCommand;
  version: number;
  known: KnownResult | null;
  request: RenderedRequest;
  authentication: ResolvedAuthentication | null;
  redact: (text: string) => string;
  signal: AbortSignal;
  company: Company;
};

/** The exchange of an identical invocation, if one is in flight; else one of its own, which others may join. */
async function shareOrSend(
  dependencies: ExecuteDependencies,
  of: Sending,
): Promise<{ exchange: Exchange; joined: boolean }> {
  const { claimed, company, signal, version } = of;
  const flight = company.flight ?? dependencies.flights.find(claimed, version);
  if (flight === null) return { exchange: await sendOnce(dependencies, of), joined: false };
  company.onJoined?.();
  return { exchange: await flight.join(signal), joined: true };
}

async function sendOnce({ send, flights, holds }: ExecuteDependencies, of: Sending): Promise<Exchange> {
  const { claimed, command, known, signal } = of;
  // As late as can be: a worker that was frozen goes on where it stood, with rows that others have ended meanwhile.
  if (!holds(claimed)) throw new LostTouch();
  try {
    const { policy, accept, bound } = command;
    const options = {
      policy: policy[claimed.lane],
      maxBytes: accept.maxBytes,
      redirectProblem: redirectProblemOf(bound),
      authentication: of.authentication,
      at: claimed.claimedAt,
      attempt: { claimed, redact: of.redact },
    };
    return await flights.lead(claimed, of.version, signal, (signal) => send(of.request, { ...options, signal }));
  } catch (error) {
    if (!(signal.reason instanceof CancelledByPerson)) throw error;
    const lastSyncAt = lastSyncOf(command, claimed);
    const validators = known === null ? null : sentValidators(known);
    const { version: commandVersion } = command;
    throw new CancelledByPerson({ commandVersion, configurationVersion: of.version, lastSyncAt, validators });
  }
}

function failureOf(code: ErrorCode, message: string): Failure {
  return { code, message, side: errorCatalogue[code].side };
}

/** An entry for the ending, and one for every failure on the way (design: the audit log). */
function auditOf({ claimed, attempt, next }: Omit<Settled, 'audit'>, actor: Actor): AuditRecord[] {
  const details: Record<string, unknown> = {
    integration: claimed.integration,
    command: claimed.command,
    attempt: claimed.attempt,
    durationMs: Math.round(attempt.durationMs),
  };
  if (attempt.status !== null) details.status = attempt.status;
  if (attempt.result !== null) details.bytes = attempt.result.size;
  if (next.status !== 'succeeded') details.error = next.error;
  if (next.status === 'retrying') details.retryInMs = Math.round(next.delayMs);
  // What succeeds in a batch is in its attempts and in the batch's own entry: a night would be a million entries.
  if (claimed.batch !== null && next.status === 'succeeded') return [];
  const action = next.status === 'retrying' ? 'attempt.failed' : (`invocation.${next.status}` as const);
  return [{ account: claimed.account, actor, action, subject: { type: 'invocation', id: claimed.id }, details }];
}
