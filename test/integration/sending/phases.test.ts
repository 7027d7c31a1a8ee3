import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import { createCertificateAuthority } from '../../support/endpoints/certificates.ts';
import { startEndpoint } from '../../support/endpoints/endpoint.ts';
import { answered, closedAfterEach, failed, hello, limits, request } from './harness.ts';

const { senderWith, serve, serveRaw } = closedAfterEach();

/** A timer may fire a moment early by another clock. */
const waitMs = 60;
const waited = waitMs - 5;
const wait = () => new Promise((later) => setTimeout(later, waitMs));
const measured = expect.any(Number);
const slowResolver = async () => {
  await wait();
  return ['127.0.0.1'];
};
const kept = { dnsMs: null, connectMs: null, tlsMs: null };

async function refusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe('contract §3: the phases of an exchange', () => {
  it('are all there on a new connection, and the connection belongs to the first request on it', async () => {
    const endpoint = await serve(hello);
    const sender = senderWith({ allow: parseEgressAllow('slow.example'), resolve: slowResolver });
    const send = async () =>
      answered(await sender.send(request(`http://slow.example:${endpoint.port}/`), limits)).phases;
    const first = await send();
    const whole = { firstByteMs: measured, bodyMs: measured };
    expect(first).toEqual({ dnsMs: measured, connectMs: measured, tlsMs: null, ...whole });
    expect(first?.dnsMs).toBeGreaterThanOrEqual(waited);
    expect(await send()).toEqual({ ...kept, ...whole });
  });

  it('of requests at the same time are each their own', async () => {
    const endpoint = await serve(hello);
    const sender = senderWith();
    const send = () => sender.send(request(endpoint.url), limits);
    const both = (await Promise.all([send(), send()])).map(answered);
    expect(both.map(({ phases }) => phases?.connectMs)).toEqual([measured, measured]);
    expect(new Set(endpoint.requests.map(({ clientPort }) => clientPort)).size).toBe(2);
  });

  it('tell a server that thinks from one that writes slowly', async () => {
    const endpoint = await serve(async ({ url }, response) => {
      if (url === '/thinks') await wait();
      response.write('a');
      if (url === '/writes') await wait();
      response.end('b');
    });
    const phasesOf = async (path: string) =>
      answered(await senderWith().send(request(endpoint.url + path), limits)).phases;
    expect((await phasesOf('/thinks'))?.firstByteMs).toBeGreaterThanOrEqual(waited);
    expect((await phasesOf('/writes'))?.bodyMs).toBeGreaterThanOrEqual(waited);
  });

  it('count a head that comes slowly from its first byte on, and not from an interim one', async () => {
    const endpoint = await serveRaw({
      request: async (socket) => {
        socket.write('HTTP/1.1 103 Early Hints\r\n\r\n');
        await wait();
        socket.write('HTTP/1.1 200 OK\r\nContent-Len');
        await wait();
        socket.write('gth: 0\r\n\r\n');
      },
    });
    const { phases } = answered(await senderWith().send(request(endpoint.url), limits));
    expect(phases?.firstByteMs).toBeGreaterThanOrEqual(waited);
    expect(phases?.bodyMs).toBeGreaterThanOrEqual(waited);
  });

  it('have TLS over https', async () => {
    const authority = createCertificateAuthority();
    setDefaultCACertificates([...getCACertificates('default'), authority.cert]);
    const endpoint = await startEndpoint(hello, { tls: authority.issue('localhost') });
    const sender = senderWith({ resolve: async () => ['127.0.0.1'] });
    const { phases } = answered(await sender.send(request(endpoint.url), limits));
    expect(phases).toEqual({
      dnsMs: measured,
      connectMs: measured,
      tlsMs: measured,
      firstByteMs: measured,
      bodyMs: measured,
    });
    await endpoint.close();
  });

  it('are those of the last hop', async () => {
    const endpoint = await serve(async ({ url }, response) => {
      if (url === '/there') return void response.end('arrived');
      await wait();
      response.writeHead(302, { location: '/there' }).end();
    });
    const { phases } = answered(await senderWith().send(request(endpoint.url), limits));
    expect(phases).toEqual({ ...kept, firstByteMs: measured, bodyMs: measured });
  });

  it('are those of the hop that redirected, where the next one is refused', async () => {
    const endpoint = await serve(async (_request, response) => {
      await wait();
      response.writeHead(302, { location: 'http://127.0.0.1:25/' }).end();
    });
    const { phases } = failed(await senderWith().send(request(endpoint.url), limits));
    expect(phases?.firstByteMs).toBeGreaterThanOrEqual(waited);
  });
});

describe('contract §3: the phases of an exchange that failed are those that it came to', () => {
  const nothing = { ...kept, firstByteMs: null, bodyMs: null };

  it('a name that does not resolve in time', async () => {
    const sender = senderWith({ resolve: () => new Promise(() => {}) });
    const { phases } = failed(
      await sender.send(request('http://slow.example/'), { ...limits, connectTimeoutMs: waitMs }),
    );
    expect(phases).toEqual({ ...nothing, dnsMs: measured });
    expect(phases?.dnsMs).toBeGreaterThanOrEqual(waited);
  });

  it('a connection that is refused', async () => {
    const { phases } = failed(await senderWith().send(request(`http://127.0.0.1:${await refusedPort()}/`), limits));
    expect(phases).toEqual({ ...nothing, dnsMs: measured, connectMs: measured });
  });

  it('a connection to which nobody says anything', async () => {
    const silent = await silentPort();
    const { phases, code, message } = failed(
      await senderWith({ egressIps: ['203.0.113.7'] }).send(request(`http://127.0.0.1:${silent.port}/`), {
        ...limits,
        connectTimeoutMs: waitMs,
      }),
    );
    await silent.close();
    expect([code, message]).toEqual(['timeout', expect.stringContaining('requests come from 203.0.113.7: has their')]);
    expect(phases).toEqual({ ...nothing, dnsMs: measured, connectMs: measured });
    expect(phases?.connectMs).toBeGreaterThanOrEqual(waited);
  });

  it('a handshake that is never finished', async () => {
    const endpoint = await serveRaw({});
    const sender = senderWith({ resolve: async () => ['127.0.0.1'] });
    const url = `https://localhost:${endpoint.port}`;
    const { phases } = failed(await sender.send(request(url), { ...limits, connectTimeoutMs: waitMs }));
    expect(phases).toEqual({ ...nothing, dnsMs: measured, connectMs: measured, tlsMs: measured });
  });

  it('an answer that does not come, and one that does not end', async () => {
    const endpoint = await serve(({ url }, response) => void (url === '/writes' && response.write('a')));
    const sender = senderWith();
    const send = async (path: string) =>
      failed(await sender.send(request(endpoint.url + path), { ...limits, timeoutMs: waitMs })).phases;
    expect(await send('/')).toEqual({ ...nothing, dnsMs: measured, connectMs: measured, firstByteMs: measured });
    expect(await send('/writes')).toMatchObject({ firstByteMs: measured, bodyMs: measured });
  });

  it('none, where the destination is refused', async () => {
    const { phases } = failed(await senderWith().send(request('http://127.0.0.1:25/'), limits));
    expect(phases).toEqual(nothing);
  });
});

/** A port that takes no connections any more: the kernel keeps two for a thread that never comes for them. */
async function silentPort() {
  const worker = new Worker(
    `const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       require('node:worker_threads').parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const sockets = [1, 2].map(() => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
}

describe('contract §6: a server that is not reached', () => {
  it.each([
    [[], ''],
    [['203.0.113.7'], ". Errand's requests come from 203.0.113.7: has their firewall let it in?"],
    [
      ['203.0.113.7', '2001:db8::/64'],
      ". Errand's requests come from 203.0.113.7 or 2001:db8::/64: has their firewall let them in?",
    ],
  ])('may not have let in %j', async (egressIps, hint) => {
    const port = await refusedPort();
    const { message } = failed(await senderWith({ egressIps }).send(request(`http://127.0.0.1:${port}/`), limits));
    expect(message).toBe(`Connecting to 127.0.0.1:${port} was refused${hint}`);
  });

  it('may say anything else for which no firewall is to blame', async () => {
    const endpoint = await serve(() => undefined);
    const sender = senderWith({ egressIps: ['203.0.113.7'] });
    const { message } = failed(await sender.send(request(endpoint.url), { ...limits, timeoutMs: waitMs }));
    expect(message).toMatch(/did not answer within 60 ms$/);
  });
});
