import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { KeyAccounts } from '../../contract/api-key.ts';
import type { Actor } from '../../contract/audit.ts';
import {
  enqueuedSchema,
  hasEnded,
  type Invocation,
  type InvocationBody,
  type InvocationFilter,
  invocationBodySchema,
  invocationFilterSchema,
  invocationSchema,
} from '../../contract/invocation.ts';
import type { Lane } from '../../contract/lane.ts';
import { type Page, type PageQuery, pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { Redrive, RedriveBody } from '../../contract/redrive.ts';
import { acceptsJson } from '../accept-header.ts';
import { type Api, principalOf } from '../instance.ts';
import { maxWaitSeconds, preferredWait } from '../prefer.ts';
import { ProblemError } from '../problems.ts';
import { type ResultBytes, resultContent, sendResult } from '../result-bytes.ts';
import { fallbackAfter, fallbackNow, type StoredResults, sendFallback, withFallback } from '../stored-results.ts';
import type { WhileConnected } from '../waiting.ts';

/** What the routes need of invocations/. Every one of them throws `Refusal`. */
export type Invocations = {
  enqueue(
    principal: { actor: Actor; accounts: KeyAccounts },
    body: InvocationBody & { lane: Lane; traceparent?: string },
  ): Promise<{ id: string; created: boolean }>;
  get(accounts: KeyAccounts, id: string): Promise<Invocation>;
  list(accounts: KeyAccounts, filter: InvocationFilter, page: PageQuery): Promise<Page<Invocation>>;
  result(accounts: KeyAccounts, id: string): Promise<ResultBytes>;
  retry(principal: { actor: Actor; accounts: KeyAccounts }, id: string): Promise<void>;
  cancel(principal: { actor: Actor; accounts: KeyAccounts }, id: string): Promise<void>;
  redrive(principal: { actor: Actor; accounts: KeyAccounts }, body: RedriveBody): Promise<Redrive>;
  /** Resolves when the invocation has ended, or false after `timeoutMs`, or when the signal aborts. */
  waitForEnd(id: string, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
};

export type InvocationDependencies = {
  invocations: Invocations;
  results: StoredResults;
  whileConnected: WhileConnected;
};

const tags = ['invocations'];
export const idParams = z.strictObject({ id: z.string() });
/** Read with `preferredWait`, not from here: this tells OpenAPI of it. */
export const waitHeaders = z.looseObject({
  prefer: z.string().optional().describe('`wait=N` (RFC 7240): waits up to N seconds, at most 60, for the end.'),
});
const listQuery = z.strictObject({ ...invocationFilterSchema.shape, ...pageQuerySchema.shape });

/** Waits for the end if asked to, for as long as the client is there, and answers how it stands then. */
export async function settleFor(
  { invocations, whileConnected }: Pick<InvocationDependencies, 'invocations' | 'whileConnected'>,
  reply: FastifyReply,
  { accounts, id, seconds }: { accounts: KeyAccounts; id: string; seconds: number },
): Promise<Invocation> {
  if (seconds > 0) await whileConnected(reply, (signal) => invocations.waitForEnd(id, seconds * 1000, signal));
  return invocations.get(accounts, id);
}

/** An invocation whose bytes were asked for has ended without any. */
function endedWithout({ id, status, error }: Invocation): ProblemError {
  const members = { invocation: id, ...(error === null ? {} : { error }) };
  if (status === 'cancelled') {
    return new ProblemError('invocation-cancelled', error?.message ?? 'The invocation was cancelled.', { members });
  }
  return new ProblemError('invocation-failed', error?.message ?? 'The invocation failed.', { members });
}

export function applyPreference(reply: FastifyReply, seconds: number | null): void {
  if (seconds !== null) reply.header('preference-applied', `wait=${seconds}`);
}

async function enqueue(
  dependencies: InvocationDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  body: InvocationBody,
): Promise<FastifyReply> {
  const { actor, accounts } = principalOf(request);
  const wantsBytes = !acceptsJson(request.headers.accept);
  const preferred = preferredWait(request.headers.prefer);
  // Bytes cannot be had without waiting for them.
  const seconds = preferred ?? (wantsBytes ? maxWaitSeconds : null);
  const lane = body.lane ?? (seconds === null ? 'batch' : 'interactive');
  const { traceparent } = request.headers;
  const traced = typeof traceparent === 'string' ? { traceparent } : {};
  const asking = { ...body, lane, ...traced };
  const { id, created } = await dependencies.invocations.enqueue({ actor, accounts }, asking);
  // From here on it is kept: whatever happens now, the client is told where.
  reply.header('location', `/v1/invocations/${id}`);
  applyPreference(reply, preferred);
  const { results } = dependencies;
  const asked = { accounts, body };
  const atOnce = await fallbackNow(results, asked);
  const waited = atOnce === null ? (seconds ?? 0) : 0;
  const invocation = await settleFor(dependencies, reply, { accounts, id, seconds: waited });
  const ended = hasEnded(invocation.status);
  const stored = atOnce ?? (seconds === null ? null : await fallbackAfter(results, asked, invocation));
  if (wantsBytes && stored !== null && (await sendFallback(results, request, reply, stored)) !== null) return reply;
  if (wantsBytes && ended) {
    if (invocation.status !== 'succeeded') throw endedWithout(invocation);
    return sendResult(request, reply, await dependencies.invocations.result(accounts, id));
  }
  const complete = seconds === null ? !created : ended;
  return reply.code(complete ? 200 : 202).send(withFallback(reply, invocation, stored));
}

/** Invocations: the one thing that producers come for. */
export function invocationRoutes(app: Api, dependencies: InvocationDependencies): void {
  enqueueRoute(app, dependencies);
  readRoutes(app, dependencies);
  resultRoute(app, dependencies);
}

const read = { permission: 'invocations.read' } as const;

function enqueueRoute(app: Api, dependencies: InvocationDependencies): void {
  app.post(
    '/v1/invocations',
    {
      config: { permission: 'invocations.enqueue' },
      schema: {
        summary: 'Use a command',
        description:
          'Once this is answered the invocation is kept. `Prefer: wait=N` (N up to 60 seconds) waits for its end; an ' +
          "`Accept` that takes no JSON is answered with the result's bytes. Where the stored result stands in " +
          '(`fallback`), the answer has `Errand-Fallback: stored` and its `Age` in seconds.',
        tags,
        headers: waitHeaders,
        body: invocationBodySchema,
        response: { 200: enqueuedSchema, 202: enqueuedSchema },
      },
    },
    async (request, reply) => {
      await enqueue(dependencies, request as FastifyRequest, reply as FastifyReply, request.body);
      return reply;
    },
  );
}

function readRoutes(app: Api, dependencies: InvocationDependencies): void {
  const { invocations } = dependencies;
  app.get(
    '/v1/invocations',
    {
      config: read,
      schema: {
        summary: 'Invocations, newest first',
        tags,
        querystring: listQuery,
        response: { 200: pageSchema(invocationSchema) },
      },
    },
    (request) => {
      const { limit, cursor, ...filter } = request.query;
      return invocations.list(principalOf(request).accounts, filter, { limit, cursor });
    },
  );

  app.get(
    '/v1/invocations/:id',
    {
      config: read,
      schema: {
        summary: 'An invocation with its attempts; `Prefer: wait=N` waits for its end',
        tags,
        headers: waitHeaders,
        params: idParams,
        response: { 200: invocationSchema },
      },
    },
    async (request, reply) => {
      const { accounts } = principalOf(request);
      const { id } = request.params;
      const seconds = preferredWait(request.headers.prefer);
      const invocation = await invocations.get(accounts, id);
      applyPreference(reply as FastifyReply, seconds);
      if (seconds === null || hasEnded(invocation.status)) return invocation;
      return settleFor(dependencies, reply as FastifyReply, { accounts, id, seconds });
    },
  );
}

function resultRoute(app: Api, { invocations }: InvocationDependencies): void {
  app.get(
    '/v1/invocations/:id/result',
    {
      config: read,
      schema: {
        summary: 'The bytes of the result, as they came',
        tags,
        params: idParams,
        response: { 200: resultContent },
      },
    },
    async (request, reply) => {
      const result = await invocations.result(principalOf(request).accounts, request.params.id);
      return sendResult(request as FastifyRequest, reply as FastifyReply, result);
    },
  );
}
