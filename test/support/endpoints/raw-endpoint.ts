import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What a raw endpoint does with its connections, byte by byte. */
export type RawScript = {
  /** A connection was made; nothing has been read yet. */
  connected?: (socket: Socket) => void;
  /** A whole request (head, and body by its Content-Length) has come; `ordinal` counts them per connection from 1. */
  request?: (socket: Socket, head: string, ordinal: number) => void;
};

export type RawEndpoint = {
  /** `http://127.0.0.1:port`, or `https://localhost:port` with TLS. */
  readonly url: string;
  readonly port: number;
  /** The heads of the requests, over all connections. */
  readonly requests: string[];
  /** How many connections were made. */
  connections(): number;
  close(): Promise<void>;
};

/** The TCP sockets under TLS ones. */
const underneath = new WeakMap<Socket, Socket>();

/** Ends a connection with an RST, also one with TLS. */
export function resetConnection(socket: Socket): void {
  (underneath.get(socket) ?? socket).resetAndDestroy();
}

/** Ends a connection with a FIN; one with TLS without the notice that TLS wants before it. */
export function cutConnection(socket: Socket): void {
  (underneath.get(socket) ?? socket).destroy();
}

/** A TCP (or TLS) server on loopback that answers with whatever bytes its script writes: for what HTTP forbids. */
export async function startRawEndpoint(script: RawScript, tls?: TlsOptions): Promise<RawEndpoint> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const track = (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => {});
  };
  const serve = (socket: Socket) => {
    connections += 1;
    track(socket);
    script.connected?.(socket);
    let pending = Buffer.alloc(0);
    let ordinal = 0;
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let head = wholeRequest(pending); head !== undefined; head = wholeRequest(pending)) {
        pending = pending.subarray(head.bytes);
        requests.push(head.text);
        ordinal += 1;
        script.request?.(socket, head.text, ordinal);
      }
    });
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  if (tls !== undefined) {
    const bare = new Map<number | undefined, Socket>();
    server.on('connection', (socket: Socket) => {
      track(socket);
      bare.set(socket.remotePort, socket);
    });
    server.on('secureConnection', (socket: Socket) => {
      const tcp = bare.get(socket.remotePort);
      if (tcp !== undefined) underneath.set(socket, tcp);
      bare.delete(socket.remotePort);
    });
    server.on('tlsClientError', () => {});
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    requests,
    connections: () => connections,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of open) socket.destroy();
      }),
  };
}

function wholeRequest(bytes: Buffer): { text: string; bytes: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const text = bytes.subarray(0, end).toString('latin1');
  const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
  return bytes.length < end + 4 + length ? undefined : { text, bytes: end + 4 + length };
}
