import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, ApiUnreachable, createClient } from '../../../src/client/index.ts';

const head = { integration: 'acme', command: 'GetInvoiceImage' };
const item = { tokens: { InvoiceNumber: 'x'.repeat(1000) } };

describe('items that are streamed to the API (contract §3)', () => {
  let server: Server;

  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('are sent while they are made, never all in memory', async () => {
    let received = 0;
    let made = 0;
    let furthestAhead = 0;
    const url = await serve(async (request, response) => {
      for await (const chunk of request) received += (chunk as Buffer).byteLength;
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"id":"b1"}');
    });
    const line = JSON.stringify(item).length + 1;
    function* many() {
      for (; made < 100_000; made += 1) {
        furthestAhead = Math.max(furthestAhead, made * line - received);
        yield item;
      }
    }
    const client = createClient({ url, apiKey: 'k' });
    expect(await client.enqueueBatch({ ...head, items: many() })).toEqual({ id: 'b1' });
    expect(received).toBe(100_000 * line);
    // 100 MB went; sockets' buffers and ours hold a few.
    expect(furthestAhead).toBeLessThan(20_000_000);
  });

  it('end with the answer of an API that refuses before it has read them', async () => {
    const url = await serve((_request, response) => {
      const problem = { type: 'urn:errand:problem:not-found', title: 'n', status: 404, detail: 'No such integration.' };
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    });
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield item;
      } finally {
        closed = true;
      }
    }
    const enqueueing = createClient({ url, apiKey: 'k' }).enqueueBatch({ ...head, items: endless() });
    await expect(enqueueing).rejects.toThrow(ApiError);
    await expect(enqueueing).rejects.toMatchObject({ type: 'not-found' });
    expect(closed).toBe(true);
  });

  it('break off, rather than end, where their source fails', async () => {
    const outcome = Promise.withResolvers<string>();
    const url = await serve((request) => outcome.resolve(howItEnded(request)));
    async function* failing() {
      const arrived = once(server, 'request');
      for (let count = 0; count < 1000; count += 1) yield item;
      // Not before the API has the request, so that there is something to break off.
      await arrived;
      throw new Error('the cursor is gone');
    }
    const enqueueing = createClient({ url, apiKey: 'k' }).enqueueBatch({ ...head, items: failing() });
    const rejected = expect(enqueueing).rejects.toThrow('the cursor is gone');
    expect(await outcome.promise).toBe('broken off');
    await rejected;
  });

  it('break off where the caller has enough', async () => {
    const outcome = Promise.withResolvers<string>();
    const stopping = new AbortController();
    const url = await serve((request) => {
      outcome.resolve(howItEnded(request));
      stopping.abort(new Error('enough'));
    });
    async function* endless() {
      for (;;) yield item;
    }
    const client = createClient({ url, apiKey: 'k' });
    const enqueueing = client.enqueueBatch({ ...head, items: endless() }, { signal: stopping.signal });
    await expect(enqueueing).rejects.toThrow('enough');
    expect(await outcome.promise).toBe('broken off');
  });

  it('are given up where the API takes nothing, or does not answer', async () => {
    const url = await serve((request) => void request.pause());
    const client = createClient({ url, apiKey: 'k', timeoutMs: 200 });
    async function* endless() {
      for (;;) yield item;
    }
    await expect(client.enqueueBatch({ ...head, items: endless() })).rejects.toThrow(ApiUnreachable);
    await expect(client.enqueueBatch({ ...head, items: [item].values() })).rejects.toThrow(ApiUnreachable);
  });
});

async function howItEnded(request: IncomingMessage): Promise<string> {
  try {
    for await (const _chunk of request);
    return 'whole';
  } catch {
    return 'broken off';
  }
}
