import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/client/errors.ts';
import type { Auth } from '../../src/contract/authentication.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { createCertificateAuthority } from '../support/endpoints/certificates.ts';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../support/endpoints/endpoint.ts';
import { startTokenEndpoint, type TokenEndpoint } from '../support/endpoints/token-endpoint.ts';
import { type AvailableBackend, queueBackends } from '../support/queues.ts';

const password = 'p:ss wörd & more';
const apiKey = 'gckQ-a-real-key-taJ9';
const hmacKey = 'a shared key for signatures';
const webhookSecret = `whsec_${Buffer.from('thirty-two bytes of a shared key').toString('base64')}`;
const clientSecret = 'the client’s own secret';

describe('authentication of an integration (contract §3, §6)', () => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let tokens: TokenEndpoint;
  /** Does the server take this request? */
  let demands: (request: LoggedRequest) => boolean = () => true;

  beforeAll(async () => {
    errand = await deploy(queueBackends()[0] as AvailableBackend, { ERRAND_EGRESS_ALLOW: '127.0.0.1,localhost' });
    endpoint = await startEndpoint((request, response) => {
      // It says back what it was told, as some do.
      const said = JSON.stringify({ url: request.url, headers: request.headers });
      response.writeHead(demands(request) ? 200 : 401, { 'content-type': 'text/plain', 'x-said': 'yes' }).end(said);
    });
    tokens = await startTokenEndpoint(clientSecret);
    await errand.worker('interactive');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { clientId: 'client' } });
    const secrets = { password, apiKey, hmacKey, webhookSecret, clientSecret };
    for (const [name, value] of Object.entries(secrets)) await errand.client.putSecret('acme', name, value);
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      request: {
        method: 'POST',
        url: `${endpoint.url}/invoices/{{InvoiceNumber}}`,
        headers: [{ key: 'Content-Type', value: 'application/json' }],
        body: '{"invoice": "{{InvoiceNumber}}"}',
      },
      accept: { contentTypes: ['*/*'] },
      retry: { attempts: 1 },
    });
  });
  afterAll(async () => {
    await errand?.stop();
    await Promise.all([endpoint?.close(), tokens?.close()]);
  });
  beforeEach(async () => {
    demands = () => true;
    endpoint.requests.length = 0;
    tokens.requests.length = 0;
    tokens.insteadOf.answer = null;
    // A row of refusals would hold it.
    await errand.client.pauseIntegration('acme');
    await errand.client.resumeIntegration('acme');
  });

  const use = (auth: Auth | null) => errand.client.patchIntegration('acme', { auth });

  async function invoke(): Promise<Invocation> {
    const tokens = { InvoiceNumber: `INV ${Math.random()}` };
    return errand.client.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens }, { waitSeconds: 30 });
  }

  /** Everything that people can see of it. */
  const shown = async ({ id }: Invocation) => JSON.stringify(await errand.client.getInvocation(id));
  const lastRequest = () => endpoint.requests.at(-1) as LoggedRequest;

  const kinds: [string, Auth, (request: LoggedRequest) => boolean, string, string][] = [
    [
      'Basic',
      { type: 'basic', username: '{{clientId}}', password: '{{password}}' },
      (request) => request.header('authorization') === `Basic ${Buffer.from(`client:${password}`).toString('base64')}`,
      'Authorization',
      'Basic ***',
    ],
    [
      'an API key in a header',
      { type: 'api-key', in: 'header', name: 'X-Api-Key', value: '{{apiKey}}' },
      (request) => request.header('x-api-key') === apiKey,
      'X-Api-Key',
      '***',
    ],
    [
      'a bearer token',
      { type: 'bearer', token: '{{apiKey}}' },
      (request) => request.header('authorization') === `Bearer ${apiKey}`,
      'Authorization',
      'Bearer ***',
    ],
    [
      'a signature (HMAC)',
      {
        type: 'hmac',
        secret: '{{hmacKey}}',
        header: 'X-Signature',
        algorithm: 'sha256',
        encoding: 'hex',
        prefix: 'sha256=',
        timestampHeader: 'X-Timestamp',
      },
      (request) => {
        const signed = `${request.header('x-timestamp')}.${request.body}`;
        const wanted = createHmac('sha256', hmacKey).update(signed).digest('hex');
        return request.header('x-signature') === `sha256=${wanted}`;
      },
      'X-Signature',
      'sha256=***',
    ],
    [
      'a signature (Standard Webhooks)',
      { type: 'standard-webhooks', secret: '{{webhookSecret}}' },
      (request) => {
        const headers = Object.fromEntries(request.headers.map(({ key, value }) => [key, value]));
        return new Webhook(webhookSecret).verify(request.body.toString(), headers) !== null;
      },
      'webhook-signature',
      'v1,***',
    ],
  ];

  it.each(kinds)('%s is what the server gets, and is shown masked', async (_name, auth, wants, header, masked) => {
    demands = wants;
    await use(auth);
    const ended = await invoke();
    expect(ended.error).toBeNull();
    const headers = ended.attempts[0]?.request?.headers ?? [];
    expect(headers.find(({ key }) => key === header)?.value).toBe(masked);
    // Rendered again, the rest is what went over the wire.
    const sent = new Map(lastRequest().headers.map(({ key, value }) => [key.toLowerCase(), value]));
    for (const { key, value } of headers) if (!value.includes('***')) expect(sent.get(key.toLowerCase())).toBe(value);
  });

  it('an API key in the query stands behind what is there', async () => {
    demands = ({ url }) => new URL(url, 'http://x').searchParams.get('key') === apiKey;
    await use({ type: 'api-key', in: 'query', name: 'key', value: '{{apiKey}}' });
    const ended = await invoke();
    expect(ended.error).toBeNull();
    expect(ended.attempts[0]?.request?.url).toMatch(/\?key=\*\*\*$/);
  });

  it.each(kinds)('%s that the server repeats is masked in what is kept', async (_name, auth) => {
    demands = () => false;
    await use(auth);
    const seen = await shown(await invoke());
    expect(seen).toContain('"side":"credentials"');
    const basic = Buffer.from(`client:${password}`).toString('base64');
    for (const value of [password, apiKey, hmacKey, webhookSecret, basic]) expect(seen).not.toContain(value);
  });

  it("a command's own header of the same name is sent instead", async () => {
    await use({ type: 'bearer', token: '{{apiKey}}' });
    const { request } = await errand.client.testCommand('acme', 'GetInvoiceImage', {
      tokens: { InvoiceNumber: '1', authToken: 'the session of a person' },
      draft: {
        request: {
          method: 'GET',
          url: `${endpoint.url}/x`,
          headers: [{ key: 'authorization', value: 'Session {{authToken}}' }],
        },
        accept: { contentTypes: ['*/*'] },
      },
    });
    expect(lastRequest().header('authorization')).toBe('Session the session of a person');
    expect(request.headers.filter(({ key }) => key.toLowerCase() === 'authorization')).toHaveLength(1);
  });

  it('previews show it, masked', async () => {
    await use({ type: 'basic', username: 'errand', password: '{{password}}' });
    const preview = await errand.client.previewCommand('acme', 'GetInvoiceImage', { tokens: { InvoiceNumber: '1' } });
    expect(preview.headers).toContainEqual({ key: 'Authorization', value: 'Basic ***' });
  });

  describe('OAuth 2 client credentials', () => {
    const oauth = (more: Partial<Extract<Auth, { type: 'oauth2-client-credentials' }>> = {}): Auth => ({
      type: 'oauth2-client-credentials',
      tokenUrl: `${tokens.url}/token`,
      clientId: '{{clientId}}',
      clientSecret: '{{clientSecret}}',
      ...more,
    });
    const bearer = (request: LoggedRequest) => (request.header('authorization') ?? '').replace('Bearer ', '');
    beforeEach(() => {
      demands = (request) => tokens.knows(bearer(request));
    });

    it.each(['basic', 'body'] as const)('are asked for once and kept, with the client in %s', async (place) => {
      await use(oauth({ clientAuthentication: place, scope: `invoices-${place}` }));
      const ended = [await invoke(), ...(await Promise.all([invoke(), invoke(), invoke()]))];
      expect(ended.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
      expect(tokens.requests).toHaveLength(1);
      expect(ended[0]?.attempts[0]?.request?.headers).toContainEqual({ key: 'Authorization', value: 'Bearer ***' });
      expect(await shown(ended[0] as Invocation)).not.toContain(bearer(lastRequest()));
    });

    it('are renewed once where the server answers 401', async () => {
      await use(oauth({ scope: 'revoked' }));
      await invoke();
      tokens.revokeAll();
      const ended = await invoke();
      expect(ended).toMatchObject({ status: 'succeeded', attempts: [{ number: 1, outcome: 'succeeded' }] });
      expect(tokens.requests).toHaveLength(2);
    });

    it('a token endpoint that does not answer when it is asked for a new one is what failed', async () => {
      await use(oauth({ scope: 'away' }));
      await invoke();
      tokens.revokeAll();
      tokens.insteadOf.answer = { status: 503, body: 'later' };
      const ended = await invoke();
      expect(ended.attempts[0]).toMatchObject({ outcome: 'retryable' });
      expect(ended.attempts[0]?.error?.message).toContain('No access token');
      expect(await shown(ended)).not.toContain(bearer(lastRequest()));
    });

    it('are not renewed for ever: a server that takes none fails it, and the token is shown nowhere', async () => {
      await use(oauth({ scope: 'refused' }));
      demands = () => false;
      const ended = await invoke();
      expect(ended.error).toMatchObject({ code: 'unexpected-status', side: 'credentials' });
      expect(endpoint.requests).toHaveLength(2);
      const seen = await shown(ended);
      for (const request of endpoint.requests) expect(seen).not.toContain(bearer(request));
    });

    it('are renewed before they expire', async () => {
      // Of ten milliseconds nine are used.
      tokens.expiresIn.seconds = 0.01;
      await use(oauth({ scope: 'short' }));
      await invoke();
      await invoke();
      tokens.expiresIn.seconds = 3600;
      expect(tokens.requests).toHaveLength(2);
    });

    it.each([
      [401, '{"error":"invalid_client"}', 'unexpected-status', 'credentials'],
      [403, 'no', 'unexpected-status', 'credentials'],
      [503, 'later', 'unexpected-status', 'customer-server'],
      [200, 'not JSON', 'protocol-error', 'configuration'],
      [200, '{"token":"misnamed"}', 'protocol-error', 'configuration'],
    ])('%s with %s from the token endpoint: nothing is sent', async (status, body, code, side) => {
      await use(oauth({ scope: `wrong-${status}-${body.length}` }));
      tokens.insteadOf.answer = { status, body };
      const ended = await invoke();
      // The one attempt that there is may be the last of several that it would have been worth.
      const failure = ended.attempts[0]?.error;
      expect(failure).toMatchObject({ code, side });
      expect(failure?.message).toContain('No access token');
      expect(endpoint.requests).toHaveLength(0);
    });

    it('a token endpoint that is not there: nothing is sent', async () => {
      await use(oauth({ tokenUrl: 'http://127.0.0.1:2/token' }));
      const { attempts } = await invoke();
      expect(attempts[0]?.error).toMatchObject({ code: 'connect-failed' });
      expect(endpoint.requests).toHaveLength(0);
    });

    it('a token endpoint in a network that requests may not reach: nothing is sent', async () => {
      await use(oauth({ tokenUrl: 'http://169.254.169.254/token' }));
      expect((await invoke()).error).toMatchObject({ code: 'egress-blocked' });
      expect(endpoint.requests).toHaveLength(0);
    });

    it("a client's secret goes to no other host than it may", async () => {
      await errand.client.putSecret('acme', 'clientSecret', clientSecret, { allowedHosts: ['login.example'] });
      await use(oauth({ scope: 'bound' }));
      const ended = await invoke();
      expect(ended.error).toMatchObject({ code: 'egress-blocked' });
      expect(ended.error?.message).toContain('"clientSecret"');
      expect(tokens.requests).toHaveLength(0);
      await errand.client.putSecret('acme', 'clientSecret', clientSecret);
    });
  });

  it('a secret may go to no other host than it may', async () => {
    await errand.client.putSecret('acme', 'elsewhere', apiKey, { allowedHosts: ['elsewhere.example'] });
    await use({ type: 'bearer', token: '{{elsewhere}}' });
    expect((await invoke()).error).toMatchObject({ code: 'egress-blocked' });
    expect(endpoint.requests).toHaveLength(0);
  });

  it('goes along with redirects within the server, and to no other', async () => {
    const other = await startEndpoint((_request, response) => void response.end('ok'));
    const first = await startEndpoint(({ url }, response) => {
      const location = url === '/away' ? `${other.url}/there` : '/there';
      if (url === '/there') response.end('ok');
      else response.writeHead(302, { location }).end();
    });
    await use({ type: 'api-key', in: 'header', name: 'X-Api-Key', value: '{{apiKey}}' });
    const test = (path: string) =>
      errand.client.testCommand('acme', 'GetInvoiceImage', {
        tokens: { InvoiceNumber: '1' },
        draft: { request: { method: 'GET', url: first.url + path }, accept: { contentTypes: ['*/*'] } },
      });
    await test('/within');
    await test('/away');
    expect(first.requests.map((request) => request.header('x-api-key'))).toEqual([apiKey, apiKey, apiKey]);
    expect(other.requests.map((request) => request.header('x-api-key'))).toEqual([undefined]);
    await Promise.all([first.close(), other.close()]);
  });

  it('a Standard Webhooks secret that is none: nothing is sent', async () => {
    await use({ type: 'standard-webhooks', secret: '{{hmacKey}}' });
    expect((await invoke()).error).toMatchObject({ code: 'render-failed', side: 'configuration' });
    expect(endpoint.requests).toHaveLength(0);
  });

  it.each<[Auth, string, RegExp]>([
    [{ type: 'bearer', token: 'typed in clear' }, 'auth.token', /must be one token that names a secret/],
    [{ type: 'bearer', token: '{{apikey}}' }, 'auth.token', /Did you mean `\{\{apiKey\}\}`\?/],
    [{ type: 'bearer', token: '{{clientId}}' }, 'auth.token', /is a variable, which everybody can read/],
    [{ type: 'basic', username: '{{InvoiceNumber}}', password: '{{password}}' }, 'auth.username', /not available/],
    [{ type: 'basic', username: 'a {{clientId}}', password: '{{password}}' }, 'auth.username', /one token/],
    [{ type: 'basic', username: 'a:b', password: '{{password}}' }, 'auth.username', /must not hold a colon/],
    [{ type: 'api-key', in: 'header', name: 'Host', value: '{{apiKey}}' }, 'auth.name', /set by Errand itself/],
    [{ type: 'oauth2' } as unknown as Auth, 'auth.type', /must be "basic", .* or "standard-webhooks"/],
    [
      {
        type: 'oauth2-client-credentials',
        tokenUrl: 'https://user:pass@x/',
        clientId: 'c',
        clientSecret: '{{clientSecret}}',
      },
      'auth.tokenUrl',
      /must not hold user:password@/,
    ],
  ])('is refused when it is saved: %j', async (auth, path, message) => {
    const problem = await use(auth).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ApiError);
    expect((problem as ApiError).status).toBe(422);
    expect((problem as ApiError).errors).toMatchObject([{ path, message: expect.stringMatching(message) }]);
  });

  it('a secret that it names cannot be deleted, and the audit log says what it was, without values', async () => {
    await use({ type: 'bearer', token: '{{apiKey}}' });
    await expect(errand.client.deleteSecret('acme', 'apiKey')).rejects.toMatchObject({ status: 409 });
    await use(null);
    await errand.client.deleteSecret('acme', 'apiKey');
    await errand.client.putSecret('acme', 'apiKey', apiKey);
    const { items } = await errand.client.listAudit({ subject: 'integration:acme', action: 'integration.updated' });
    expect(items[0]?.details).toMatchObject({ before: { auth: { type: 'bearer', token: '{{apiKey}}' } } });
  });

  describe('TLS', () => {
    const ca = createCertificateAuthority();
    const others = createCertificateAuthority('another CA');
    const own = ca.issue('errand');
    let secure: Endpoint;

    beforeAll(async () => {
      secure = await startEndpoint(({ clientPort }, response) => void response.end(String(clientPort)), {
        tls: { ...ca.issue('localhost'), ca: ca.cert },
      });
      await errand.client.putSecret('acme', 'clientKey', own.key);
    });
    afterAll(() => secure?.close());

    const tls = (given: { ca?: string; certificate?: string; key?: string } | null) =>
      errand.client.patchIntegration('acme', { tls: given, auth: null });
    const verdict = async () => {
      const tested = await errand.client.testCommand('acme', 'GetInvoiceImage', {
        tokens: { InvoiceNumber: '1' },
        draft: { request: { method: 'GET', url: `${secure.url}/x` }, accept: { contentTypes: ['*/*'] } },
      });
      return tested.verdict;
    };

    it("a client's certificate is shown to a server of an own CA", async () => {
      await tls({ ca: ca.cert, certificate: own.cert, key: '{{clientKey}}' });
      expect(await verdict()).toMatchObject({ outcome: 'succeeded' });
    });

    it.each<[string, () => { ca?: string; certificate?: string; key?: string } | null]>([
      ['without the CA', () => null],
      ['with another CA', () => ({ ca: others.cert })],
      ['without a certificate', () => ({ ca: ca.cert })],
    ])('fails %s', async (_name, given) => {
      await tls(given());
      expect(await verdict()).toMatchObject({
        code: expect.stringMatching(/tls-failed|connect-failed/),
      });
    });

    it('a private key is taken nowhere but as a secret, whose hint tells nothing', async () => {
      await expect(tls({ ca: own.key })).rejects.toMatchObject({ status: 422 });
      const { items } = await errand.client.listSecrets('acme');
      expect(items.find(({ name }) => name === 'clientKey')?.hint).toBeNull();
    });

    it.each<[string, () => { ca?: string; certificate?: string; key?: string }]>([
      ['a CA that is no certificate', () => ({ ca: 'no PEM at all' })],
      ["a key of another's certificate", () => ({ certificate: others.issue('errand').cert, key: '{{clientKey}}' })],
    ])('%s is told before anything is sent', async (_name, given) => {
      await tls(given());
      const failed = await verdict().catch((error: unknown) => error);
      expect(failed).toMatchObject({ status: 422, message: expect.stringContaining('is it PEM') });
      await tls(null);
    });
  });
});
