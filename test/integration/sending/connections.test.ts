import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import { answered, closedAfterEach, failed, hello, limits, request } from './harness.ts';

const { senderWith, serve, serveRaw } = closedAfterEach();

describe('contract §6: connections', () => {
  it('are kept and used again, but not where a fresh one is asked for', async () => {
    const endpoint = await serve(hello);
    const sender = senderWith();
    for (const freshConnection of [false, false, true, false]) {
      answered(await sender.send(request(endpoint.url), { ...limits, freshConnection }));
    }
    const [first, second, third, fourth] = endpoint.requests.map(({ clientPort }) => clientPort);
    expect([second, fourth]).toEqual([first, first]);
    expect(third).not.toBe(first);
    expect(endpoint.requests[2]?.header('connection')).toBe('close');
  });

  it('keepalive-close-race: a kept connection that closes on the request is a retryable failure, sent once', async () => {
    const endpoint = await serveRaw({
      request: (socket, _head, ordinal) => {
        if (ordinal === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else socket.resetAndDestroy();
      },
    });
    const sender = senderWith();
    answered(await sender.send(request(endpoint.url), limits));
    const failure = failed(await sender.send(request(endpoint.url), limits));
    expect(failure).toMatchObject({ code: 'connect-failed', retryable: true, requestSent: true });
    expect(endpoint.requests).toHaveLength(2);
  });

  it.each([
    'end',
    'reset',
  ] as const)('a kept connection that met its %s meanwhile is replaced without a failure', async (how) => {
    const sockets: Socket[] = [];
    const endpoint = await serveRaw({
      connected: (socket) => void sockets.push(socket),
      request: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    });
    const sender = senderWith();
    for (let round = 0; round < 5; round += 1) {
      answered(await sender.send(request(endpoint.url), limits));
      if (how === 'end') {
        sockets.at(-1)?.end();
        await new Promise((closed) => sockets.at(-1)?.once('close', closed));
      } else {
        // In the check phase: the loop then reads the reset after the next request has taken the connection, but
        // before that is written.
        await new Promise((checked) => setImmediate(checked));
        sockets.at(-1)?.resetAndDestroy();
      }
    }
    expect(endpoint.connections()).toBe(5);
    expect(endpoint.requests).toHaveLength(5);
  });

  it('go to the address that answers when another one is refused', async () => {
    const endpoint = await serve(hello);
    const allow = parseEgressAllow('127.0.0.0/8');
    const sender = senderWith({ allow, resolve: async () => ['127.0.0.9', '127.0.0.1'] });
    answered(await sender.send(request(`http://two.example:${endpoint.port}/`), limits));
    expect(endpoint.requests[0]?.header('host')).toBe(`two.example:${endpoint.port}`);
  });

  it('share the question for a name that is being asked', async () => {
    const endpoint = await serve(hello);
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      await new Promise((later) => setImmediate(later));
      return ['127.0.0.1'];
    };
    const sender = senderWith({ resolve });
    const call = () =>
      sender.send(request(`http://one.example:${endpoint.port}/`), { ...limits, freshConnection: true });
    for (const exchange of await Promise.all([call(), call(), call()])) answered(exchange);
    expect(asked).toBe(1);
    answered(await call());
    expect(asked).toBe(2);
  });
});
