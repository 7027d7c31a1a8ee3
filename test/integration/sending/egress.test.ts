import { lookup } from 'node:dns/promises';
import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import { closedAfterEach, failed, hello, limits, request } from './harness.ts';

const { senderWith, serve, serveRaw } = closedAfterEach();

describe('contract §6: egress', () => {
  it('a name that turns private after it was checked never reaches a private listener', async () => {
    const endpoint = await serve(hello);
    const answers = [['192.0.2.1'], ['127.0.0.1'], ['93.184.216.34', '127.0.0.1']];
    const resolve = async () => answers.shift() ?? ['127.0.0.1'];
    const sender = senderWith({ allow: parseEgressAllow('192.0.2.1'), resolve });
    const url = `http://rebind.example:${endpoint.port}/`;
    expect((await sender.checkEgress(url)).allowed).toBe(true);
    for (let round = 0; round < 3; round += 1) {
      const failure = failed(await sender.send(request(url), limits));
      expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: false });
    }
    expect(endpoint.requests).toHaveLength(0);
  });

  it.each([
    'http://127.0.0.1',
    'http://0x7f.1',
    'http://[::ffff:127.0.0.1]',
    'http://localhost',
  ])('%s is blocked without ERRAND_EGRESS_ALLOW', async (base) => {
    const endpoint = await serveRaw({});
    const sender = senderWith({ allow: parseEgressAllow('') });
    const failure = failed(await sender.send(request(`${base}:${endpoint.port}/?key=s3cr3t`), limits));
    expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: false });
    expect(failure.message).not.toContain('s3cr3t');
    expect(endpoint.connections()).toBe(0);
  });

  it.each([
    'http://localhost',
    'http://LOCALHOST.',
  ])('%s is judged as the address that it resolves to', async (base) => {
    const endpoint = await serve(hello);
    const url = `${base}:${endpoint.port}/`;
    const addresses = (await lookup('localhost', { all: true })).map(({ address }) => address).join();
    const sender = senderWith({ allow: parseEgressAllow(addresses) });
    expect(await sender.checkEgress(url)).toMatchObject({ allowed: true });
    expect(await sender.send(request(url), limits)).toMatchObject({ status: 200 });
    const strict = senderWith({ allow: parseEgressAllow('') });
    expect(await strict.checkEgress(url)).toMatchObject({ allowed: false });
    expect(failed(await strict.send(request(url), limits)).code).toBe('egress-blocked');
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each(['http://127.0.0.1:25/', 'ftp://127.0.0.1/', 'nonsense'])('%s is blocked in any case', async (url) => {
    expect(failed(await senderWith().send(request(url), limits)).code).toBe('egress-blocked');
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('dns-nxdomain, dns-servfail: %s is retryable', async (code) => {
    const resolve = async () => Promise.reject(Object.assign(new Error(code), { code }));
    const failure = failed(await senderWith({ resolve }).send(request('http://gone.example/'), limits));
    expect(failure).toMatchObject({ code: 'dns-failed', retryable: true, requestSent: false });
    expect(failure.message).toContain('gone.example');
  });

  it('a resolver that does not answer is a time-out', async () => {
    const sender = senderWith({ resolve: () => new Promise(() => {}) });
    const options = { ...limits, connectTimeoutMs: 30 };
    const failure = failed(await sender.send(request('http://slow.example/'), options));
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, requestSent: false });
  });
});
