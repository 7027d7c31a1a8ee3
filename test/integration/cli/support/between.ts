import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What is done with a request instead of passing it on; `false`: it is passed on. */
export type Meddle = (request: IncomingMessage, response: ServerResponse) => Promise<boolean> | boolean;

/** Stands between a client and the API: passes on what `meddle` does not take. */
export async function startBetween(api: string, meddle: Meddle) {
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (await meddle(request, response)) return;
    const { method = 'GET', url = '/', headers } = request;
    const passed = Object.entries(headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name));
    const answer = await fetch(api + url, {
      method,
      headers: passed.map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length === 0 ? {} : { body }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
