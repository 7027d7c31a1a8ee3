import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { InvocationBody } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import type { Tokens, TokenValue } from '../contract/tokens.ts';
import type { CompiledCommand, Configuration, Configurations } from '../integrations/configuration.ts';
import { missingTokens } from '../tokens/compile.ts';
import { resolveTokens, sensitiveNames } from '../tokens/names.ts';
import type { Doorbell, Enqueued, NewInvocation } from './invocation.ts';

/** Who asks, and for which accounts. */
export type Principal = { actor: Actor; accounts: KeyAccounts };

export type EnqueueRequest = InvocationBody & { lane: Lane };

export type EnqueueDependencies = {
  configurations: Configurations;
  /** Commits the row with its audit entry; many share one commit. */
  insert: (invocation: NewInvocation) => Promise<Enqueued>;
  /** Adds the job; never rejects: a row that nobody rang for is found by the sweep. */
  ring: (lane: Lane, doorbell: Doorbell) => Promise<void>;
  /** Takes back that the row is marked as rung for: its integration is paused, so it waits. Never rejects. */
  hold: (id: string) => Promise<void>;
  /** A row of the lane falls due in so many milliseconds. */
  dueIn: (lane: Lane, delayMs: number) => void;
  sealer: {
    seal(plaintext: string, context: string): string;
    fingerprint(integration: string, command: string, tokens: Tokens): Buffer;
  };
  newId: () => string;
  now: () => number;
};

export type Enqueue = (
  principal: Principal,
  request: EnqueueRequest,
  job?: NewInvocation['job'],
) => Promise<{ id: string; created: boolean }>;

/** `waits`: its integration is paused, so nobody rings for it. */
type Prepared = { invocation: NewInvocation; waits: boolean };

/** Names the row and field that sealed tokens belong to, so that they open nowhere else. */
export function sealedTokensContext(invocation: string): string {
  return `invocations/${invocation}/tokens`;
}

/**
 * Checks an invocation against its command, commits it, then rings for it. The answer does not depend on the queue: once
 * this resolves the invocation is kept (contract §7).
 *
 * @throws Refusal `not-found`, `invalid` (with the paths of the tokens at fault) or `conflict` (the key is in use with
 * other tokens).
 */
export function createEnqueue(dependencies: EnqueueDependencies): Enqueue {
  const { configurations } = dependencies;

  async function prepare(principal: Principal, request: EnqueueRequest, job: NewInvocation['job']): Promise<Prepared> {
    const configuration = await configurations.get(request.integration);
    const invocation = compose(dependencies, configuration, principal, request, job);
    return { invocation, waits: request.lane === 'batch' && configuration?.status === 'paused' };
  }

  return async (principal, request, job = null) => {
    let prepared: Prepared;
    try {
      prepared = await prepare(principal, request, job);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The cache may be a moment behind a change made elsewhere: refuse only by what is configured now.
      configurations.forget(request.integration);
      prepared = await prepare(principal, request, job);
    }
    const enqueued = await dependencies.insert(prepared.invocation);
    switch (enqueued.outcome) {
      case 'created':
        await announce(dependencies, prepared);
        return { id: enqueued.id, created: true };
      case 'existing':
        return { id: enqueued.id, created: false };
      case 'key-conflict':
        throw new Refusal(
          'conflict',
          `The idempotency key was used within the last 24 hours with other tokens, for invocation ${enqueued.id}. ` +
            'Use a new key, or the same tokens.',
        );
      default:
        return enqueued satisfies never;
    }
  };
}

async function announce(dependencies: EnqueueDependencies, { invocation, waits }: Prepared): Promise<void> {
  const { id, lane, integration, runAt } = invocation;
  if (runAt !== null) dependencies.dueIn(lane, Math.max(0, runAt - dependencies.now()));
  else if (invocation.job !== null) return;
  else if (waits) await dependencies.hold(id);
  else await dependencies.ring(lane, { invocation: id, integration, generation: 1 });
}

function compose(
  dependencies: EnqueueDependencies,
  configuration: Configuration | null,
  principal: Principal,
  request: EnqueueRequest,
  job: NewInvocation['job'],
): NewInvocation {
  const { accounts } = principal;
  if (configuration === null || (accounts !== '*' && !accounts.includes(configuration.account))) {
    throw new Refusal('not-found', `There is no integration "${request.integration}".`);
  }
  const command = configuration.commands.get(request.command);
  if (command === undefined) throw notConfigured(configuration, request.command);
  const tokens = checkTokens(configuration, command, request.tokens ?? {});
  const { open, sealed } = splitSensitive(command, tokens);
  const id = dependencies.newId();
  const runAt = request.runAt === undefined ? null : Date.parse(request.runAt);
  return {
    id,
    account: configuration.account,
    integration: configuration.integration,
    command: command.name,
    lane: request.lane,
    tokens: open,
    sealedTokens: sealed === null ? null : dependencies.sealer.seal(JSON.stringify(sealed), sealedTokensContext(id)),
    fingerprint: dependencies.sealer.fingerprint(configuration.integration, command.name, Object.fromEntries(tokens)),
    reference: request.reference ?? null,
    idempotencyKey: request.idempotencyKey ?? null,
    configurationVersion: configuration.version,
    runAt,
    job,
    audit: accepted(configuration, command, principal.actor, id, request),
  };
}

function notConfigured(configuration: Configuration, command: string): Refusal {
  const broken = configuration.broken.get(command);
  if (broken !== undefined) {
    return new Refusal(
      'conflict',
      `Command "${command}" does not fit its command type any more; save it again.`,
      broken,
    );
  }
  const names = [...configuration.commands.keys()];
  const has = names.length === 0 ? 'it has none yet' : `it has ${names.map((name) => `"${name}"`).join(', ')}`;
  return new Refusal('not-found', `Integration "${configuration.integration}" has no command "${command}"; ${has}.`);
}

function checkTokens(configuration: Configuration, command: CompiledCommand, given: Tokens): Map<string, TokenValue> {
  const resolved = resolveTokens(command.type.tokens, given, {
    reserved: [...configuration.variables.keys(), ...configuration.secrets.keys()],
  });
  const prefixed = (errors: readonly FieldError[]) =>
    errors.map(({ path, message }) => ({ path: path === '' ? 'tokens' : `tokens.${path}`, message }));
  if (!resolved.ok) throw new Refusal('invalid', 'The tokens do not fit the command.', prefixed(resolved.errors));
  const { values } = resolved;
  const has = (name: string) =>
    values.has(name) || configuration.variables.has(name) || configuration.secrets.has(name);
  const missing = missingTokens(command.request, has);
  if (missing.length > 0) {
    const errors = missing.map((name) => ({
      path: `tokens.${name}`,
      message: `is needed: version ${command.version} of ${command.name} uses {{${name}}}`,
    }));
    throw new Refusal('invalid', 'A token that the command uses has no value.', errors);
  }
  return values;
}

/** Sensitive values are kept apart, sealed; a record with no prototype, since `__proto__` could be a name in it. */
function splitSensitive(command: CompiledCommand, tokens: Map<string, TokenValue>) {
  const sensitive = sensitiveNames(command.type.tokens);
  const open: Record<string, TokenValue> = {};
  const sealed: Record<string, TokenValue> = {};
  for (const [name, value] of tokens) (sensitive.has(name) ? sealed : open)[name] = value;
  return { open, sealed: Object.keys(sealed).length === 0 ? null : sealed };
}

function accepted(
  configuration: Configuration,
  command: CompiledCommand,
  actor: Actor,
  id: string,
  request: EnqueueRequest,
): AuditRecord {
  const details: Record<string, unknown> = {
    integration: configuration.integration,
    command: command.name,
    lane: request.lane,
  };
  if (request.reference !== undefined) details.reference = request.reference;
  if (request.runAt !== undefined) details.runAt = request.runAt;
  return {
    account: configuration.account,
    actor,
    action: 'invocation.accepted',
    subject: { type: 'invocation', id },
    details,
  };
}
