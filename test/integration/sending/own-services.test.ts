import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import { answered, closedAfterEach, failed, hello, limits, request } from './harness.ts';

const { senderWith, serve, serveRaw } = closedAfterEach();

/** Whatever an operator might open: the services of Errand's own stay closed. */
const everything = parseEgressAllow('0.0.0.0/0, ::/0, localhost, own.example');

const addresses = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .filter(({ family }) => family === 'IPv4')
  .map(({ address }) => `http://${address}`);

describe('contract §6: own services are never called', () => {
  it.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://0',
    'http://[::1]',
    'http://[::]',
    'http://[::ffff:7f00:1]',
    'http://localhost',
    'http://LOCALHOST.',
    'http://own.example',
    ...addresses,
  ])('%s, although ERRAND_EGRESS_ALLOW opens it', async (base) => {
    const endpoint = await serveRaw({});
    const own = [{ what: 'own API', host: '127.0.0.1', port: endpoint.port }];
    const resolve = async () => ['127.0.0.1'];
    const sender = senderWith({ allow: everything, own: () => own, resolve });
    const url = `${base}:${endpoint.port}/v1/keys?key=s3cr3t`;
    const failure = failed(await sender.send(request(url), limits));
    expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: false });
    expect(failure.message).toMatch(/own API, which is never called/);
    expect(failure.message).not.toContain('s3cr3t');
    expect(await sender.checkEgress(url)).toEqual({ allowed: false, reason: failure.message });
    expect(endpoint.connections()).toBe(0);
  });

  it('nor by a redirect of a server that may be called', async () => {
    const inside = await serveRaw({});
    const outside = await serve((_request, response) => {
      response.writeHead(302, { location: `http://localhost:${inside.port}/v1/keys` }).end();
    });
    const own = [{ what: 'own database', host: 'localhost', port: inside.port }];
    const sender = senderWith({ allow: everything, own: () => own });
    const failure = failed(await sender.send(request(outside.url), limits));
    expect(failure).toMatchObject({ code: 'egress-blocked', requestSent: true });
    expect(failure.message).toContain(`localhost:${inside.port} is Errand's own database`);
    expect(inside.connections()).toBe(0);
  });

  it('but other ports of the same machine are', async () => {
    const endpoint = await serve(hello);
    const own = [{ what: 'own API', host: '0.0.0.0', port: endpoint.port === 3000 ? 3001 : 3000 }];
    answered(await senderWith({ own: () => own }).send(request(endpoint.url), limits));
    expect(endpoint.requests).toHaveLength(1);
  });

  it('while a service on that port does not resolve, the exchange is tried again later', async () => {
    const endpoint = await serveRaw({});
    const own = [{ what: 'own Redis', host: 'redis.internal', port: endpoint.port }];
    const resolve = async () => Promise.reject(Object.assign(new Error(), { code: 'EAI_AGAIN' }));
    const sender = senderWith({ own: () => own, resolve });
    const failure = failed(await sender.send(request(endpoint.url), limits));
    expect(failure).toMatchObject({ code: 'dns-failed', retryable: true, requestSent: false });
    expect(await sender.checkEgress(endpoint.url)).toMatchObject({ allowed: null });
    expect(endpoint.connections()).toBe(0);
  });
});
