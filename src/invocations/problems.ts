import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { ErrorCode, Side } from '../contract/errors.ts';
import { Refusal } from '../contract/problem.ts';
import type { AcknowledgeBody, ProblemGroup, ProblemGroupQuery } from '../contract/problem-group.ts';
import type { Principal } from './enqueue.ts';

/** What fails in the same way is one problem. */
export type ProblemKey = { integration: string; command: string; code: ErrorCode };

/** The problems that are meant: all of an integration, or one of them. `null` where anything will do. */
export type ProblemFilter = {
  account: string | null;
  integration: string | null;
  kind: Omit<ProblemKey, 'integration'> | null;
  /** Of invocations created since then. */
  since: Date | null;
};

/** A problem as it is found in the invocations; of one key there is one for each side. */
export type StoredProblem = ProblemKey & {
  account: string;
  side: Side;
  message: string;
  failed: number;
  retrying: number;
  /** There are more than were counted. */
  limited: boolean;
  since: Date;
  lastAt: Date;
  sample: string;
  held: boolean;
  /** When one of them was created or failed for good last. */
  changedAt: Date;
  acknowledged: { at: Date; by: Actor; note: string | null } | null;
};

export type AcknowledgedBy = { actor: Actor; note: string | null; upTo: string | null };

export type ProblemsDependencies = {
  store: {
    /** Those that have something newest first, as many as are worth looking at. */
    find(accounts: KeyAccounts, filter: ProblemFilter): Promise<StoredProblem[]>;
    /** `upTo`: the newest invocation that was seen; what is newer has not been. */
    acknowledge(key: ProblemKey, by: AcknowledgedBy, audit: AuditRecord): Promise<void>;
    /** Leaves an audit entry only if it was acknowledged. */
    unacknowledge(key: ProblemKey, audit: AuditRecord): Promise<void>;
  };
  /** Masks the integration's secrets in what a person wrote. */
  redactorOf: (integration: string) => Promise<(text: string) => string>;
  now: () => number;
};

export type Problems = ReturnType<typeof createProblems>;

const dayMs = 86_400_000;
/** What failed before that is past mending, or is seen by the batch it belongs to. */
const defaultSinceMs = 7 * dayMs;

/**
 * What is wrong now: invocations that have failed and were not retried, or are being retried, once for each integration,
 * command, code and side. What is absent is no problem, and what was cancelled is none any more.
 */
export function createProblems({ store, redactorOf, now }: ProblemsDependencies) {
  const recent = () => new Date(now() - defaultSinceMs);

  /** It may have been listed with an earlier `since`. @throws Refusal `not-found` */
  async function require(accounts: KeyAccounts, { integration, ...kind }: ProblemKey): Promise<StoredProblem> {
    for (const since of [recent(), null]) {
      const [found] = await store.find(accounts, { account: null, integration, kind, since });
      if (found !== undefined) return found;
    }
    const { command, code } = kind;
    throw new Refusal('not-found', `Nothing of "${integration}" fails with ${code} in ${command} now.`);
  }

  return {
    /** What nobody has acknowledged first, then what concerns most. */
    async list(accounts: KeyAccounts, query: ProblemGroupQuery): Promise<{ items: ProblemGroup[] }> {
      const { account = null, integration = null } = query;
      const since = query.since === undefined ? recent() : new Date(query.since);
      const found = await store.find(accounts, { account, integration, kind: null, since });
      return { items: found.map(present).sort(worstFirst) };
    },

    /** Notes that a person has seen it, or takes that back. @throws Refusal `not-found` */
    async acknowledge({ actor, accounts }: Principal, body: AcknowledgeBody): Promise<ProblemGroup> {
      const { acknowledged = true, note = null, sample = null, ...key } = body;
      const problem = await require(accounts, key);
      const about = {
        account: problem.account,
        actor,
        subject: { type: 'problem', id: `${key.integration}/${key.command}/${key.code}` },
      };
      if (acknowledged) {
        const kept = note === null ? null : (await redactorOf(key.integration))(note);
        const details = { note: kept, failed: problem.failed, retrying: problem.retrying };
        await store.acknowledge(
          key,
          { actor, note: kept, upTo: sample },
          { ...about, action: 'problem.acknowledged', details },
        );
      } else {
        await store.unacknowledge(key, { ...about, action: 'problem.unacknowledged', details: {} });
      }
      return present(await require(accounts, key));
    },
  };
}

function worstFirst(one: ProblemGroup, other: ProblemGroup): number {
  const seen = Number(one.acknowledged !== null) - Number(other.acknowledged !== null);
  if (seen !== 0) return seen;
  const more = other.failed + other.retrying - (one.failed + one.retrying);
  return more === 0 ? Date.parse(other.lastAt) - Date.parse(one.lastAt) : more;
}

function present({ account: _, changedAt, acknowledged, ...problem }: StoredProblem): ProblemGroup {
  // Whoever acknowledged it did not see what has come since.
  const holds = acknowledged !== null && acknowledged.at >= changedAt;
  return {
    ...problem,
    since: problem.since.toISOString(),
    lastAt: problem.lastAt.toISOString(),
    acknowledged: holds ? { ...acknowledged, at: acknowledged.at.toISOString() } : null,
  };
}
