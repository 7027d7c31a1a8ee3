import type { AuditRecord } from '../audit/entry.ts';
import type { Actor } from '../contract/audit.ts';
import { type ErrorCode, errorCatalogue, type Failure } from '../contract/errors.ts';
import type { TokenValue } from '../contract/tokens.ts';
import type { CompiledCommand, Configuration, Configurations } from '../integrations/configuration.ts';
import type { Exchange } from '../judging/exchange.ts';
import { judge, type Verdict } from '../judging/judge.ts';
import type { Policy } from '../judging/policy.ts';
import { policyFor } from '../judging/policy.ts';
import { type RenderedRequest, renderRequest } from '../tokens/render.ts';
import { describeAttempt } from './attempt.ts';
import { sealedTokensContext } from './enqueue.ts';
import type { Claimed, Settled } from './invocation.ts';
import { errandValue, outgoingRequest, textOf } from './outgoing.ts';
import { settle } from './settle.ts';

export type SendOptions = { policy: Policy; maxBytes: number };

export type ExecuteDependencies = {
  configurations: Configurations;
  /** Exactly one exchange; never throws for what the server does. */
  send: (request: RenderedRequest, options: SendOptions) => Promise<Exchange>;
  unseal: (sealed: string, context: string) => string;
  createRedactor: (values: readonly string[]) => (text: string) => string;
  userAgent: string;
  worker: Actor;
  clock: {
    /** Milliseconds that only ever grow. */
    elapsed: () => number;
    random: () => number;
  };
};

/** What the pipeline knows when it comes to judging, whether a request went out or not. */
type Outcome = {
  command: CompiledCommand | null;
  configurationVersion: number;
  exchange: Exchange | null;
  verdict: Verdict;
  redact: (text: string) => string;
};

/**
 * One attempt of a claimed invocation: resolve, render, send, judge, settle. Recording what it answers is the caller's.
 * Times are the database's: the claim's moment plus what passed here since, so a worker with a wrong clock does no harm.
 */
export function createExecute(dependencies: ExecuteDependencies): (claimed: Claimed) => Promise<Settled> {
  const { clock } = dependencies;
  return async (claimed) => {
    const claimedAt = clock.elapsed();
    const now = () => claimed.claimedAt + clock.elapsed() - claimedAt;
    const outcome = await attempt(dependencies, claimed, now);
    const durationMs = clock.elapsed() - claimedAt;
    const { command, exchange, verdict } = outcome;
    const next = settle(verdict, {
      policy: command?.policy[claimed.lane] ?? policyFor(null, claimed.lane),
      tried: claimed.tried,
      requestSent: exchange !== null && (exchange.kind === 'answer' || exchange.requestSent),
      firstAttemptAt: claimed.firstAttemptAt,
      now: now(),
      random: clock.random(),
    });
    const described = describeAttempt({ ...outcome, claimed, durationMs });
    const settled = { claimed, attempt: described, next: redacted(next, outcome.redact) };
    return { ...settled, audit: auditOf(settled, dependencies.worker) };
  };
}

async function attempt(dependencies: ExecuteDependencies, claimed: Claimed, now: () => number): Promise<Outcome> {
  const configuration = await dependencies.configurations.get(claimed.integration, claimed.configurationVersion);
  const version = configuration?.version ?? claimed.configurationVersion;
  const failed = (code: ErrorCode, message: string, command: CompiledCommand | null = null): Outcome => ({
    command,
    configurationVersion: version,
    exchange: null,
    verdict: { outcome: 'permanent', failure: failureOf(code, message) },
    redact: configuration?.redact ?? ((text) => text),
  });
  const command = configuration?.commands.get(claimed.command);
  if (configuration === null || command === undefined) {
    return failed(
      'command-not-configured',
      `Integration "${claimed.integration}" has no command "${claimed.command}".`,
    );
  }
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
    const message = `The secret "${unreadable}" cannot be decrypted with the keys in ERRAND_SECRET_KEYS; save it again.`;
    return failed('secret-unreadable', message, command);
  }
  const rendered = renderRequest(command.request, valuesFor(configuration, claimed, sensitive));
  if (!rendered.ok) return failed(rendered.code, rendered.message, command);
  const redact = redactorFor(dependencies, configuration, sensitive);
  const request = outgoingRequest(rendered.request, {
    userAgent: dependencies.userAgent,
    invocation: claimed.id,
    attempt: claimed.attempt,
  });
  const exchange = await dependencies.send(request, {
    policy: command.policy[claimed.lane],
    maxBytes: command.accept.maxBytes,
  });
  const verdict = judge(exchange, command.accept, now());
  return { command, configurationVersion: version, exchange, verdict, redact };
}

function failureOf(code: ErrorCode, message: string): Failure {
  return { code, message, side: errorCatalogue[code].side };
}

function openSealed(dependencies: ExecuteDependencies, claimed: Claimed): Record<string, TokenValue> | null {
  if (claimed.sealedTokens === null) return {};
  try {
    return JSON.parse(dependencies.unseal(claimed.sealedTokens, sealedTokensContext(claimed.id)));
  } catch {
    return null;
  }
}

function redactorFor(
  dependencies: ExecuteDependencies,
  configuration: Configuration,
  sensitive: Record<string, TokenValue>,
) {
  const values = Object.values(sensitive).map(textOf);
  if (values.length === 0) return configuration.redact;
  const own = dependencies.createRedactor(values);
  return (text: string) => own(configuration.redact(text));
}

function valuesFor(configuration: Configuration, claimed: Claimed, sensitive: Record<string, TokenValue>) {
  return (name: string): TokenValue | undefined => {
    const secret = configuration.secrets.get(name);
    if (secret !== undefined && secret !== null) return secret;
    const variable = configuration.variables.get(name);
    if (variable !== undefined) return variable;
    if (Object.hasOwn(sensitive, name)) return sensitive[name];
    if (Object.hasOwn(claimed.tokens, name)) return claimed.tokens[name];
    return errandValue(name, claimed);
  };
}

function redacted(next: Settled['next'], redact: (text: string) => string): Settled['next'] {
  if (next.status === 'succeeded') return next;
  return { ...next, error: { ...next.error, message: redact(next.error.message) } };
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
  if (attempt.result !== null) details.bytes = attempt.result.bytes.byteLength;
  if (next.status !== 'succeeded') details.error = next.error;
  if (next.status === 'retrying') details.retryInMs = Math.round(next.delayMs);
  const action = next.status === 'retrying' ? 'attempt.failed' : (`invocation.${next.status}` as const);
  return [{ account: claimed.account, actor, action, subject: { type: 'invocation', id: claimed.id }, details }];
}
