import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../support/endpoints/certificates.ts';
import { startEndpoint } from '../../support/endpoints/endpoint.ts';
import { faults } from '../../support/endpoints/faults.ts';
import { startRawEndpoint } from '../../support/endpoints/raw-endpoint.ts';
import { answered, failed, limits, loopbackSender, request, textOf } from './harness.ts';

const authority = createCertificateAuthority();
const local = authority.issue('localhost');
const sender = loopbackSender({ resolve: async () => ['127.0.0.1'] });
const permanent = { code: 'tls-failed', retryable: false, requestSent: false };
const cleanUp: (() => Promise<void>)[] = [];

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), authority.cert]));
afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});
afterAll(() => sender.close());

async function callHttps(tls: {
  key: string;
  cert: string;
  minVersion?: 'TLSv1';
  maxVersion?: 'TLSv1.1';
  ciphers?: string;
}) {
  const endpoint = await startEndpoint((_request, response) => void response.end('hello'), { tls });
  cleanUp.push(endpoint.close);
  return { exchange: await sender.send(request(endpoint.url), limits), endpoint };
}

describe('contract §6: https', () => {
  it('calls a server whose certificate is for its name, and keeps the connection', async () => {
    const { exchange, endpoint } = await callHttps(local);
    expect(textOf(answered(exchange).body)).toBe('hello');
    answered(await sender.send(request(endpoint.url), limits));
    const [first, second] = endpoint.requests;
    expect(first?.header('host')).toBe(`localhost:${endpoint.port}`);
    expect(second?.clientPort).toBe(first?.clientPort);
  });

  it('tls-expired', async () => {
    const failure = failed((await callHttps(authority.issue('localhost', { expired: true }))).exchange);
    expect(failure).toMatchObject(permanent);
    expect(failure.message).toContain('expired');
  });

  it('tls-untrusted', async () => {
    const stranger = createCertificateAuthority('A stranger').issue('localhost');
    expect(failed((await callHttps(stranger)).exchange)).toMatchObject(permanent);
  });

  it('tls-wrong-host', async () => {
    const failure = failed((await callHttps(authority.issue('other.example'))).exchange);
    expect(failure).toMatchObject(permanent);
    expect(failure.message).toContain('another name');
  });

  it('tls-old-version', async () => {
    const old = { ...local, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(failed((await callHttps(old)).exchange)).toMatchObject(permanent);
  });

  it('https-to-plain-port', async () => {
    const endpoint = await startEndpoint((_request, response) => void response.end('hello'));
    cleanUp.push(endpoint.close);
    const failure = failed(await sender.send(request(`https://localhost:${endpoint.port}`), limits));
    expect(failure).toMatchObject(permanent);
    expect(failure.message).toContain('does not speak TLS');
  });

  it('a handshake that never finishes is a time-out before anything was sent, and its connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    const endpoint = await startRawEndpoint({
      connected: (socket) => void socket.once('close', () => closed.resolve()),
    });
    cleanUp.push(endpoint.close);
    const options = { ...limits, connectTimeoutMs: 100 };
    const failure = failed(await sender.send(request(`https://localhost:${endpoint.port}`), options));
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, requestSent: false });
    expect(failure.message).toContain('TLS handshake');
    await closed.promise;
  });

  it('a connection that is cut in the handshake is retryable', async () => {
    const endpoint = await startRawEndpoint({ connected: (socket) => void socket.resetAndDestroy() });
    cleanUp.push(endpoint.close);
    const failure = failed(await sender.send(request(`https://localhost:${endpoint.port}`), limits));
    expect(failure).toMatchObject({ code: 'connect-failed', retryable: true, requestSent: false });
  });

  it('close-delimited-reset is no success over TLS either', async () => {
    const endpoint = await startRawEndpoint(faults['close-delimited-reset'], local);
    cleanUp.push(endpoint.close);
    const failure = failed(await sender.send(request(endpoint.url), limits));
    expect(failure).toMatchObject({ code: 'protocol-error', retryable: true, requestSent: true });
  });

  // Node does not tell whether TLS was closed with notice (RFC 9112 §9.8), and many servers give none.
  it('close-delimited-cut: a connection that ends without the notice of TLS is an answer, but unframed', async () => {
    const endpoint = await startRawEndpoint(faults['close-delimited-cut'], local);
    cleanUp.push(endpoint.close);
    const answer = answered(await sender.send(request(endpoint.url), limits));
    expect(answer.framed).toBe(false);
  });

  it('speaks HTTP/1.1 with a server that offers HTTP/2 first', async () => {
    const versions: string[] = [];
    const server = createSecureServer({ ...local, allowHTTP1: true }, (incoming, response) => {
      versions.push(incoming.httpVersion);
      response.end('hello');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    cleanUp.push(() => new Promise((closed) => void server.close(() => closed())));
    const { port } = server.address() as AddressInfo;
    const rendered = request(`https://localhost:${port}`);
    answered(await sender.send(rendered, { ...limits, freshConnection: true }));
    expect(versions).toEqual(['1.1']);
  });

  it('does not follow a redirect to plain http', async () => {
    const plain = await startEndpoint((_request, response) => void response.end('forged'));
    const secure = await startEndpoint(
      (_request, response) => void response.writeHead(302, { location: plain.url }).end(),
      { tls: local },
    );
    cleanUp.push(plain.close, secure.close);
    expect(answered(await sender.send(request(secure.url), limits)).status).toBe(302);
    expect(plain.requests).toHaveLength(0);
  });
});
