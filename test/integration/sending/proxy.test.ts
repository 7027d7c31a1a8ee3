import { createSecureContext } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import type { ExchangeFailure } from '../../../src/judging/exchange.ts';
import { proxyFor } from '../../../src/platform/proxy.ts';
import { createSender, type Sender, type SenderOptions } from '../../../src/sending/sender.ts';
import { createCertificateAuthority } from '../../support/endpoints/certificates.ts';
import { type Endpoint, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { startProxy, type TunnelProxy } from '../../support/endpoints/proxy.ts';
import { startRawEndpoint } from '../../support/endpoints/raw-endpoint.ts';

describe('sending through a proxy (contract §6)', () => {
  const ca = createCertificateAuthority();
  let plain: Endpoint;
  let secure: Endpoint;
  let proxy: TunnelProxy;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    plain = await startEndpoint((_request, response) => void response.end('plain'));
    secure = await startEndpoint((_request, response) => void response.end('secure'), { tls: ca.issue('localhost') });
    proxy = await startProxy('us%40er:pass');
    open.push(plain, secure, proxy);
  });
  afterAll(() => Promise.all(open.map((each) => each.close())));
  afterEach(() => {
    proxy.asked.length = 0;
    plain.requests.length = 0;
    for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name];
  });

  const sender = (given: string) => senderBy(() => new URL(given));
  function senderBy(choose: SenderOptions['proxyFor'] & {}): Sender {
    const made = createSender({
      allow: parseEgressAllow('127.0.0.1,localhost'),
      own: () => [],
      userAgent: 'errand/test',
      maxBufferedBytes: 1024 * 1024,
      resolve: async () => ['127.0.0.1'],
      proxyFor: choose,
    });
    open.push(made);
    return made;
  }
  const tls = { context: createSecureContext({ ca: ca.cert }), identity: 'own', elsewhere: null };
  const send = (through: Sender, url: string, connectTimeoutMs = 2000) =>
    through.send(
      { method: 'GET', url, headers: [], body: undefined },
      { timeoutMs: 5000, connectTimeoutMs, maxBytes: 1024, tls },
    );

  it.each([
    'plain',
    'secure',
  ])('reaches a %s server, asking the proxy for the address that was checked', async (name) => {
    const endpoint = name === 'plain' ? plain : secure;
    const exchange = await send(sender(proxy.url), `${endpoint.url}/x`);
    expect(exchange).toMatchObject({ kind: 'answer', status: 200 });
    expect(proxy.asked).toEqual([`127.0.0.1:${endpoint.port}`]);
  });

  it('keeps what it may not reach from the proxy, too', async () => {
    const exchange = await send(sender(proxy.url), 'http://169.254.169.254/');
    expect(exchange).toMatchObject({ kind: 'failure', code: 'egress-blocked' });
    expect(proxy.asked).toEqual([]);
  });

  it.each([
    ['refuses its credentials', () => proxy.url.replace('us%40er', 'other'), /wants other credentials \(407\)/],
    ['is none, but a server', () => plain.url, /cannot be reached \(ECONNRESET\)/],
    ['is not there', () => 'http://127.0.0.1:2', /cannot be reached \(ECONNREFUSED\)/],
  ])('says that the proxy %s, and not with which', async (_name, url, message) => {
    const exchange = await send(sender(url()), `${plain.url}/x`);
    expect(exchange).toMatchObject({
      code: 'connect-failed',
      side: 'errand',
      retryable: true,
      message: expect.stringMatching(message),
    });
    expect(JSON.stringify(exchange)).not.toContain('pass');
  });

  it('says what is not there behind it, which is not ours to mend', async () => {
    const exchange = await send(sender(proxy.url), 'http://127.0.0.1:2/');
    expect(exchange).toMatchObject({ code: 'connect-failed', message: expect.stringContaining('it answered 502') });
    expect(exchange).not.toHaveProperty('side');
  });

  it.each([
    ['http', undefined, /^Connecting to 127/],
    ['https', 'errand', /^Connecting to the proxy 127/],
  ])('a silent proxy by %s: is it connected to', async (scheme, side, message) => {
    // TLS is a part of connecting to the one by https.
    const silent = await startRawEndpoint({});
    open.push(silent);
    const exchange = await send(sender(`${scheme}://127.0.0.1:${silent.port}`), `${plain.url}/x`, 50);
    expect(exchange).toMatchObject({ code: 'timeout', message: expect.stringMatching(message) });
    expect((exchange as ExchangeFailure).side).toBe(side);
  });

  it.each([
    'HTTP_PROXY',
    'http_proxy',
    'ALL_PROXY',
    'all_proxy',
  ])('sends nothing at all, rather than directly, where %s cannot be used', async (variable) => {
    for (const value of ['not a url', 'socks5://us:hunter2@127.0.0.1:2', 'http://us:hunter2@127.0.0.1:port', ' ']) {
      process.env[variable] = value;
      const exchange = await send(senderBy(proxyFor), `${plain.url}/x`);
      expect(exchange).toMatchObject({ code: 'connect-failed', requestSent: false });
      expect(exchange).toMatchObject({
        message: expect.stringContaining('was not connected to: the URL of the proxy'),
      });
      expect(JSON.stringify(exchange)).not.toContain('hunter2');
    }
    expect(plain.requests).toEqual([]);
  });

  it('goes by the usual variables', () => {
    process.env.HTTPS_PROXY = 'http://secure.example:3128';
    process.env.http_proxy = 'http://plain.example:3128';
    process.env.NO_PROXY = 'internal.example,.corp.example';
    expect(proxyFor('https://a.example/')).toEqual(new URL('http://secure.example:3128/'));
    expect(proxyFor('http://a.example/')).toEqual(new URL('http://plain.example:3128/'));
    expect(proxyFor('https://internal.example/')).toBeNull();
    expect(proxyFor('https://deep.corp.example/')).toBeNull();
  });
});
