import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { command } from './support/routes.ts';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

const patience = { headersMs: 400, bodyMs: 400, readingMs: 400, answerMs: 60_000 };
/** More than the kernel's buffers of both ends take. */
const large = randomBytes(24 * 1024 * 1024);

let running: RunningApi;
let result: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  running = await startApi(() => ({ patience }));
  await running.call('PUT', '/v1/integrations/acme', { body: { name: 'Acme', type: 'custom' } });
  await running.call('PUT', '/v1/integrations/acme/commands/GetInvoiceImage', { body: command });
  const body = { integration: 'acme', command: 'GetInvoiceImage' };
  const { id } = (await running.call('POST', '/v1/invocations', { body })).json;
  running.invocations.end(id, { bytes: large, contentType: 'application/octet-stream' });
  result = `/v1/invocations/${id}/result`;
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => running.stop());

/** A connection to the API, and what came back on it until it ended. */
async function open(url = running.url) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  let text = '';
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  return {
    socket,
    ended,
    /** Begins to read. */
    read() {
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
    },
  };
}

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: errand', `Authorization: Bearer ${adminKey}`, ...headers, '', ''].join('\r\n');

/** Writes a byte every 50 ms, until the connection is over. */
function trickle(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || !socket.writable) clearInterval(timer);
    else socket.write(text[at++ % text.length] ?? '');
  }, 50);
  socket.once('close', () => clearInterval(timer));
}

describe('contract §3: a client that takes its time', () => {
  it('over its connection, saying nothing, is sent away', async () => {
    const { ended, read } = await open();
    read();
    expect(await ended).toMatch(/^HTTP\/1\.1 408 [\s\S]*urn:errand:problem:request-timeout/);
  });

  it('over its headers is sent away, however regularly they come', async () => {
    const { socket, ended, read } = await open();
    read();
    socket.write('GET /healthz HTTP/1.1\r\nHost: errand\r\nX-Slow: ');
    trickle(socket, 'x');
    expect(await ended).toMatch(/^HTTP\/1\.1 408 [\s\S]*urn:errand:problem:request-timeout/);
  });

  it('over a body is sent away, however regularly it comes', async () => {
    const { socket, ended, read } = await open();
    read();
    socket.write(head('PUT /v1/integrations/slow', 'Content-Type: application/json', 'Content-Length: 10000'));
    trickle(socket, ' ');
    expect(await ended).toMatch(/^HTTP\/1\.1 408 [\s\S]*urn:errand:problem:request-timeout/);
    expect((await running.call('GET', '/v1/integrations/slow')).status).toBe(404);
  });

  it('between the lines of a batch is sent away, and nothing of it is kept', async () => {
    const { socket, ended, read } = await open();
    read();
    const path = 'POST /v1/batches?integration=acme&command=GetInvoiceImage&run=slow';
    socket.write(head(path, 'Content-Type: application/x-ndjson', 'Content-Length: 100000'));
    socket.write('{"tokens":{"InvoiceNumber":"1"}}\n');
    expect(await ended).toMatch(/^HTTP\/1\.1 408 [\s\S]*urn:errand:problem:request-timeout/);
    await expect.poll(async () => (await running.call('GET', '/v1/batches?run=slow')).json.items).toEqual([]);
  });

  it('over reading its answer loses the connection, and does not hold what lies in memory for it', async () => {
    const accepted = once(running.api.fastify.server, 'connection') as Promise<[Socket]>;
    const { socket, ended } = await open();
    const [held] = await accepted;
    const gone = once(held, 'close');
    socket.pause();
    socket.write(head(`GET ${result}`));
    await gone;
    socket.resume();
    await ended;
    expect(socket.bytesRead).toBeLessThan(large.length);
  });

  it('but reads on gets the whole answer', async () => {
    const { socket, ended, read } = await open();
    socket.pause();
    socket.write(head(`GET ${result}`, 'Connection: close'));
    // Reading and pausing in turns takes longer than the patience with who reads nothing.
    const timer = setInterval(() => (socket.isPaused() ? socket.resume() : socket.pause()), 20);
    read();
    socket.pause();
    const text = await ended;
    clearInterval(timer);
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(large.length);
  });

  it('is not one that waits for its invocation', async () => {
    const body = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'waits' } };
    const startedAt = performance.now();
    const answer = await running.call('POST', '/v1/invocations', { body, headers: { prefer: 'wait=1' } });
    expect([answer.status, performance.now() - startedAt > 900]).toEqual([202, true]);
  });
});

describe('contract §3: an answer that takes too long as a whole', () => {
  it('ends, although its client reads a little of it now and then', async () => {
    const strict = await startApi(() => ({ patience: { ...patience, answerMs: 300 } }));
    try {
      await strict.call('PUT', '/v1/integrations/acme', { body: { name: 'Acme', type: 'custom' } });
      await strict.call('PUT', '/v1/integrations/acme/commands/GetInvoiceImage', { body: command });
      const body = { integration: 'acme', command: 'GetInvoiceImage' };
      const { id } = (await strict.call('POST', '/v1/invocations', { body })).json;
      strict.invocations.end(id, { bytes: large, contentType: 'application/octet-stream' });
      const { socket, ended } = await open(strict.url);
      socket.write(head(`GET /v1/invocations/${id}/result`));
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        socket.pause();
        setTimeout(() => socket.resume(), 20);
      });
      await ended;
      expect(bytes).toBeLessThan(large.length);
    } finally {
      await strict.stop();
    }
  });
});
