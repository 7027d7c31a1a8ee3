import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Side } from '../contract/error-catalogue.ts';
import type { InvocationStatus } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import { Refusal } from '../contract/problem.ts';
import type { Redrive, RedriveBody } from '../contract/redrive.ts';
import type { Principal } from './enqueue.ts';

/** Which ended invocations are meant. All of them are named, `null` where anything will do. */
export type RedriveFilter = {
  accounts: KeyAccounts;
  statuses: readonly InvocationStatus[];
  integration: string | null;
  command: string | null;
  codes: readonly string[] | null;
  side: Side | null;
  ids: readonly string[] | null;
  batch: string | null;
  run: string | null;
  /** Of their creation: `since` included, `until` not. */
  since: Date | null;
  until: Date;
};

/** An entry for each account that rows were moved in; the count is added to `details`. */
export type RedriveAudit = Omit<AuditRecord, 'account'>;

/** `last`: the largest id that was looked at; `null`: none is left. */
export type RedriveStep = { count: number; last: string | null };

export type RedriveDependencies = {
  /** Are this batch and a batch of this run there, within the accounts? `null` is not asked for, so it is. */
  knows: (filter: Pick<RedriveFilter, 'accounts' | 'batch' | 'run'>) => Promise<{ batch: boolean; run: boolean }>;
  /** Opens up to `limit` of them again, in the order of their ids after `after`, with the audit entries. */
  step: (filter: RedriveFilter, after: string | null, limit: number, audit: RedriveAudit) => Promise<RedriveStep>;
  count: (filter: RedriveFilter, after: string | null, limit: number) => Promise<RedriveStep>;
  /** Rings for the lane's due rows; the sweep rings for what is left. */
  ringDue: (lane: Lane) => Promise<unknown>;
  newId: () => string;
  now: () => number;
};

/** Rows of one statement: short enough that nobody waits long for their locks. */
const perStep = 500;
const perCount = 10_000;
/** Ids are made by clocks of several machines. What comes later than this is not looked at, so that it ends. */
const clockRoomMs = 60_000;

/**
 * Retries many invocations at once, as `createRetry` does each: those that ended `failed`, and `cancelled` ones only if
 * their ids or the code `cancelled` are given. In steps: if one fails, what was redriven until then stays so.
 *
 * @throws Refusal `not-found`: the batch or run is not there, which is a slip, and not the same as one without failures.
 */
export function createRedrive(dependencies: RedriveDependencies) {
  const { newId, now } = dependencies;
  return async ({ actor, accounts }: Principal, { dryRun = false, ...body }: RedriveBody): Promise<Redrive> => {
    const filter = filterOf(accounts, body, now());
    await requireKnown(dependencies, filter);
    if (dryRun) {
      const matched = await walk((after) => dependencies.count(filter, after, perCount));
      return { matched, redriven: 0 };
    }
    const subject = { type: 'redrive', id: newId() };
    const audit: RedriveAudit = { actor, action: 'invocations.redriven', subject, details: { filter: body } };
    const redriven = await walk((after) => dependencies.step(filter, after, perStep, audit));
    if (redriven > 0) await Promise.allSettled([dependencies.ringDue('interactive'), dependencies.ringDue('batch')]);
    return { matched: redriven, redriven };
  };
}

async function requireKnown({ knows }: Pick<RedriveDependencies, 'knows'>, filter: RedriveFilter): Promise<void> {
  const { batch, run } = filter;
  if (batch === null && run === null) return;
  const known = await knows(filter);
  if (!known.batch) throw new Refusal('not-found', `There is no batch "${batch}".`);
  if (!known.run) throw new Refusal('not-found', `There is no run "${run}".`);
}

async function walk(step: (after: string | null) => Promise<RedriveStep>): Promise<number> {
  let total = 0;
  let after: string | null = null;
  do {
    const { count, last } = await step(after);
    total += count;
    after = last;
  } while (after !== null);
  return total;
}

function filterOf(accounts: KeyAccounts, body: Omit<RedriveBody, 'dryRun'>, now: number): RedriveFilter {
  const { integration, command, codes, side, ids, since, until, batch, run } = body;
  const cancelledToo = ids !== undefined || codes?.includes('cancelled');
  return {
    accounts,
    statuses: cancelledToo ? ['failed', 'cancelled'] : ['failed'],
    integration: integration ?? null,
    command: command ?? null,
    codes: codes ?? null,
    side: side ?? null,
    ids: ids ?? null,
    batch: batch ?? null,
    run: run ?? null,
    since: since === undefined ? null : new Date(since),
    until: until === undefined ? new Date(now + clockRoomMs) : new Date(until),
  };
}
