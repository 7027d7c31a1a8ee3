import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Destination } from './egress.ts';
import { maxHeaderBytes } from './trouble.ts';

/** One connection: a socket that `dial` has checked, and undici's client that speaks HTTP/1.1 on it and on no other. */
export type Connection = {
  /** What it may be used for again: see `keepingKey`. */
  readonly key: string;
  readonly client: Client;
  readonly socket: Socket;
  readonly openedAt: number;
  reused: boolean;
};

/**
 * How long an idle connection is kept. A server that closes an idle connection just while we write on it costs an
 * attempt, so we close first: gunicorn waits 2 s, Node, Apache and uvicorn 5 s, nginx 75 s. While there is work, a
 * connection is not idle for as long as this, so that more would gain little.
 */
const keepAliveMs = 1500;
/** A connection was checked and its name resolved when it was made: after a minute that is done anew. */
const maxAgeMs = 60_000;
/** Idle connections of all origins together; further ones are closed instead of kept. */
const maxIdle = 512;

/** Requests may share a connection if they go to the same origin, and TLS went by the same certificates. */
export const keepingKey = ({ origin }: Destination, tlsIdentity: string | undefined): string =>
  tlsIdentity === undefined ? origin : `${origin} ${tlsIdentity}`;

/**
 * The kept connections, by origin and certificates. undici's own Pool is not used: it dials by itself, for no exchange in particular, so
 * that neither the exchange's deadline nor its connect time-out would bound the dialling, and it hides which socket an
 * answer came on, which is what tells a complete answer from a reset one.
 */
export class Connections {
  readonly #idle = new Map<string, Connection[]>();
  readonly #open = new Set<Connection>();
  #idleCount = 0;
  #closed = false;

  /** The most recently used idle connection of this key, if there is one that may still be used. */
  takeIdle(key: string): Connection | undefined {
    const stack = this.#idle.get(key);
    if (stack === undefined) return undefined;
    for (let connection = stack.pop(); connection !== undefined; connection = stack.pop()) {
      this.#idleCount -= 1;
      if (stack.length === 0) this.#idle.delete(key);
      if (this.#usable(connection)) {
        connection.reused = true;
        return connection;
      }
      this.drop(connection);
    }
    return undefined;
  }

  /** Makes a connection of a freshly dialled socket. */
  adopt({ origin }: Destination, key: string, dialled: Socket): Connection {
    let socket: Socket | undefined = dialled;
    const client = new Client(origin, {
      connect: (_options, callback) => {
        // Only once: a client whose socket is gone must not make a connection that nobody has checked. And not in the
        // same tick: undici does not go on with the request if its connector answers before it returns.
        const given = socket;
        socket = undefined;
        queueMicrotask(() => {
          if (given === undefined) callback(new Error('The kept connection was closed'), null);
          else callback(null, given);
        });
      },
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      // What the server says in Keep-Alive may shorten ours, less a second for the way there; never lengthen it.
      keepAliveMaxTimeout: keepAliveMs,
      keepAliveTimeoutThreshold: 1000,
    });
    const openedAt = performance.now();
    const connection: Connection = { key, client, socket: dialled, openedAt, reused: false };
    this.#open.add(connection);
    client.on('disconnect', () => this.drop(connection));
    return connection;
  }

  /** After a complete answer: keeps the connection for the next request, if it may be kept. */
  release(connection: Connection): void {
    if (this.#closed || this.#idleCount >= maxIdle || !this.#usable(connection)) {
      this.drop(connection);
      return;
    }
    const stack = this.#idle.get(connection.key);
    if (stack === undefined) this.#idle.set(connection.key, [connection]);
    else stack.push(connection);
    this.#idleCount += 1;
  }

  /** Closes a connection at once. */
  drop(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const stack = this.#idle.get(connection.key);
    const index = stack?.indexOf(connection) ?? -1;
    if (stack !== undefined && index !== -1) {
      stack.splice(index, 1);
      this.#idleCount -= 1;
      if (stack.length === 0) this.#idle.delete(connection.key);
    }
    connection.socket.destroy();
    connection.client.destroy(null, () => {});
  }

  /** Closes what is idle; what is in use is closed when it is released. */
  close(): void {
    this.#closed = true;
    for (const stack of [...this.#idle.values()]) for (const connection of [...stack]) this.drop(connection);
  }

  #usable({ socket, openedAt }: Connection): boolean {
    return !socket.destroyed && socket.readable && performance.now() - openedAt < maxAgeMs;
  }
}
