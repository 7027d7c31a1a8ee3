import type { ApiKey, KeyAccounts, Role } from '../contract/api-key.ts';
import type { AuditEntry, AuditFilter } from '../contract/audit.ts';
import type { Command, CommandBody } from '../contract/command.ts';
import type { CommandType, CommandTypeBody } from '../contract/command-type.ts';
import type { Integration, IntegrationBody, IntegrationPatch, Secret } from '../contract/integration.ts';
import { hasEnded, type Invocation, type InvocationBody, type InvocationFilter } from '../contract/invocation.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
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

/** `?limit` and `?cursor` of a list, with its filters. */
export type ListQuery<Filter = object> = Filter & Partial<PageQuery>;

export type IntegrationFilter = { account?: string; q?: string; status?: Integration['status'] };
export type NewKey = { role: Role; accounts: KeyAccounts; name?: string; expiresAt?: string };

export type HttpClient = ReturnType<typeof createHttpClient>;

/**
 * Errand's HTTP API, typed. Every call takes an AbortSignal, and rejects with `ApiError` if the API answers with a problem,
 * with `ApiUnreachable` if it does not answer (in time), and with the signal's reason if that aborts.
 *
 * `enqueue` gives an invocation an idempotency key where it has none, so that it can be sent again after a broken
 * connection or a 503 without running twice.
 */
export function createHttpClient(options: HttpClientOptions) {
  const transport = createTransport(options);
  return { ...invocationCalls(transport), ...configuringCalls(transport), ...adminCalls(transport) };
}

const at = (...segments: string[]) => `/v1/${segments.map(encodeURIComponent).join('/')}`;

async function json<Answer>(response: Promise<Response>): Promise<Answer> {
  return (await (await response).json()) as Answer;
}

function listed(path: string, query: ListQuery): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? path : `${path}?${parameters}`;
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
      return json<Invocation>(send('POST', at('invocations'), { ...call, ...waits }));
    },
    /**
     * The invocation when it has ended, whichever way: look at its `status` and `error`.
     *
     * @throws WaitTimeout if it has not ended after `timeoutMs`
     */
    wait: (id: string, waitOptions: WaitOptions = {}) => waitForEnd(transport, id, waitOptions),
    getInvocation: (id: string, call?: CallOptions) => json<Invocation>(send('GET', at('invocations', id), call)),
    listInvocations: (query: ListQuery<InvocationFilter> = {}, call?: CallOptions) =>
      json<Page<Invocation>>(send('GET', listed(at('invocations'), query), call)),
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
    if (performance.now() >= until) throw new WaitTimeout(`Invocation ${id}`, timeoutMs, invocation);
    const rest = Math.min(leastRoundMs, until - startedAt) - (performance.now() - startedAt);
    if (rest > 0) await pause(rest, signal);
  }
}

/** Not `crypto.randomUUID`, which browsers have on https only. */
function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function configuringCalls({ send }: Transport) {
  const integration = (id: string, ...rest: string[]) => at('integrations', id, ...rest);
  const remove = async (path: string, call?: CallOptions) => void (await send('DELETE', path, call));
  return {
    listIntegrations: (query: ListQuery<IntegrationFilter> = {}, call?: CallOptions) =>
      json<Page<Integration>>(send('GET', listed(at('integrations'), query), call)),
    getIntegration: (id: string, call?: CallOptions) => json<Integration>(send('GET', integration(id), call)),
    putIntegration: (id: string, body: IntegrationBody, call?: CallOptions) =>
      json<Integration>(send('PUT', integration(id), { ...call, body })),
    patchIntegration: (id: string, body: IntegrationPatch, call?: CallOptions) =>
      json<Integration>(send('PATCH', integration(id), { ...call, body })),
    deleteIntegration: (id: string, call?: CallOptions) => remove(integration(id), call),
    listSecrets: (id: string, call?: CallOptions) => json<Page<Secret>>(send('GET', integration(id, 'secrets'), call)),
    putSecret: (id: string, name: string, value: string, call?: CallOptions) =>
      json<Secret>(send('PUT', integration(id, 'secrets', name), { ...call, body: { value } })),
    deleteSecret: (id: string, name: string, call?: CallOptions) => remove(integration(id, 'secrets', name), call),
    listCommands: (id: string, call?: CallOptions) =>
      json<Page<Command>>(send('GET', integration(id, 'commands'), call)),
    getCommand: (id: string, name: string, call?: CallOptions) =>
      json<Command>(send('GET', integration(id, 'commands', name), call)),
    putCommand: (id: string, name: string, body: CommandBody, call?: CallOptions) =>
      json<Command>(send('PUT', integration(id, 'commands', name), { ...call, body })),
    deleteCommand: (id: string, name: string, call?: CallOptions) => remove(integration(id, 'commands', name), call),
    listCommandTypes: (call?: CallOptions) => json<Page<CommandType>>(send('GET', at('command-types'), call)),
    putCommandType: (name: string, body: CommandTypeBody, call?: CallOptions) =>
      json<CommandType>(send('PUT', at('command-types', name), { ...call, body })),
  };
}

function adminCalls({ send }: Transport) {
  return {
    listAudit: (query: ListQuery<AuditFilter> = {}, call?: CallOptions) =>
      json<Page<AuditEntry>>(send('GET', listed(at('audit'), query), call)),
    /** The key itself is in this answer only. */
    createKey: (body: NewKey, call?: CallOptions) =>
      json<ApiKey & { key: string }>(send('POST', at('keys'), { ...call, body })),
    listKeys: (query: ListQuery = {}, call?: CallOptions) =>
      json<Page<ApiKey>>(send('GET', listed(at('keys'), query), call)),
    revokeKey: async (id: string, call?: CallOptions) => void (await send('DELETE', at('keys', id), call)),
  };
}
