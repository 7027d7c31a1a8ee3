import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import { answered, closedAfterEach, failed, hello, limits, request } from './harness.ts';

const { senderWith, serve, serveRaw } = closedAfterEach();
const fresh = { ...limits, freshConnection: true };

/** Answers one list of addresses after the other, the last one for ever; counts how often it was asked. */
function answering(...answers: string[][]) {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return answers[Math.min(asked.length, answers.length) - 1] ?? [];
  };
  return { asked, resolve };
}

describe('contract §6: a name that changes its address', () => {
  it('is asked once for each connection, which goes to the address that was checked', async () => {
    // 127.0.0.1 stands for a public address, and 127.0.0.2 behind the same port for a private one.
    const endpoint = await serve(hello);
    const { asked, resolve } = answering(['127.0.0.1'], ['127.0.0.2']);
    const sender = senderWith({ allow: parseEgressAllow('127.0.0.1'), resolve });
    const url = `http://rebind.example:${endpoint.port}/`;
    answered(await sender.send(request(url), limits));
    expect(asked).toEqual(['rebind.example']);
    // On the kept connection: nothing is resolved, so nothing can change.
    answered(await sender.send(request(url), limits));
    expect(asked).toHaveLength(1);
    const failure = failed(await sender.send(request(url), fresh));
    expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: false });
    expect(asked).toHaveLength(2);
    expect(endpoint.requests.map((each) => each.header('host'))).toEqual(
      Array(2).fill(`rebind.example:${endpoint.port}`),
    );
  });

  it('does not reach a private address that the next question would have had', async () => {
    const inside = await serveRaw({});
    // The first answer refuses connections: a sender that asks again for another address would be led inside.
    const { asked, resolve } = answering(['127.0.0.9'], ['127.0.0.1']);
    const sender = senderWith({ allow: parseEgressAllow('127.0.0.9'), resolve });
    const failure = failed(await sender.send(request(`http://rebind.example:${inside.port}/`), limits));
    expect(failure).toMatchObject({ code: 'connect-failed', requestSent: false });
    expect(asked).toHaveLength(1);
    expect(inside.connections()).toBe(0);
  });

  it.each([
    ['93.184.216.34', '127.0.0.1'],
    ['127.0.0.1', '93.184.216.34'],
    ['2606:2800:220:1::1', '::ffff:127.0.0.1'],
    ['93.184.216.34', '2606:2800:220:1::1', '::1'],
    ['93.184.216.34', '64:ff9b::7f00:1'],
    ['93.184.216.34', '2002:7f00:1::'],
    ['93.184.216.34', 'fe80::1%lo'],
    ['93.184.216.34', '0.0.0.0'],
    ['93.184.216.34', '::'],
    ['93.184.216.34', 'not an address'],
  ])('is refused whole where it mixes %s with %s', async (...addresses) => {
    const inside = await serveRaw({});
    const { resolve } = answering(addresses);
    const sender = senderWith({ allow: parseEgressAllow(''), resolve });
    const failure = failed(await sender.send(request(`http://mixed.example:${inside.port}/`), limits));
    expect(failure).toMatchObject({ code: 'egress-blocked', requestSent: false });
    expect(inside.connections()).toBe(0);
  });

  it.each([
    ['http://inside.example', '127.0.0.1'],
    ['http://169.254.169.254', ''],
    ['http://metadata.google.internal', '169.254.169.254'],
    ['http://[fd00:ec2::254]', ''],
    ['http://[::ffff:169.254.169.254]', ''],
    ['http://[fe80::1]', ''],
    ['http://0x7f.0.0.1', ''],
    ['http://017700000001', ''],
    ['http://2130706433', ''],
    ['http://localhost.', '127.0.0.1'],
    ['http://a.localhost', '93.184.216.34'],
    ['http://[::]', ''],
    ['http://0', ''],
    ['http://[64:ff9b::7f00:1]', ''],
    ['http://[64:ff9b:1::7f00:1]', ''],
    ['http://[2002:7f00:1::]', ''],
  ])('no redirect leads to %s', async (location, address) => {
    const inside = await serveRaw({});
    const target = `${location}:${inside.port}/`;
    const outside = await serve((_request, response) => void response.writeHead(302, { location: target }).end());
    const allow = parseEgressAllow('outside.example');
    const resolve = async (name: string) => [name === 'outside.example' ? '127.0.0.1' : address];
    const sender = senderWith({ allow, resolve });
    const failure = failed(await sender.send(request(`http://outside.example:${outside.port}/`), limits));
    expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: true });
    expect(outside.requests).toHaveLength(1);
    expect(inside.connections()).toBe(0);
  });
});
