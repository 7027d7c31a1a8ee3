import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy that tunnels by CONNECT (RFC 9110 §9.3.6), and nothing else. Where it refuses, it repeats the credentials. */
export type TunnelProxy = {
  url: string;
  /** What it was asked for: `127.0.0.1:1234`. */
  asked: string[];
  close(): Promise<void>;
};

/** @param credentials `user:password` as in a URL, if it demands some */
export async function startProxy(credentials: string | null = null): Promise<TunnelProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on('connect', (request, client: Socket, head) => {
    sockets.add(client);
    client.on('error', () => {});
    asked.push(request.url ?? '');
    const shown = request.headers['proxy-authorization'];
    const refuse = (status: string) => client.end(`HTTP/1.1 ${status}\r\nX-Shown: ${shown}\r\n\r\n${shown}`);
    const wanted =
      credentials === null ? undefined : `Basic ${Buffer.from(decodeURIComponent(credentials)).toString('base64')}`;
    if (shown !== wanted) return void refuse('407 Proxy Authentication Required');
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => refuse('502 Bad Gateway'));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://${credentials === null ? '' : `${credentials}@`}127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
