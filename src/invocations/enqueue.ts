import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { InvocationBody } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import { Refusal } from '../contract/problem.ts';
import type { CompiledCommand, Configuration, Configurations } from '../integrations/configuration.ts';
import type { CheckReceiver } from '../notifications/receiver.ts';
import type { Doorbell, Enqueued, NewInvocation } from './invocation.ts';
import { prepareTokens, requireCommand, type TokenSealer } from './prepare.ts';
import type { SourceValues } from './source.ts';

/** Who asks, and for which accounts. */
export type Principal = { actor: Actor; accounts: KeyAccounts };

export type EnqueueRequest = InvocationBody & {
  lane: Lane;
  /** For a page of a schedule's source. */
  source?: SourceValues;
  /** The W3C Trace Context that it comes in. */
  traceparent?: string;
};

export type EnqueueDependencies = {
  configurations: Configurations;
  checkReceiver: CheckReceiver;
  /** Commits the row with its audit entry; many share one commit. */
  insert: (invocation: NewInvocation) => Promise<Enqueued>;
  /** Adds the job; never rejects: a row that nobody rang for is found by the sweep. */
  ring: (lane: Lane, doorbell: Doorbell) => Promise<void>;
  /** Takes back that the row is marked as rung for: its integration is paused or held, so it waits. Never rejects. */
  hold: (id: string) => Promise<void>;
  /** A row of the lane falls due in so many milliseconds. */
  dueIn: (lane: Lane, delayMs: number) => void;
  sealer: TokenSealer;
  newId: () => string;
  now: () => number;
};

export type Enqueue = (
  principal: Principal,
  request: EnqueueRequest,
  job?: NewInvocation['job'],
) => Promise<{ id: string; created: boolean }>;

/** `waits`: its integration is paused or held, so nobody rings for it. */
type Prepared = { invocation: NewInvocation; waits: boolean };

/**
 * Checks an invocation against its command, commits it, then rings for it. The answer does not depend on the queue: once
 * this resolves the invocation is kept (contract §7).
 *
 * @throws Refusal `not-found`, `invalid` (with the paths of what is at fault) or `conflict` (the key is in use with
 * other tokens).
 */
export function createEnqueue(dependencies: EnqueueDependencies): Enqueue {
  const { configurations } = dependencies;

  return async (principal, request, job = null) => {
    await dependencies.checkReceiver(request.callbackUrl, 'callbackUrl');
    const prepared = await byCurrent(configurations, request.integration, (configuration): Prepared => {
      const invocation = compose(dependencies, configuration, principal, request, job);
      const held = configuration?.status === 'paused' || (configuration !== null && configuration.hold !== null);
      return { invocation, waits: request.lane === 'batch' && held };
    });
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

/** Decides by the configuration; refuses only by what is configured now: the cache may be a moment behind a change. */
export async function byCurrent<Decision>(
  configurations: Configurations,
  integration: string,
  decide: (configuration: Configuration | null) => Decision,
): Promise<Decision> {
  try {
    return decide(await configurations.get(integration));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    configurations.forget(integration);
    return decide(await configurations.get(integration));
  }
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
  found: Configuration | null,
  principal: Principal,
  request: EnqueueRequest,
  job: NewInvocation['job'],
): NewInvocation {
  const usable = requireCommand(found, principal.accounts, request);
  const { command } = usable;
  const id = dependencies.newId();
  const { tokens, sealedTokens, fingerprint, keyFingerprint } = prepareTokens(
    dependencies.sealer,
    usable,
    id,
    request.tokens ?? {},
    request.source,
  );
  const idempotencyKey = request.idempotencyKey ?? null;
  const runAt = request.runAt === undefined ? null : Date.parse(request.runAt);
  return {
    id,
    account: usable.configuration.account,
    integration: usable.configuration.integration,
    command: command.name,
    lane: request.lane,
    tokens,
    sealedTokens,
    fingerprint,
    reference: request.reference ?? null,
    idempotencyKey,
    keyFingerprint: idempotencyKey === null ? null : keyFingerprint(),
    configurationVersion: usable.configuration.version,
    runAt,
    callbackUrl: request.callbackUrl ?? null,
    traceparent: request.traceparent ?? null,
    job,
    audit: accepted(usable.configuration, command, principal.actor, id, request),
  };
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
