import { LRUCache } from 'lru-cache';
import * as oauth from 'oauth4webapi';
import type { Auth } from '../contract/authentication.ts';
import type { ResolvedAuthentication } from '../integrations/authentication/resolve.ts';
import { hostProblem } from '../integrations/bound-secrets.ts';
import type { Exchange, ExchangeFailure } from '../judging/exchange.ts';
import type { RenderedRequest } from '../tokens/render.ts';

export type AccessToken = { value: string; goodUntil: number };

export type AccessTokens = {
  /**
   * The access token for an integration's client credentials: the one at hand, or a new one from its token endpoint.
   * Callers that need the same one at the same time share one request.
   *
   * @param unless one that was refused: it is not given again
   */
  get(authentication: ResolvedAuthentication, wait: Waiting, unless?: string): Promise<AccessToken | ExchangeFailure>;
};

/** One caller: how long it can wait, and how it would ask. */
export type Waiting = { timeoutMs: number; signal?: AbortSignal | undefined; send: TokenSend };
/** One exchange with the token endpoint, by Errand's own rules. Aborted when nobody waits for it any more. */
export type TokenSend = (request: RenderedRequest, signal: AbortSignal) => Promise<Exchange>;
type Asking = { outcome: Promise<AccessToken | ExchangeFailure>; waiting: number; abandon: AbortController };

type ClientCredentials = Extract<Auth, { type: 'oauth2-client-credentials' }>;

/** A token is renewed so long before its end: a request that carries it takes a while to be looked at. */
const marginMs = 30_000;
/** How long one is used whose endpoint does not say (RFC 6749 §5.1 recommends that it does). */
const unknownLifeMs = 5 * 60_000;
/** Tokens of as many clients are kept. */
const maxKept = 5_000;

export function createAccessTokens(now: () => number = () => performance.now()): AccessTokens {
  const kept = new LRUCache<string, AccessToken>({ max: maxKept });
  const asking = new Map<string, Asking>();

  async function ask(
    authentication: ResolvedAuthentication,
    send: (request: RenderedRequest) => Promise<Exchange>,
  ): Promise<AccessToken | ExchangeFailure> {
    const { auth, tokenKey } = authentication;
    if (auth?.type !== 'oauth2-client-credentials') throw new Error('It has no token endpoint');
    const askedAt = now();
    const granted = await grant(auth, send);
    if ('kind' in granted) return granted;
    const lifeMs = granted.lifeMs ?? unknownLifeMs;
    const token = { value: granted.value, goodUntil: askedAt + goodFor(lifeMs) };
    kept.set(tokenKey, token);
    return token;
  }

  /** One request for all who wait, whoever of them came first; it ends when none of them waits any more. */
  function share(authentication: ResolvedAuthentication, send: TokenSend): Asking {
    const { tokenKey } = authentication;
    const there = asking.get(tokenKey);
    if (there !== undefined) return there;
    const abandon = new AbortController();
    const outcome = ask(authentication, (request) => send(request, abandon.signal)).finally(() => {
      if (asking.get(tokenKey) === mine) asking.delete(tokenKey);
    });
    outcome.catch(() => {});
    const mine: Asking = { outcome, waiting: 0, abandon };
    asking.set(tokenKey, mine);
    return mine;
  }

  async function waitFor(shared: Asking, { timeoutMs, signal }: Waiting, leave: () => void) {
    const { promise, resolve, reject } = Promise.withResolvers<AccessToken | ExchangeFailure>();
    const cancel = () => reject(signal?.reason);
    const timer = setTimeout(() => resolve(tookTooLong()), timeoutMs);
    signal?.addEventListener('abort', cancel);
    shared.waiting += 1;
    try {
      signal?.throwIfAborted();
      return await Promise.race([shared.outcome, promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      shared.waiting -= 1;
      if (shared.waiting === 0) leave();
    }
  }

  return {
    async get(authentication, waiting, unless) {
      const { tokenKey, auth, boundToTokenUrl } = authentication;
      if (auth?.type !== 'oauth2-client-credentials') throw new Error('It has no token endpoint');
      // Before a kept one is looked for: it may have been given to others with the same secret, which may go there.
      const problem = hostProblem(boundToTokenUrl, auth.tokenUrl);
      if (problem !== null) return refusal('egress-blocked', problem);
      const token = kept.get(tokenKey);
      if (token !== undefined && token.value !== unless && token.goodUntil > now()) return token;
      const shared = share(authentication, waiting.send);
      return waitFor(shared, waiting, () => {
        if (asking.get(tokenKey) === shared) asking.delete(tokenKey);
        shared.abandon.abort(new Error('Nobody waits for the access token any more'));
      });
    },
  };
}

const tookTooLong = (): ExchangeFailure => ({
  ...refusal('timeout', 'No access token: the token endpoint did not answer in time'),
  retryable: true,
});

/** Of a short life nine tenths are used. */
const goodFor = (lifeMs: number) => (lifeMs > 10 * marginMs ? lifeMs - marginMs : lifeMs * 0.9);

type Granted = { value: string; lifeMs: number | null };

/** RFC 6749 §4.4. */
async function grant(
  { tokenUrl, clientId, clientSecret, scope, audience, clientAuthentication = 'basic' }: ClientCredentials,
  send: (request: RenderedRequest) => Promise<Exchange>,
): Promise<Granted | ExchangeFailure> {
  const server: oauth.AuthorizationServer = { issuer: tokenUrl, token_endpoint: tokenUrl };
  const client: oauth.Client = { client_id: clientId };
  const authentication =
    clientAuthentication === 'basic' ? oauth.ClientSecretBasic(clientSecret) : oauth.ClientSecretPost(clientSecret);
  const parameters = {
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
  };
  let failure: ExchangeFailure | null = null;
  /** The sending was cancelled, which is no answer of the token endpoint. */
  let thrown: { error: unknown } | null = null;
  const customFetch = async (
    url: string,
    { method, headers, body }: oauth.CustomFetchOptions<string, URLSearchParams>,
  ) => {
    const exchange = await send({
      method: method as 'POST',
      url,
      headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
      body: String(body),
    }).catch((error: unknown) => {
      thrown = { error };
      throw error;
    });
    if (exchange.kind === 'answer') return responseOf(exchange);
    // Nothing of what had come of its answer: that may be a token.
    const { code, message, retryable, side } = exchange;
    failure = { ...refusal(code, `No access token: ${message}`, side), retryable };
    throw new Error('No answer of the token endpoint');
  };
  try {
    const options = { [oauth.customFetch]: customFetch, [oauth.allowInsecureRequests]: true };
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, options);
    const granted = await oauth.processClientCredentialsResponse(server, client, response);
    if (!/^[\x20-\x7e]+$/.test(granted.access_token)) return noAnswer();
    return { value: granted.access_token, lifeMs: granted.expires_in === undefined ? null : granted.expires_in * 1000 };
  } catch (error) {
    if (thrown !== null) throw (thrown as { error: unknown }).error;
    return failure ?? failureOf(error);
  }
}

function responseOf({ status, headers, body }: Extract<Exchange, { kind: 'answer' }>): Response {
  const noBody = status === 204 || status === 304;
  return new Response(noBody ? null : Buffer.from(body), {
    status: status >= 200 && status <= 599 ? status : 502,
    headers: headers.map(({ key, value }): [string, string] => [key, value]),
  });
}

/** What the endpoint's answer means. Of what it says only the standard's `error` is told: the rest may repeat the secret. */
function failureOf(error: unknown): ExchangeFailure {
  if (error instanceof oauth.ResponseBodyError) {
    const said = /^[\w.-]{1,64}$/.test(error.error) ? ` with "${error.error}"` : '';
    const message = `No access token: the token endpoint answered ${error.status}${said}`;
    return refusal(
      'unexpected-status',
      `${message}; are clientId and clientSecret right, and may they have that scope?`,
      'credentials',
    );
  }
  const status = statusOf(error);
  if (status !== null && status >= 400) {
    const passing = status >= 500 || status === 408 || status === 429;
    const message = `No access token: the token endpoint answered ${status}`;
    return {
      ...refusal('unexpected-status', message, passing ? 'customer-server' : 'credentials'),
      retryable: passing,
    };
  }
  return noAnswer();
}

const noAnswer = () =>
  refusal('protocol-error', "No access token: the token endpoint's answer is none (RFC 6749 §5.1)", 'configuration');

function statusOf(error: unknown): number | null {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Response) return cause.status;
  return error instanceof oauth.WWWAuthenticateChallengeError ? error.status : null;
}

function refusal(code: ExchangeFailure['code'], message: string, side?: ExchangeFailure['side']): ExchangeFailure {
  return {
    kind: 'failure',
    code,
    message,
    retryable: false,
    requestSent: false,
    ...(side === undefined ? {} : { side }),
  };
}
