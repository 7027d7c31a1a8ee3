import { authenticate, saysItself } from '../integrations/authentication/authenticate.ts';
import type { ResolvedAuthentication } from '../integrations/authentication/resolve.ts';
import type { Exchange, ExchangeFailure } from '../judging/exchange.ts';
import type { RenderedRequest } from '../tokens/render.ts';
import { type AccessToken, createAccessTokens } from './access-tokens.ts';
import type { Sender, SendOptions } from './sender.ts';

/** How an integration's requests are sent, and when the attempt began, in Unix milliseconds. */
export type SendAs = { authentication: ResolvedAuthentication | null; at: number };

/**
 * Sends requests with what says who Errand is to the server.
 *
 * With OAuth a token is asked for first, where none is at hand; and if the server answers 401, once more with a new one: it
 * may have been revoked, and a request that was refused for its token was not acted upon. All of that is one attempt, under
 * its one deadline.
 */
export function createAuthenticatedSender(sender: Sender, now: () => number = () => performance.now()) {
  const tokens = createAccessTokens();

  return async (request: RenderedRequest, { authentication, at }: SendAs, options: SendOptions): Promise<Exchange> => {
    if (authentication === null) return sender.send(request, options);
    const until = now() + options.timeoutMs;
    const left = () => ({ ...options, tls: authentication.tls, timeoutMs: Math.max(1, until - now()) });
    const { auth } = authentication;
    if (auth?.type !== 'oauth2-client-credentials' || saysItself(request, auth)) {
      return sender.send(authenticate(request, auth, { at }), left());
    }
    // Not its redirects: a token endpoint that moved is to be configured anew.
    const getToken = (unless?: string) => {
      const { signal, ...rest } = left();
      // It is shared with callers that have more time: each of them waits for as long as it has.
      const send = (asked: RenderedRequest, abandoned: AbortSignal) =>
        sender.send(asked, { ...rest, timeoutMs: maxTokenMs, maxBytes: maxTokenBytes, signal: abandoned });
      return tokens.get(authentication, { timeoutMs: rest.timeoutMs, signal, send }, unless);
    };
    const sendWith = async (token: AccessToken, ...refused: string[]) => {
      const exchange = await sender.send(authenticate(request, auth, { at, accessToken: token.value }), left());
      return { ...exchange, credentials: [token.value, ...refused] };
    };
    const token = await getToken();
    if (isFailure(token)) return token;
    const exchange = await sendWith(token);
    if (exchange.status !== 401) return exchange;
    const renewed = await getToken(token.value);
    // Why there is no new one says more than the 401, and may pass.
    if (isFailure(renewed)) return { ...renewed, credentials: [token.value] };
    return renewed.value === token.value ? exchange : sendWith(renewed, token.value);
  };
}

/** As long as a caller may have (contract §6, `timeoutMs` of the batch lane); most have less, and leave sooner. */
const maxTokenMs = 120_000;
const maxTokenBytes = 256 * 1024;

const isFailure = (token: AccessToken | ExchangeFailure): token is ExchangeFailure => 'kind' in token;
