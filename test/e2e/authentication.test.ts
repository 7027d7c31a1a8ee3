import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/client/errors.ts';
import type { Auth } from '../../src/contract/authentication.ts';
import { type Authenticating, secrets, startAuthenticating } from '../support/authenticating.ts';
import { type LoggedRequest, startEndpoint } from '../support/endpoints/endpoint.ts';

const { password, apiKey, hmacKey, webhookSecret } = secrets;

describe('authentication of an integration (contract §3, §6)', () => {
  let on: Authenticating;
  beforeAll(async () => {
    on = await startAuthenticating();
  });
  afterAll(() => on?.stop());
  beforeEach(() => on.reset());

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
    on.demand(wants);
    await on.use(auth);
    const ended = await on.invoke();
    expect(ended.error).toBeNull();
    const headers = ended.attempts[0]?.request?.headers ?? [];
    expect(headers.find(({ key }) => key === header)?.value).toBe(masked);
    // Rendered again, the rest is what went over the wire.
    const sent = new Map(on.lastRequest().headers.map(({ key, value }) => [key.toLowerCase(), value]));
    for (const { key, value } of headers) if (!value.includes('***')) expect(sent.get(key.toLowerCase())).toBe(value);
  });

  it('an API key in the query stands behind what is there', async () => {
    on.demand(({ url }) => new URL(url, 'http://x').searchParams.get('key') === apiKey);
    await on.use({ type: 'api-key', in: 'query', name: 'key', value: '{{apiKey}}' });
    const ended = await on.invoke();
    expect(ended.error).toBeNull();
    expect(ended.attempts[0]?.request?.url).toMatch(/\?key=\*\*\*$/);
  });

  it.each(kinds)('%s that the server repeats is masked in what is kept', async (_name, auth) => {
    on.demand(() => false);
    await on.use(auth);
    const seen = await on.shown(await on.invoke());
    expect(seen).toContain('"side":"credentials"');
    const basic = Buffer.from(`client:${password}`).toString('base64');
    for (const value of [password, apiKey, hmacKey, webhookSecret, basic]) expect(seen).not.toContain(value);
  });

  it("a command's own header of the same name is sent instead", async () => {
    await on.use({ type: 'bearer', token: '{{apiKey}}' });
    const { request } = await on.client.testCommand('acme', 'GetInvoiceImage', {
      tokens: { InvoiceNumber: '1', authToken: 'the session of a person' },
      draft: {
        request: {
          method: 'GET',
          url: `${on.endpoint.url}/x`,
          headers: [{ key: 'authorization', value: 'Session {{authToken}}' }],
        },
        accept: { contentTypes: ['*/*'] },
      },
    });
    expect(on.lastRequest().header('authorization')).toBe('Session the session of a person');
    expect(request.headers.filter(({ key }) => key.toLowerCase() === 'authorization')).toHaveLength(1);
  });

  it('previews show it, masked', async () => {
    await on.use({ type: 'basic', username: 'errand', password: '{{password}}' });
    const preview = await on.client.previewCommand('acme', 'GetInvoiceImage', { tokens: { InvoiceNumber: '1' } });
    expect(preview.headers).toContainEqual({ key: 'Authorization', value: 'Basic ***' });
  });

  it('a secret may go to no other host than it may', async () => {
    await on.client.putSecret('acme', 'elsewhere', apiKey, { allowedHosts: ['elsewhere.example'] });
    await on.use({ type: 'bearer', token: '{{elsewhere}}' });
    expect((await on.invoke()).error).toMatchObject({ code: 'egress-blocked' });
    expect(on.endpoint.requests).toHaveLength(0);
  });

  it('goes along with redirects within the server, and to no other', async () => {
    const other = await startEndpoint((_request, response) => void response.end('ok'));
    const first = await startEndpoint(({ url }, response) => {
      const location = url === '/away' ? `${other.url}/there` : '/there';
      if (url === '/there') response.end('ok');
      else response.writeHead(302, { location }).end();
    });
    await on.use({ type: 'api-key', in: 'header', name: 'X-Api-Key', value: '{{apiKey}}' });
    const test = (path: string) =>
      on.client.testCommand('acme', 'GetInvoiceImage', {
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
    await on.use({ type: 'standard-webhooks', secret: '{{hmacKey}}' });
    expect((await on.invoke()).error).toMatchObject({ code: 'render-failed', side: 'configuration' });
    expect(on.endpoint.requests).toHaveLength(0);
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
    const problem = await on.use(auth).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ApiError);
    expect((problem as ApiError).status).toBe(422);
    expect((problem as ApiError).errors).toMatchObject([{ path, message: expect.stringMatching(message) }]);
  });

  it('a secret that it names cannot be deleted, and the audit log says what it was, without values', async () => {
    await on.use({ type: 'bearer', token: '{{apiKey}}' });
    await expect(on.client.deleteSecret('acme', 'apiKey')).rejects.toMatchObject({ status: 409 });
    await on.use(null);
    await on.client.deleteSecret('acme', 'apiKey');
    await on.client.putSecret('acme', 'apiKey', apiKey);
    const { items } = await on.client.listAudit({ subject: 'integration:acme', action: 'integration.updated' });
    expect(items[0]?.details).toMatchObject({ before: { auth: { type: 'bearer', token: '{{apiKey}}' } } });
  });
});
