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

  beforeAll(async () => {
    on = await startAuthenticating();
    secure = await startEndpoint(({ clientPort }, response) => void response.end(String(clientPort)), {
      tls: { ...ca.issue('localhost'), ca: ca.cert },
    });
    await on.client.putSecret('acme', 'clientKey', own.key);
  });
  afterAll(async () => {
    await on?.stop();
    await secure?.close();
  });
  beforeEach(() => on.reset());

  const tls = (given: { ca?: string; certificate?: string; key?: string } | null) =>
    on.client.patchIntegration('acme', { tls: given, auth: null });
  const verdict = async () => {
    const tested = await on.client.testCommand('acme', 'GetInvoiceImage', {
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
