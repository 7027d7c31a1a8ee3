import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { comparableHost } from '../contract/egress.ts';
import type { Side } from '../contract/error-catalogue.ts';
import type { Deadline } from './deadline.ts';
import {
  blockedAddresses,
  blockedByName,
  type Destination,
  type EgressRules,
  isLiteral,
  ownUnknown,
} from './egress.ts';
import { ownServiceAt } from './own-services.ts';
import { connectThrough } from './proxy.ts';
import type { Stopwatch } from './stopwatch.ts';
import { codeOf, connectTrouble, spoken, Trouble, tlsTrouble } from './trouble.ts';

export type DialOptions = EgressRules & {
  /** Bounds resolving, connecting and the TLS handshake together. */
  connectTimeoutMs: number;
  deadline: Deadline;
  stopwatch: Stopwatch;
  /** Through which the checked address is reached; `null`: nothing stands between. */
  proxy: URL | null;
  /** What TLS goes by; `undefined`: the system's certificate authorities, and no certificate of its own. */
  secureContext: SecureContext | undefined;
};

/**
 * Opens one connection: resolves the name once, checks every address, connects to a checked address and to nothing
 * else, and shakes hands under the URL's name. Whatever wants to connect must come through here.
 *
 * @throws Trouble: `egress-blocked`, `dns-failed`, `connect-failed`, `tls-failed` or `timeout`.
 */
export async function dial(destination: Destination, options: DialOptions): Promise<Socket> {
  const { connectTimeoutMs, deadline, stopwatch, proxy, secureContext } = options;
  const { name, secure } = destination;
  const given = Promise.withResolvers<never>();
  const abandoned = new AbortController();
  let doing: Doing = { what: `Resolving the name of ${name}` };
  const giveUp = (ms: number) => {
    const { what, side } = doing;
    given.reject(new Trouble('timeout', `${what} took longer than ${spoken(ms)}`, { retryable: true, side }));
  };
  const timer = setTimeout(() => giveUp(connectTimeoutMs), connectTimeoutMs);
  deadline.onStop(() => giveUp(deadline.timeoutMs));
  stopwatch.begin('dnsMs');
  try {
    const addresses = await Promise.race([checkedAddresses(destination, options), given.promise]);
    const toThem = { what: `Connecting to ${name}` };
    doing = proxy === null ? toThem : { what: `Connecting to the proxy ${proxy.host}`, side: 'errand' };
    stopwatch.begin('connectMs');
    const connecting =
      proxy === null
        ? connectToFirst(addresses, destination, abandoned.signal)
        : connectThrough(proxy, addresses, destination, {
            abandoned: abandoned.signal,
            reached: () => {
              doing = toThem;
            },
          });
    const socket = await Promise.race([connecting, given.promise]);
    if (!secure) return socket;
    doing = { what: `The TLS handshake with ${name}` };
    stopwatch.begin('tlsMs');
    return await Promise.race([shakeHands(socket, destination, secureContext, abandoned.signal), given.promise]);
  } catch (error) {
    abandoned.abort();
    throw error;
  } finally {
    stopwatch.end();
    clearTimeout(timer);
    deadline.onStop(undefined);
  }
}

/** What takes its time, and whose move it is if that is too long; without one the code says. */
type Doing = { what: string; side?: Side };

async function checkedAddresses(destination: Destination, rules: EgressRules): Promise<readonly string[]> {
  const addresses = isLiteral(destination) ? [destination.host] : await resolved(destination, rules);
  const blocked = blockedAddresses(destination, addresses, rules.allow) ?? (await ours(destination, addresses, rules));
  if (blocked !== undefined) throw new Trouble('egress-blocked', blocked, { retryable: false });
  return addresses;
}

async function ours(destination: Destination, addresses: readonly string[], { own, resolve }: EgressRules) {
  try {
    return await ownServiceAt(destination, addresses, own(), resolve);
  } catch {
    throw new Trouble('dns-failed', ownUnknown(destination), { retryable: true });
  }
}

async function resolved(destination: Destination, { allow, resolve }: EgressRules) {
  let problem = 'it has no address';
  try {
    const addresses = await resolve(destination.host);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    const code = codeOf(error);
    problem = code === 'ENOTFOUND' ? 'no such name is known' : `the resolver failed (${code})`;
  }
  const blocked = blockedByName(destination, allow);
  if (blocked !== undefined) throw new Trouble('egress-blocked', blocked, { retryable: false });
  throw new Trouble('dns-failed', `The name ${destination.host} could not be resolved: ${problem}`, {
    retryable: true,
  });
}

/**
 * How long one address is tried alone before the next one is tried as well (RFC 8305 §5). Unlike
 * `autoSelectFamily`, which gives an address up after as long, none is given up while another may fail.
 */
const nextAddressAfterMs = 250;

function connectToFirst(addresses: readonly string[], { port, name }: Destination, abandoned: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const trying = new Set<Socket>();
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const stopAll = () => {
    clearTimeout(timer);
    for (const socket of trying) socket.destroy();
    trying.clear();
  };
  const tryNext = () => {
    clearTimeout(timer);
    const address = addresses[next];
    if (address === undefined) return;
    next += 1;
    // An address, never a name: nothing is left to resolve.
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    trying.add(socket);
    socket.once('connect', () => {
      trying.delete(socket);
      stopAll();
      abandoned.removeEventListener('abort', stopAll);
      resolve(socket);
    });
    // Stays on the socket: what happens to it between here and undici must not be an uncaught error.
    socket.on('error', (error) => {
      if (!trying.delete(socket)) return;
      if (next < addresses.length) tryNext();
      else if (trying.size === 0) reject(connectTrouble(name, error));
    });
    if (next < addresses.length) timer = setTimeout(tryNext, nextAddressAfterMs);
  };
  abandoned.addEventListener('abort', stopAll);
  tryNext();
  return promise;
}

function shakeHands(
  socket: Socket,
  { host, name }: Destination,
  secureContext: SecureContext | undefined,
  abandoned: AbortSignal,
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const secured = connectTls({
    socket,
    ...(secureContext === undefined ? {} : { secureContext }),
    // Of the URL, not of the address: SNI and the certificate's check. RFC 6066 §3: no trailing dot, no address.
    host: comparableHost(host),
    ...(isIP(host) === 0 ? { servername: comparableHost(host) } : {}),
    // An HTTP/2 stream that is reset can look like a complete answer to undici (8.12.4), so HTTP/1.1 only.
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Said, so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot unsay it.
    rejectUnauthorized: true,
  });
  const abandon = () => secured.destroy();
  abandoned.addEventListener('abort', abandon);
  secured.once('secureConnect', () => {
    abandoned.removeEventListener('abort', abandon);
    resolve(secured);
  });
  secured.on('error', (error) => reject(tlsTrouble(name, error)));
  secured.once('close', () => reject(tlsTrouble(name, { code: 'ECONNRESET' })));
  return promise;
}
