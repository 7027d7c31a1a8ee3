import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeyAccounts } from '../contract/api-key.ts';
import { type EnqueuedInvocation, hasEnded, type Invocation, type InvocationBody } from '../contract/invocation.ts';
import type { Latest, LatestOf } from '../invocations/latest.ts';
import { type ResultBytes, sendResult } from './result-bytes.ts';

/** What the routes need of stored results. Every one of them throws `Refusal`. */
export type StoredResults = {
  /** The newest good result for an invocation's tokens; `null` if there is none. */
  find(accounts: KeyAccounts, of: LatestOf): Promise<Latest | null>;
  /** `null` if they were deleted meanwhile. */
  bytesOf(latest: Latest): Promise<ResultBytes | null>;
  /** For tokens that are query parameters. */
  byQuery(
    accounts: KeyAccounts,
    of: LatestOf & { tokens: Readonly<Record<string, string>> },
  ): Promise<ResultBytes & { ageSeconds: number }>;
  /** Does the integration's work wait, as far as is known without asking: is it paused, or held by Errand? */
  isHeld(integration: string): Promise<boolean>;
};

type Asked = { accounts: KeyAccounts; body: InvocationBody };

async function findFor(results: StoredResults, { accounts, body }: Asked): Promise<Latest | null> {
  if (body.fallback === undefined) return null;
  const { integration, command, tokens = {} } = body;
  return results.find(accounts, { integration, command, tokens });
}

/** What can stand in at once, because the invocation will not run soon. */
export async function fallbackNow(results: StoredResults, asked: Asked): Promise<Latest | null> {
  if (asked.body.fallback === undefined || !(await results.isHeld(asked.body.integration))) return null;
  return findFor(results, asked);
}

/** What stands in for an invocation that was waited for: it failed, or has not ended. `absent` is an answer, no outage. */
export async function fallbackAfter(
  results: StoredResults,
  asked: Asked,
  { status, error }: Invocation,
): Promise<Latest | null> {
  const without = !hasEnded(status) || (status === 'failed' && error?.code !== 'absent');
  return without ? findFor(results, asked) : null;
}

/** The stored bytes in place of the invocation's own; `null` if they were deleted meanwhile. */
export async function sendFallback(
  results: StoredResults,
  request: FastifyRequest,
  reply: FastifyReply,
  latest: Latest,
): Promise<FastifyReply | null> {
  const bytes = await results.bytesOf(latest);
  if (bytes === null) return null;
  markFallback(reply, latest);
  return sendResult(request, reply, bytes);
}

/** The invocation as it is, and beside it what stands in for its result. */
export function withFallback(reply: FastifyReply, invocation: Invocation, latest: Latest | null): EnqueuedInvocation {
  if (latest === null) return invocation;
  markFallback(reply, latest);
  const { invocation: of, at, contentType, size, sha256 } = latest;
  const fallback = { invocation: of, at: at.toISOString(), contentType, bytes: size, sha256: sha256.toString('hex') };
  return { ...invocation, fallback };
}

function markFallback(reply: FastifyReply, { ageSeconds }: Latest): void {
  reply.headers({ 'errand-fallback': 'stored', age: String(ageSeconds) });
}
