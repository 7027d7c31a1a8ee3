import { createHash, randomUUID } from 'node:crypto';
import type { Invocations } from '../../../../src/api/routes/invocations.ts';
import { hasEnded, type Invocation } from '../../../../src/contract/invocation.ts';
import { Refusal } from '../../../../src/contract/problem.ts';

type Ending =
  | { bytes: Buffer; contentType: string | null }
  | { failure: NonNullable<Invocation['error']> }
  | 'cancelled';

/** Invocations in memory, which end when a test says so. */
export function fakeInvocations() {
  const kept = new Map<string, Invocation>();
  const results = new Map<string, { bytes: Buffer; contentType: string | null }>();
  const waiting = new Map<string, Set<() => void>>();
  const waits: { id: string; timeoutMs: number; aborted: boolean }[] = [];
  let onEnqueue: (id: string) => void = () => undefined;

  function present(id: string, accounts: '*' | readonly string[]): Invocation {
    const invocation = kept.get(id);
    if (invocation === undefined || (accounts !== '*' && !accounts.includes(invocation.account))) {
      throw new Refusal('not-found', `There is no invocation "${id}".`);
    }
    return invocation;
  }

  function end(id: string, ending: Ending): void {
    const invocation = present(id, '*');
    const finishedAt = new Date().toISOString();
    if (ending === 'cancelled') kept.set(id, { ...invocation, status: 'cancelled', finishedAt });
    else if ('failure' in ending) kept.set(id, { ...invocation, status: 'failed', error: ending.failure, finishedAt });
    else {
      const { bytes, contentType } = ending;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const result = { status: 200, contentType, bytes: bytes.byteLength, sha256, unchanged: false };
      results.set(id, ending);
      kept.set(id, { ...invocation, status: 'succeeded', result, finishedAt });
    }
    for (const resolve of waiting.get(id) ?? []) resolve();
  }

  const port: Invocations = {
    async enqueue({ accounts }, body) {
      const account = body.integration.startsWith('south') ? 'south' : 'north';
      if (accounts !== '*' && !accounts.includes(account)) {
        throw new Refusal('not-found', `There is no integration "${body.integration}".`);
      }
      const key = body.idempotencyKey ?? null;
      const existing = key === null ? undefined : [...kept.values()].find((each) => each.idempotencyKey === key);
      if (existing !== undefined) {
        if (JSON.stringify(existing.tokens) === JSON.stringify(body.tokens ?? {}))
          return { id: existing.id, created: false };
        throw new Refusal('conflict', 'The idempotency key was used with other tokens.');
      }
      const id = randomUUID();
      kept.set(id, {
        id,
        account,
        integration: body.integration,
        command: body.command,
        lane: body.lane,
        status: 'queued',
        tokens: body.tokens ?? {},
        reference: body.reference ?? null,
        idempotencyKey: key,
        batch: null,
        attempts: [],
        result: null,
        error: null,
        createdAt: new Date().toISOString(),
        nextAttemptAt: null,
        finishedAt: null,
      });
      onEnqueue(id);
      return { id, created: true };
    },
    get: async (accounts, id) => present(id, accounts),
    async list(accounts, filter, { limit }) {
      const items = [...kept.values()]
        .filter(({ account }) => accounts === '*' || accounts.includes(account))
        .filter(({ status }) => filter.status === undefined || filter.status === status);
      return { items: items.slice(0, limit), nextCursor: null };
    },
    async result(accounts, id) {
      const { command } = present(id, accounts);
      const result = results.get(id);
      if (result === undefined) throw new Refusal('not-found', `Invocation ${id} has no result.`);
      const sha256 = createHash('sha256').update(result.bytes).digest('hex');
      return { ...result, sha256, at: new Date('2026-03-01T02:00:00Z'), command, invocation: id };
    },
    async retry({ accounts }, id) {
      const invocation = present(id, accounts);
      if (!hasEnded(invocation.status)) throw new Refusal('conflict', `Invocation ${id} is ${invocation.status}.`);
      kept.set(id, { ...invocation, status: 'queued', result: null, error: null, finishedAt: null });
      onEnqueue(id);
    },
    async cancel({ accounts }, id) {
      if (hasEnded(present(id, accounts).status)) throw new Refusal('conflict', `Invocation ${id} has ended.`);
      end(id, 'cancelled');
    },
    async redrive({ accounts }, { dryRun }) {
      const failed = [...kept.values()].filter(
        ({ account, status }) => status === 'failed' && (accounts === '*' || accounts.includes(account)),
      );
      return { matched: failed.length, redriven: dryRun ? 0 : failed.length };
    },
    waitForEnd(id, timeoutMs, signal) {
      const wait = { id, timeoutMs, aborted: false };
      waits.push(wait);
      if (hasEnded(present(id, '*').status)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const ended = () => {
          clearTimeout(timer);
          resolve(true);
        };
        const timer = setTimeout(resolve, timeoutMs, false);
        waiting.set(id, (waiting.get(id) ?? new Set()).add(ended));
        signal.addEventListener('abort', () => {
          wait.aborted = true;
          clearTimeout(timer);
          resolve(false);
        });
      });
    },
  };

  return {
    port,
    waits,
    /** Called with each id that is enqueued. */
    whenEnqueued(listener: (id: string) => void) {
      onEnqueue = listener;
    },
    end,
  };
}
