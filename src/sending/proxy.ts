import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { UnusableProxy } from '../platform/proxy.ts';
import type { Destination } from './egress.ts';
import { codeOf, Trouble } from './trouble.ts';

export type ProxyFor = (url: string) => URL | UnusableProxy | null;

/**
 * The proxy on the way to a destination; `null`: nothing stands between.
 *
 * @throws Trouble `connect-failed`: one is configured that cannot be used
 */
export function usableProxy({ origin, name }: Destination, proxyFor: ProxyFor): URL | null {
  const proxy = proxyFor(origin);
  if (proxy === null || proxy instanceof URL) return proxy;
  const message = `${name} was not connected to: the URL of the proxy on the way there ${proxy.problem}`;
  throw new Trouble('connect-failed', message, { retryable: true });
}

/**
 * A connection to a destination through a proxy, by CONNECT (RFC 9110 §9.3.6), for http as for https. The proxy is asked for
 * an address that was checked here, never for a name: what it would resolve nobody has looked at. The addresses are tried one
 * after the other.
 *
 * @throws Trouble `connect-failed`: the proxy is not there, or refuses
 */
export async function connectThrough(
  proxy: URL,
  addresses: readonly string[],
  { port, name }: Destination,
  abandoned: AbortSignal,
): Promise<Socket> {
  let last = `the proxy ${proxy.host} was given no address`;
  for (const address of addresses) {
    const answered = await askProxy(proxy, `${isIPv6(address) ? `[${address}]` : address}:${port}`, abandoned);
    if (typeof answered !== 'string') return answered;
    last = answered;
    if (abandoned.aborted) break;
  }
  throw new Trouble('connect-failed', `Connecting to ${name} through the proxy ${proxy.host} failed: ${last}`, {
    retryable: true,
  });
}

/** The connection, or why there is none. */
function askProxy(proxy: URL, authority: string, signal: AbortSignal): Promise<Socket | string> {
  const { promise, resolve } = Promise.withResolvers<Socket | string>();
  const request = (proxy.protocol === 'https:' ? requestHttps : requestHttp)({
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
    path: authority,
    headers: { Host: authority, ...credentialsOf(proxy) },
    agent: false,
    signal,
  });
  request.once('connect', ({ statusCode = 0 }, socket, head) => {
    // Bytes that come with the answer belong to the connection.
    if (head.byteLength > 0) socket.unshift(head);
    // Stays on the socket: what happens to it between here and its next owner must not be an uncaught error.
    socket.on('error', () => {});
    if (statusCode >= 200 && statusCode < 300) return resolve(socket as Socket);
    socket.destroy();
    resolve(statusCode === 407 ? 'it wants other credentials (407)' : `it answered ${statusCode}`);
  });
  request.once('response', (response) => {
    response.destroy();
    resolve(`it answered ${response.statusCode}`);
  });
  request.once('error', (error) => resolve(`it cannot be reached (${codeOf(error)})`));
  request.end();
  return promise;
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
