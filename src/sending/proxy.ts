import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { Side } from '../contract/error-catalogue.ts';
import type { UnusableProxy } from '../platform/proxy.ts';
import type { Destination } from './egress.ts';
import { codeOf, Trouble } from './trouble.ts';

export type ProxyFor = (url: string) => URL | UnusableProxy | null;

/**
 * The proxy on the way to a destination; `null`: nothing stands between.
 *
 * @throws Trouble `connect-failed`, ours to mend: one is configured that cannot be used
 */
export function usableProxy({ origin, name }: Destination, proxyFor: ProxyFor): URL | null {
  const proxy = proxyFor(origin);
  if (proxy === null || proxy instanceof URL) return proxy;
  const message = `${name} was not connected to: the URL of the proxy on the way there ${proxy.problem}`;
  throw new Trouble('connect-failed', message, { retryable: true, side: 'errand' });
}

/**
 * A connection to a destination through a proxy, by CONNECT (RFC 9110 §9.3.6), for http as for https. The proxy is asked for
 * an address that was checked here, never for a name: what it would resolve nobody has looked at. The addresses are tried one
 * after the other.
 *
 * @param reached called when the proxy is connected to: what takes time from then on is the destination's
 * @throws Trouble `connect-failed`: the proxy is not there or refuses us, which is ours to mend, or reaches nobody
 */
export async function connectThrough(
  proxy: URL,
  addresses: readonly string[],
  { port, name }: Destination,
  { abandoned, reached }: { abandoned: AbortSignal; reached: () => void },
): Promise<Socket> {
  let last: NoTunnel = { why: 'it was given no address' };
  for (const address of addresses) {
    const answered = await askProxy(proxy, `${isIPv6(address) ? `[${address}]` : address}:${port}`, {
      signal: abandoned,
      reached,
    });
    if (!('why' in answered)) return answered;
    last = answered;
    if (abandoned.aborted) break;
  }
  const { why, side } = last;
  const message = `Connecting to ${name} through the proxy ${proxy.host} failed: ${why}`;
  throw new Trouble('connect-failed', message, { retryable: true, side });
}

type NoTunnel = { why: string; side?: Side };

/** What a proxy answers that could not reach the destination; anything else it says of us. */
const destinationStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

function noTunnel(status: number): NoTunnel {
  const why = status === 407 ? 'it wants other credentials (407)' : `it answered ${status}`;
  return destinationStatuses.has(status) ? { why } : { why, side: 'errand' };
}

/** The connection, or why there is none. */
function askProxy(
  proxy: URL,
  authority: string,
  { signal, reached }: { signal: AbortSignal; reached: () => void },
): Promise<Socket | NoTunnel> {
  const { promise, resolve } = Promise.withResolvers<Socket | NoTunnel>();
  const request = (proxy.protocol === 'https:' ? requestHttps : requestHttp)({
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
    path: authority,
    headers: { Host: authority, ...credentialsOf(proxy) },
    agent: false,
    signal,
  });
  request.once('socket', (socket) => {
    socket.once(proxy.protocol === 'https:' ? 'secureConnect' : 'connect', reached);
  });
  request.once('connect', ({ statusCode = 0 }, socket, head) => {
    // Bytes that come with the answer belong to the connection.
    if (head.byteLength > 0) socket.unshift(head);
    // Stays on the socket: what happens to it between here and its next owner must not be an uncaught error.
    socket.on('error', () => {});
    if (statusCode >= 200 && statusCode < 300) return resolve(socket as Socket);
    socket.destroy();
    resolve(noTunnel(statusCode));
  });
  request.once('response', (response) => {
    response.destroy();
    resolve(noTunnel(response.statusCode ?? 0));
  });
  request.once('error', (error) => resolve({ why: `it cannot be reached (${codeOf(error)})`, side: 'errand' }));
  request.end();
  return promise;
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
