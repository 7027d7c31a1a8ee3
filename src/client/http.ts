import type { ApiKey, KeyAccounts, Role } from '../contract/api-key.ts';
import type { AuditEntry, AuditFilter, AuditVerification, KeptSealQuery } from '../contract/audit.ts';
import type { Command, CommandBody } from '../contract/command.ts';
import type { CommandPreview, CommandTest, CommandTestBody } from '../contract/command-test.ts';
import type { CommandType, CommandTypeBody } from '../contract/command-type.ts';
import type { Integration, IntegrationBody, IntegrationPatch, Secret, SecretBody } from '../contract/integration.ts';
import {
  type EnqueuedInvocation,
  hasEnded,
  type Invocation,
  type InvocationBody,
  type InvocationFilter,
} from '../contract/invocation.ts';
import type { Page } from '../contract/paging.ts';
import { at, json, type ListQuery, newIdempotencyKey, withQuery } from './address.ts';
import { batchCalls, scheduleCalls } from './batches.ts';
import { WaitTimeout } from './errors.ts';
import { pause } from './pause.ts';
import { type Call, type CallOptions, createTransport, type Transport, type TransportOptions } from './transport.ts';

export { ApiError, ApiUnreachable } from './errors.ts';

export type HttpClientOptions = TransportOptions;

export type EnqueueOptions = CallOptions & {
  /** Waits up to so many seconds (at most 60) for the end of the invocation; the lane is then interactive by default. */
  waitSeconds?: number;
};

export type WaitOptions = CallOptions & {
  /** For how long to wait at most, in milliseconds. Default: until it has ended, however long that takes. */
  timeoutMs?: number;
  /** Called with the invocation as it is, each time it was looked up and has not ended. */
  onProgress?: (invocation: Invocation) => void;
  /** How long each request lets the API wait, in seconds: how often `onProgress` is called. Default 30, at most 60. */
  roundSeconds?: number;
};

/** The bytes of a result as they came. */
export type ResultBytes = { contentType: string | null; etag: string | null; bytes: Uint8Array<ArrayBuffer> };

export type IntegrationFilter = { account?: string; q?: string; status?: Integration['status'] };
export type NewKey = { role: Role; accounts: KeyAccounts; name?: string; expiresAt?: string };

export type HttpClient = ReturnType<typeof createHttpClient>;

/**
 * Errand's HTTP API, typed. Every call takes an AbortSignal, and rejects with `ApiError` if the API answers with a problem,
 * with `ApiUnreachable` if it does not answer (in time), and with the signal's reason if that aborts.
 *
 * `enqueue` and `enqueueBatch` give what has no idempotency key one, so that it can be sent again after a broken
 * connection or a 503 without running twice.
 */
export function createHttpClient(options: HttpClientOptions) {
  const transport = createTransport(options);
  return {
    ...invocationCalls(transport),
    ...batchCalls(transport),
    ...scheduleCalls(transport),
    ...configuringCalls(transport),
    ...adminCalls(transport),
  };
}

/** `Prefer: wait=N` (RFC 7240). */
function waiting(seconds: number): Pick<Call, 'headers' | 'waitMs'> {
  return { headers: { prefer: `wait=${seconds}` }, waitMs: seconds * 1000 };
}

function invocationCalls(transport: Transport) {
  const { send } = transport;
  return {
    /** Accepts an invocation: when this resolves, it is kept, and will end. */
    enqueue: (body: InvocationBody, { waitSeconds, signal }: EnqueueOptions = {}) => {
      const keyed = body.idempotencyKey === undefined && transport.retries > 0;
      const call = {
        body: keyed ? { ...body, idempotencyKey: newIdempotencyKey() } : body,
        repeatable: keyed || body.idempotencyKey !== undefined,
        signal,
      };
      const waits = waitSeconds === undefined ? {} : waiting(waitSeconds);
      return json<EnqueuedInvocation>(send('POST', at('invocations'), { ...call, ...waits }));
    },
    /**
     * The invocation when it has ended, whichever way: look at its `status` and `error`.
     *
     * @throws WaitTimeout if it has not ended after `timeoutMs`
     */
    wait: (id: string, waitOptions: WaitOptions = {}) => waitForEnd(transport, id, waitOptions),
    getInvocation: (id: string, call?: CallOptions) => json<Invocation>(send('GET', at('invocations', id), call)),
    listInvocations: (query: ListQuery<InvocationFilter> = {}, call?: CallOptions) =>
      json<Page<Invocation>>(send('GET', withQuery(at('invocations'), query), call)),
    /** @throws ApiError `not-found` while there are no bytes */
    result: async (id: string, call?: CallOptions): Promise<ResultBytes> => {
      const response = await send('GET', at('invocations', id, 'result'), call);
      const { headers } = response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { contentType: headers.get('content-type'), etag: headers.get('etag'), bytes };
    },
  };
}

const longestRoundSeconds = 60;
/** An API that shuts down answers at once, however long it was asked to wait. */
const leastRoundMs = 1_000;

async function waitForEnd({ send }: Transport, id: string, options: WaitOptions): Promise<Invocation> {
  const { timeoutMs = Number.POSITIVE_INFINITY, onProgress, roundSeconds = 30, signal } = options;
  const until = performance.now() + timeoutMs;
  for (;;) {
    const startedAt = performance.now();
    const seconds = Math.max(0, Math.min(roundSeconds, longestRoundSeconds, Math.floor((until - startedAt) / 1000)));
    const invocation = await json<Invocation>(send('GET', at('invocations', id), { ...waiting(seconds), signal }));
    if (hasEnded(invocation.status)) return invocation;
    onProgress?.(invocation);
    if (performance.now() >= until) throw new WaitTimeout(`Invocation ${id}`, timeoutMs, { invocation });
    const rest = Math.min(leastRoundMs, until - startedAt) - (performance.now() - startedAt);
    if (rest > 0) await pause(rest, signal);
  }
}

function configuringCalls({ send }: Transport) {
  const integration = (id: string, ...rest: string[]) => at('integrations', id, ...rest);
  const remove = async (path: string, call?: CallOptions) => void (await send('DELETE', path, call));
  return {
    listIntegrations: (query: ListQuery<IntegrationFilter> = {}, call?: CallOptions) =>
      json<Page<Integration>>(send('GET', withQuery(at('integrations'), query), call)),
    getIntegration: (id: string, call?: CallOptions) => json<Integration>(send('GET', integration(id), call)),
    putIntegration: (id: string, body: IntegrationBody, call?: CallOptions) =>
      json<Integration>(send('PUT', integration(id), { ...call, body })),
    patchIntegration: (id: string, body: IntegrationPatch, call?: CallOptions) =>
      json<Integration>(send('PATCH', integration(id), { ...call, body })),
    deleteIntegration: (id: string, call?: CallOptions) => remove(integration(id), call),
    listSecrets: (id: string, call?: CallOptions) => json<Page<Secret>>(send('GET', integration(id, 'secrets'), call)),
    /** @param options `allowedHosts`: where requests that use it may go; left out: anywhere, whatever it was before */
    putSecret: (
      id: string,
      name: string,
      value: string,
      { allowedHosts, ...call }: CallOptions & Omit<SecretBody, 'value'> = {},
    ) => {
      const body: SecretBody = { value, ...(allowedHosts === undefined ? {} : { allowedHosts }) };
      return json<Secret>(send('PUT', integration(id, 'secrets', name), { ...call, body }));
    },
    deleteSecret: (id: string, name: string, call?: CallOptions) => remove(integration(id, 'secrets', name), call),
    listCommands: (id: string, call?: CallOptions) =>
      json<Page<Command>>(send('GET', integration(id, 'commands'), call)),
    getCommand: (id: string, name: string, call?: CallOptions) =>
      json<Command>(send('GET', integration(id, 'commands', name), call)),
    putCommand: (id: string, name: string, body: CommandBody, call?: CallOptions) =>
      json<Command>(send('PUT', integration(id, 'commands', name), { ...call, body })),
    deleteCommand: (id: string, name: string, call?: CallOptions) => remove(integration(id, 'commands', name), call),
    /** The request as it would be sent, secrets masked; sends nothing. @throws ApiError `invalid` if it cannot be rendered */
    previewCommand: (id: string, name: string, body: CommandTestBody = {}, call?: CallOptions) =>
      json<CommandPreview>(send('POST', integration(id, 'commands', name, 'preview'), { ...call, body })),
    /** Sends once, and says how the answer would be judged; no invocation comes of it. */
    testCommand: (id: string, name: string, body: CommandTestBody = {}, call?: CallOptions) =>
      json<CommandTest>(send('POST', integration(id, 'commands', name, 'test'), { ...call, body })),
    listCommandTypes: (call?: CallOptions) => json<Page<CommandType>>(send('GET', at('command-types'), call)),
    putCommandType: (name: string, body: CommandTypeBody, call?: CallOptions) =>
      json<CommandType>(send('PUT', at('command-types', name), { ...call, body })),
  };
}

/** A large log takes minutes to read; longer than this `fetch` waits for no answer. */
const verifyingMs = 290_000;

function adminCalls({ send, open }: Transport) {
  return {
    listAudit: (query: ListQuery<AuditFilter> = {}, call?: CallOptions) =>
      json<Page<AuditEntry>>(send('GET', withQuery(at('audit'), query), call)),
    /** Reads the whole audit log; with a seal that was kept elsewhere it also finds out if the log was cut off. Sent once. */
    verifyAudit: (kept: KeptSealQuery = {}, call?: CallOptions) => {
      const path = withQuery(at('audit', 'verify'), kept);
      return json<AuditVerification>(send('GET', path, { ...call, waitMs: verifyingMs, repeatable: false }));
    },
    /** Every entry that fits, one JSON object a line, newest first, as bytes that come while they are read. */
    exportAudit: async (query: AuditFilter = {}, call?: CallOptions): Promise<ReadableStream<Uint8Array>> => {
      const headers = { accept: 'application/x-ndjson' };
      const { body } = await open(withQuery(at('audit'), query), { ...call, headers });
      if (body === null) throw new Error('the answer has no body');
      return body;
    },
    /** The key itself is in this answer only. */
    createKey: (body: NewKey, call?: CallOptions) =>
      json<ApiKey & { key: string }>(send('POST', at('keys'), { ...call, body })),
    listKeys: (query: ListQuery = {}, call?: CallOptions) =>
      json<Page<ApiKey>>(send('GET', withQuery(at('keys'), query), call)),
    revokeKey: async (id: string, call?: CallOptions) => void (await send('DELETE', at('keys', id), call)),
  };
}
