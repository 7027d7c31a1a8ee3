import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A request as an endpoint received it. */
export type LoggedRequest = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** In the order and spelling of the wire. */
  readonly headers: readonly { readonly key: string; readonly value: string }[];
  readonly body: Buffer;
  /** By `performance.now()`. */
  readonly at: number;
  /** The client's port: the same for two requests on one connection. */
  readonly clientPort: number;
  /** Whose certificate the client showed: its common name. */
  readonly certificateOf: string | undefined;
  /** The first value of a header, whatever the case of its name. */
  header(name: string): string | undefined;
};

export type Endpoint = {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request, in the order in which their bodies were complete. */
  readonly requests: LoggedRequest[];
  /** Closes the server and all its connections. */
  close(): Promise<void>;
};

export type EndpointHandler = (request: LoggedRequest, response: ServerResponse) => void | Promise<void>;

export type EndpointOptions = {
  /**
   * Serves https; the URL's host is then `localhost`. With `ca` it wants a certificate of one whom that has issued;
   * with `lenient` it takes those who show none, or another.
   */
  tls?: { key: string; cert: string; ca?: string; lenient?: true };
  host?: string;
};

/**
 * A well-behaved HTTP server on loopback with a log of requests. The handler is called when a request has come whole;
 * if it throws, the answer is a 500 with the error as its text.
 */
export async function startEndpoint(handler: EndpointHandler, options: EndpointOptions = {}): Promise<Endpoint> {
  const requests: LoggedRequest[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    try {
      const request = await received(incoming);
      requests.push(request);
      await handler(request, response);
    } catch (error) {
      if (!response.headersSent) response.statusCode = 500;
      response.end(String(error));
    }
  };
  const server =
    options.tls === undefined
      ? createServer(listener)
      : createTlsServer(
          {
            ...options.tls,
            requestCert: options.tls.ca !== undefined,
            rejectUnauthorized: options.tls.lenient !== true,
          },
          listener,
        );
  // Tests of kept connections decide themselves when a server closes.
  server.keepAliveTimeout = 60_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, options.host ?? '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  const url = options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  return {
    url,
    port,
    requests,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function certificateOf(socket: Socket): string | undefined {
  // Without one Node gives an object without fields.
  const name = socket instanceof TLSSocket ? socket.getPeerCertificate()?.subject?.CN : undefined;
  return Array.isArray(name) ? name.join() : name;
}

async function received(incoming: IncomingMessage): Promise<LoggedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers: { key: string; value: string }[] = [];
  const raw = incoming.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers.push({ key: raw[index] ?? '', value: raw[index + 1] ?? '' });
  }
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    headers,
    body: Buffer.concat(chunks),
    at: performance.now(),
    clientPort: incoming.socket.remotePort ?? 0,
    certificateOf: certificateOf(incoming.socket),
    header: (name) => headers.find(({ key }) => key.toLowerCase() === name.toLowerCase())?.value,
  };
}
