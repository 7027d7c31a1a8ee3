import type { Command, CommandBody } from '../contract/command.ts';
import type { Integration, IntegrationBody, Secret } from '../contract/integration.ts';
import type { Invocation, InvocationBody } from '../contract/invocation.ts';
import type { Problem } from '../contract/problem.ts';

/** The API answered with a problem (RFC 9457). */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    const fields = (problem.errors ?? []).map(({ path, message }) => `\n  ${path}: ${message}`);
    super(problem.detail + fields.join(''));
    this.name = 'ApiError';
    this.problem = problem;
  }
}

/** The API could not be reached at all. */
export class ApiUnreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`Errand does not answer at ${url}. Is it running? Start it with "npx errand up", or set ERRAND_URL.`, {
      cause,
    });
    this.name = 'ApiUnreachable';
  }
}

export type HttpClientOptions = {
  /** Where the API listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  apiKey: string;
  /** Default: the platform's own `fetch`. */
  fetch?: typeof fetch;
};

export type EnqueueOptions = {
  /** Waits up to so many seconds (at most 60) for the end of the invocation. */
  waitSeconds?: number;
  signal?: AbortSignal;
};

export type HttpClient = ReturnType<typeof createHttpClient>;

/**
 * Errand's HTTP API, typed. Every call rejects with `ApiError` if the API answers with a problem and with
 * `ApiUnreachable` if it does not answer.
 */
export function createHttpClient({ url, apiKey, fetch: fetchImpl = fetch }: HttpClientOptions) {
  const base = url.replace(/\/+$/, '');

  async function send(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${apiKey}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    let response: Response;
    try {
      const payload = body === undefined ? {} : { body: JSON.stringify(body) };
      response = await fetchImpl(base + path, { ...init, method, headers, ...payload });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiUnreachable(base, error);
    }
    if (response.ok) return response;
    throw new ApiError(await problemOf(response));
  }

  const json = async <Answer>(answer: Promise<Response>) => (await (await answer).json()) as Answer;
  const at = (...segments: string[]) => `/v1/${segments.map(encodeURIComponent).join('/')}`;

  return {
    putIntegration: (id: string, body: IntegrationBody) => json<Integration>(send('PUT', at('integrations', id), body)),
    getIntegration: (id: string) => json<Integration>(send('GET', at('integrations', id))),
    putSecret: (integration: string, name: string, value: string) =>
      json<Secret>(send('PUT', at('integrations', integration, 'secrets', name), { value })),
    putCommand: (integration: string, name: string, body: CommandBody) =>
      json<Command>(send('PUT', at('integrations', integration, 'commands', name), body)),
    /** Accepts an invocation: when this resolves, it is kept. */
    enqueue: (body: InvocationBody, { waitSeconds, signal }: EnqueueOptions = {}) => {
      const headers = waitSeconds === undefined ? {} : { headers: { prefer: `wait=${waitSeconds}` } };
      return json<Invocation>(send('POST', at('invocations'), body, { ...headers, ...(signal ? { signal } : {}) }));
    },
    getInvocation: (id: string) => json<Invocation>(send('GET', at('invocations', id))),
    /** The result's bytes as they came. */
    result: async (id: string) => {
      const response = await send('GET', at('invocations', id, 'result'));
      return { contentType: response.headers.get('content-type'), bytes: Buffer.from(await response.arrayBuffer()) };
    },
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const text = await response.text();
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) return problem as Problem;
  } catch {
    // Not JSON: some proxy's own page.
  }
  return { type: 'about:blank', title: response.statusText, status, detail: `The API answered ${status}.` };
}
