import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Authenticating, startAuthenticating } from '../support/authenticating.ts';
import { createCertificateAuthority } from '../support/endpoints/certificates.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';

describe('TLS with an own CA and a certificate of its own (contract §3, §6)', () => {
  let on: Authenticating;
  const ca = createCertificateAuthority();
  const others = createCertificateAuthority('another CA');
  const own = ca.issue('errand');
  let secure: Endpoint;
  /** Asks for a certificate, and takes whoever has none. */
  let other: Endpoint;

  beforeAll(async () => {
    on = await startAuthenticating();
    const server = { ...ca.issue('localhost'), ca: ca.cert };
    other = await startEndpoint((_request, response) => void response.end('arrived'), {
      tls: { ...server, lenient: true },
    });
    secure = await startEndpoint(
      ({ url }, response) => {
        if (url === '/away') response.writeHead(302, { location: `${other.url}/x` }).end();
        else response.end('arrived');
      },
      { tls: server },
    );
    await on.client.putSecret('acme', 'clientKey', own.key);
  });
  afterAll(async () => {
    await on?.stop();
    await Promise.all([secure?.close(), other?.close()]);
  });
  beforeEach(async () => {
    secure.requests.length = 0;
    other.requests.length = 0;
    await on.reset();
  });

  const tls = (given: { ca?: string; certificate?: string; key?: string } | null) =>
    on.client.patchIntegration('acme', { tls: given, auth: null });
  const verdict = async (path = '/x') => {
    const tested = await on.client.testCommand('acme', 'GetInvoiceImage', {
      tokens: { InvoiceNumber: '1' },
      draft: { request: { method: 'GET', url: secure.url + path }, accept: { contentTypes: ['*/*'] } },
    });
    return tested.verdict;
  };

  it("a client's certificate is shown to a server of an own CA", async () => {
    await tls({ ca: ca.cert, certificate: own.cert, key: '{{clientKey}}' });
    expect(await verdict()).toMatchObject({ outcome: 'succeeded' });
    expect(secure.requests.map(({ certificateOf }) => certificateOf)).toEqual(['errand']);
  });

  it('it is not shown to another server that a redirect leads to', async () => {
    await tls({ ca: ca.cert, certificate: own.cert, key: '{{clientKey}}' });
    expect(await verdict('/away')).toMatchObject({ outcome: 'succeeded' });
    expect(secure.requests.map(({ certificateOf }) => certificateOf)).toEqual(['errand']);
    expect(other.requests.map(({ certificateOf }) => certificateOf)).toEqual([undefined]);
  });

  it('it is shown to no other host than its key may be used at', async () => {
    await on.client.putSecret('acme', 'clientKey', own.key, { allowedHosts: ['elsewhere.example'] });
    await tls({ ca: ca.cert, certificate: own.cert, key: '{{clientKey}}' });
    expect(await verdict()).toMatchObject({
      code: 'egress-blocked',
      message: expect.stringContaining('"clientKey"'),
    });
    await on.client.putSecret('acme', 'clientKey', own.key, { allowedHosts: ['localhost'] });
    expect(await verdict()).toMatchObject({ outcome: 'succeeded' });
    await on.client.putSecret('acme', 'clientKey', own.key);
  });

  it('a token endpoint is asked with it, and may be refused to its key, too', async () => {
    const auth = {
      type: 'oauth2-client-credentials',
      tokenUrl: `${other.url.replace('localhost', '127.0.0.1')}/token`,
      clientId: 'client',
      clientSecret: '{{clientSecret}}',
    } as const;
    const use = (tokenUrl: string) =>
      on.client.patchIntegration('acme', {
        tls: { ca: ca.cert, certificate: own.cert, key: '{{clientKey}}' },
        auth: { ...auth, tokenUrl },
      });
    await use(`${other.url}/token`);
    // What it answers is no token.
    expect(await verdict()).toMatchObject({ code: 'protocol-error' });
    expect(other.requests.map(({ certificateOf }) => certificateOf)).toEqual(['errand']);
    await on.client.putSecret('acme', 'clientKey', own.key, { allowedHosts: ['localhost'] });
    await use(auth.tokenUrl);
    expect(await verdict()).toMatchObject({ code: 'egress-blocked' });
    expect(other.requests).toHaveLength(1);
    await on.client.putSecret('acme', 'clientKey', own.key);
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
    const { items } = await on.client.listSecrets('acme');
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
