import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Auth } from '../../src/contract/authentication.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { type Authenticating, secrets, startAuthenticating } from '../support/authenticating.ts';
import type { LoggedRequest } from '../support/endpoints/endpoint.ts';

const { clientSecret } = secrets;

describe('access tokens by OAuth 2 client credentials (contract §3, §6)', () => {
  let on: Authenticating;
  beforeAll(async () => {
    on = await startAuthenticating();
  });
  afterAll(() => on?.stop());

  const oauth = (more: Partial<Extract<Auth, { type: 'oauth2-client-credentials' }>> = {}): Auth => ({
    type: 'oauth2-client-credentials',
    tokenUrl: `${on.tokens.url}/token`,
    clientId: '{{clientId}}',
    clientSecret: '{{clientSecret}}',
    ...more,
  });
  const bearer = (request: LoggedRequest) => (request.header('authorization') ?? '').replace('Bearer ', '');
  beforeEach(async () => {
    await on.reset();
    on.demand((request) => on.tokens.knows(bearer(request)));
  });

  it.each(['basic', 'body'] as const)('are asked for once and kept, with the client in %s', async (place) => {
    await on.use(oauth({ clientAuthentication: place, scope: `invoices-${place}` }));
    const ended = [await on.invoke(), ...(await Promise.all([on.invoke(), on.invoke(), on.invoke()]))];
    expect(ended.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
    expect(on.tokens.requests).toHaveLength(1);
    expect(ended[0]?.attempts[0]?.request?.headers).toContainEqual({ key: 'Authorization', value: 'Bearer ***' });
    expect(await on.shown(ended[0] as Invocation)).not.toContain(bearer(on.lastRequest()));
  });

  it('are renewed once where the server answers 401', async () => {
    await on.use(oauth({ scope: 'revoked' }));
    await on.invoke();
    on.tokens.revokeAll();
    const ended = await on.invoke();
    expect(ended).toMatchObject({ status: 'succeeded', attempts: [{ number: 1, outcome: 'succeeded' }] });
    expect(on.tokens.requests).toHaveLength(2);
  });

  it('a token endpoint that does not answer when it is asked for a new one is what failed', async () => {
    await on.use(oauth({ scope: 'away' }));
    await on.invoke();
    on.tokens.revokeAll();
    on.tokens.insteadOf.answer = { status: 503, body: 'later' };
    const ended = await on.invoke();
    expect(ended.attempts[0]).toMatchObject({ outcome: 'retryable' });
    expect(ended.attempts[0]?.error?.message).toContain('No access token');
    expect(await on.shown(ended)).not.toContain(bearer(on.lastRequest()));
  });

  it('are not renewed for ever: a server that takes none fails it, and the token is shown nowhere', async () => {
    await on.use(oauth({ scope: 'refused' }));
    on.demand(() => false);
    const ended = await on.invoke();
    expect(ended.error).toMatchObject({ code: 'unexpected-status', side: 'credentials' });
    expect(on.endpoint.requests).toHaveLength(2);
    const seen = await on.shown(ended);
    for (const request of on.endpoint.requests) expect(seen).not.toContain(bearer(request));
  });

  it('are renewed before they expire', async () => {
    // Of ten milliseconds nine are used.
    on.tokens.expiresIn.seconds = 0.01;
    await on.use(oauth({ scope: 'short' }));
    await on.invoke();
    await on.invoke();
    on.tokens.expiresIn.seconds = 3600;
    expect(on.tokens.requests).toHaveLength(2);
  });

  it.each([
    [401, '{"error":"invalid_client"}', 'unexpected-status', 'credentials'],
    [403, 'no', 'unexpected-status', 'credentials'],
    [503, 'later', 'unexpected-status', 'customer-server'],
    [200, 'not JSON', 'protocol-error', 'configuration'],
    [200, '{"token":"misnamed"}', 'protocol-error', 'configuration'],
  ])('%s with %s from the token endpoint: nothing is sent', async (status, body, code, side) => {
    await on.use(oauth({ scope: `wrong-${status}-${body.length}` }));
    on.tokens.insteadOf.answer = { status, body };
    const ended = await on.invoke();
    // The one attempt that there is may be the last of several that it would have been worth.
    const failure = ended.attempts[0]?.error;
    expect(failure).toMatchObject({ code, side });
    expect(failure?.message).toContain('No access token');
    expect(on.endpoint.requests).toHaveLength(0);
  });

  it('a token endpoint that is not there: nothing is sent', async () => {
    await on.use(oauth({ tokenUrl: 'http://127.0.0.1:2/token' }));
    const { attempts } = await on.invoke();
    expect(attempts[0]?.error).toMatchObject({ code: 'connect-failed' });
    expect(on.endpoint.requests).toHaveLength(0);
  });

  it('a token endpoint in a network that requests may not reach: nothing is sent', async () => {
    await on.use(oauth({ tokenUrl: 'http://169.254.169.254/token' }));
    expect((await on.invoke()).error).toMatchObject({ code: 'egress-blocked' });
    expect(on.endpoint.requests).toHaveLength(0);
  });

  it("a client's secret goes to no other host than it may", async () => {
    await on.client.putSecret('acme', 'clientSecret', clientSecret, { allowedHosts: ['login.example'] });
    await on.use(oauth({ scope: 'bound' }));
    const ended = await on.invoke();
    expect(ended.error).toMatchObject({ code: 'egress-blocked' });
    expect(ended.error?.message).toContain('"clientSecret"');
    expect(on.tokens.requests).toHaveLength(0);
    await on.client.putSecret('acme', 'clientSecret', clientSecret);
  });
});
