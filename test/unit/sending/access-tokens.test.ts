import { describe, expect, it } from 'vitest';
import type { ResolvedAuthentication } from '../../../src/integrations/authentication/resolve.ts';
import type { Exchange } from '../../../src/judging/exchange.ts';
import { createAccessTokens, type TokenSend } from '../../../src/sending/access-tokens.ts';

const authentication: ResolvedAuthentication = {
  auth: {
    type: 'oauth2-client-credentials',
    tokenUrl: 'https://login.example/token',
    clientId: 'client',
    clientSecret: 'the secret of the client',
  },
  tls: null,
  problem: null,
  derived: [],
  boundToTokenUrl: [],
  tokenKey: 'one',
};
const answer = (status: number, body: object): Exchange => ({
  kind: 'answer',
  status,
  headers: [{ key: 'Content-Type', value: 'application/json' }],
  body: Buffer.from(JSON.stringify(body)),
  framed: true,
});
const token = (value: string) => answer(200, { access_token: value, token_type: 'Bearer' });
const answering =
  (exchange: Exchange): TokenSend =>
  async () =>
    exchange;

describe('access tokens (contract §6)', () => {
  /** A request that stays open until it is answered or abandoned, as the sender's does. */
  function open() {
    const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
    const asked = Promise.withResolvers<void>();
    const abandoned = Promise.withResolvers<void>();
    const send: TokenSend = (_, signal) => {
      asked.resolve();
      signal.addEventListener('abort', () => {
        abandoned.resolve();
        reject(signal.reason);
      });
      return promise;
    };
    return { send, resolve, asked: asked.promise, abandoned: abandoned.promise };
  }

  it('are waited for no longer than a caller has, though another waits on', async () => {
    const tokens = createAccessTokens();
    const request = open();
    const patient = tokens.get(authentication, { timeoutMs: 60_000, send: request.send });
    const hasty = await tokens.get(authentication, { timeoutMs: 5, send: request.send });
    expect(hasty).toMatchObject({ code: 'timeout', retryable: true, requestSent: false });
    request.resolve(token('a'));
    expect(await patient).toMatchObject({ value: 'a' });
  });

  it('come to others although the one who asked was cancelled, who is told so', async () => {
    const tokens = createAccessTokens();
    const request = open();
    const first = new AbortController();
    const cancelled = tokens.get(authentication, { timeoutMs: 60_000, signal: first.signal, send: request.send });
    const other = tokens.get(authentication, { timeoutMs: 60_000, send: request.send });
    await request.asked;
    first.abort(new Error('by a person'));
    await expect(cancelled).rejects.toThrow('by a person');
    request.resolve(token('a'));
    expect(await other).toMatchObject({ value: 'a' });
  });

  it('are given up when nobody waits any more, and asked for anew', async () => {
    const tokens = createAccessTokens();
    const request = open();
    expect(await tokens.get(authentication, { timeoutMs: 5, send: request.send })).toMatchObject({ code: 'timeout' });
    await request.abandoned;
    const again = await tokens.get(authentication, { timeoutMs: 60_000, send: answering(token('b')) });
    expect(again).toMatchObject({ value: 'b' });
  });

  it('that broke off half-way are shown nowhere', async () => {
    const half: Exchange = {
      kind: 'failure',
      code: 'protocol-error',
      message: 'it broke off',
      retryable: true,
      requestSent: true,
      status: 200,
      headers: [{ key: 'Set-Cookie', value: 'a session' }],
      preview: Buffer.from('{"access_token":"still-good'),
    };
    const failure = await createAccessTokens().get(authentication, { timeoutMs: 60_000, send: answering(half) });
    expect(failure).toEqual({
      kind: 'failure',
      code: 'protocol-error',
      message: 'No access token: it broke off',
      retryable: true,
      requestSent: false,
    });
  });

  it.each(['a\r\nX-Other: b', 'ä'])('that have no place in a header are none: %j', async (value) => {
    const failure = await createAccessTokens().get(authentication, {
      timeoutMs: 60_000,
      send: answering(token(value)),
    });
    expect(failure).toMatchObject({ code: 'protocol-error', side: 'configuration' });
  });

  it('are not told of at length by who refuses them', async () => {
    const send = answering(answer(400, { error: `the secret of the client ${'x'.repeat(9000)}` }));
    const failure = await createAccessTokens().get(authentication, { timeoutMs: 60_000, send });
    expect((failure as { message: string }).message).toMatch(/^No access token: the token endpoint answered 400;/);
  });

  it('that others were given go to nobody whose secret may not go to the token endpoint', async () => {
    const tokens = createAccessTokens();
    await tokens.get(authentication, { timeoutMs: 60_000, send: answering(token('a')) });
    const bound = { ...authentication, boundToTokenUrl: [{ secret: 'clientSecret', hosts: ['other.example'] }] };
    expect(await tokens.get(bound, { timeoutMs: 60_000, send: answering(token('a')) })).toMatchObject({
      code: 'egress-blocked',
    });
  });
});
