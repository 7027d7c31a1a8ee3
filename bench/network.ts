import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Bytes by the port that they went to and came from. */
export type Network = Record<string, { sent: number; received: number }>;

/** Counts what this process sends to and receives from others that it connects to, from now on. */
export function countNetwork(): () => Network {
  const sockets: { port: number; socket: Socket }[] = [];
  const gone: Network = {};
  const add = (to: Network, port: number, socket: Socket) => {
    const { sent, received } = to[port] ?? { sent: 0, received: 0 };
    to[port] = { sent: sent + socket.bytesWritten, received: received + socket.bytesRead };
  };
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => {
      const entry = { port: socket.remotePort ?? 0, socket };
      sockets.push(entry);
      socket.once('close', () => {
        add(gone, entry.port, socket);
        sockets.splice(sockets.indexOf(entry), 1);
      });
    });
  });
  return () => {
    const sums = structuredClone(gone);
    for (const { port, socket } of sockets) add(sums, port, socket);
    return sums;
  };
}
