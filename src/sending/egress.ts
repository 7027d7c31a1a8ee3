import { isIP } from 'node:net';
import { comparableHost, type EgressAllowList } from '../contract/egress.ts';
import { badPorts } from './bad-ports.ts';
import { readings, withIpv4 } from './carried.ts';
import { type OwnService, ownServiceAt } from './own-services.ts';
import { specialPurpose } from './special-purpose.ts';

/** All addresses of a host name, as text; rejects when the name does not resolve. */
export type Resolver = (hostname: string) => Promise<readonly string[]>;

/** Where a URL points, before any name is resolved. */
export type Destination = {
  readonly secure: boolean;
  /** The host as in the URL, an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** For messages: `api.example.com:443`. Never a path or query, which may hold tokens. */
  readonly name: string;
  /** `https://api.example.com:443`: what a kept connection may be used for. */
  readonly origin: string;
};

export type Refused = { readonly refused: string };

/** Reads a URL's destination, or says why no request may be sent to such a URL whatever its name resolves to. */
export function destinationOf(url: URL): Destination | Refused {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { refused: `Only http and https URLs can be called, not ${url.protocol}` };
  }
  if (url.username !== '' || url.password !== '') {
    return { refused: 'The URL holds a user name or password; send them in an Authorization header' };
  }
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const name = `${host === url.hostname ? host : `[${withIpv4(host)}]`}:${port}`;
  if (badPorts.has(port)) {
    return { refused: `${name} is refused: port ${port} belongs to another protocol (Fetch standard, bad ports)` };
  }
  return { secure, host, port, name, origin: url.origin };
}

/** Is the destination an address already, which no resolver is asked for? */
export function isLiteral({ host }: Destination): boolean {
  return isIP(host) !== 0;
}

/** @param name as `comparableHost` has it */
export const isLocalhost = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost');

/** Why a name is blocked that did not resolve: names under `.localhost` mean loopback all the same (RFC 6761 §6.3). */
export function blockedByName({ host, name }: Destination, allow: EgressAllowList): string | undefined {
  const comparable = comparableHost(host);
  if (!isLocalhost(comparable) || allow.names.has(comparable)) return undefined;
  return `${name} is this machine itself; ${howToAllow}`;
}

const howToAllow = 'an operator can allow it with ERRAND_EGRESS_ALLOW';
/** Nobody is to be talked into allowing it. */
const metadata = 'clouds answer there with the credentials of their machines, so it is no place to send requests to';
/** Ranges with cloud metadata services in them. */
const metadataRanges = new Set(['link local', 'cloud platform']);

/**
 * Why none of the addresses may be connected to, or `undefined` if all may. One bad address refuses them all: a name
 * that mixes public and private answers is an attack or a mistake, and which one is dialled is chance. The message
 * names the kind of address but not the address: internal names' addresses are not the caller's to learn.
 */
export function blockedAddresses(
  destination: Destination,
  addresses: readonly string[],
  allow: EgressAllowList,
): string | undefined {
  const comparable = comparableHost(destination.host);
  if (allow.names.has(comparable)) return undefined;
  const literal = isLiteral(destination);
  for (const address of addresses) {
    if (allow.allowsAddress(address)) continue;
    if (!literal && isLocalhost(comparable)) return blockedByName(destination, allow);
    const purpose = specialPurpose(address);
    if (purpose === undefined) continue;
    const carried = readings(address).map(specialPurpose);
    const advice = carried.some((each) => each !== undefined && metadataRanges.has(each)) ? metadata : howToAllow;
    return `${destination.name} ${literal ? 'is' : 'resolves to'} a private or reserved address (${purpose}); ${advice}`;
  }
  return undefined;
}

/** What is said of a destination on a port of Errand's own whose name does not resolve: it might be that service. */
export const ownUnknown = ({ name }: Destination): string =>
  `Whether ${name} is one of Errand's own services cannot be told: the service's name does not resolve`;

export type EgressVerdict = { allowed: boolean | null; reason: string };

export type EgressRules = {
  /** What may be reached although it is private or reserved. */
  allow: EgressAllowList;
  /** What is not called although it may be reached: asked for each connection, for a port may be known late. */
  own: () => readonly OwnService[];
  resolve: Resolver;
};

/**
 * May this URL be reached? Asks the resolver at most once for its name and sends nothing. `allowed: null`: the name does
 * not resolve now, or not within `timeoutMs`.
 */
export async function egressVerdict(
  text: string,
  { allow, own, resolve, timeoutMs }: EgressRules & { timeoutMs: number },
): Promise<EgressVerdict> {
  const url = URL.parse(text);
  if (url === null) return { allowed: false, reason: 'This is not a complete http or https URL' };
  const destination = destinationOf(url);
  if ('refused' in destination) return { allowed: false, reason: destination.refused };
  let addresses: readonly string[];
  try {
    addresses = isLiteral(destination) ? [destination.host] : await within(resolve(destination.host), timeoutMs);
  } catch {
    addresses = [];
  }
  if (addresses.length === 0) {
    const blocked = blockedByName(destination, allow);
    if (blocked !== undefined) return { allowed: false, reason: blocked };
    return { allowed: null, reason: `The name ${destination.host} does not resolve now` };
  }
  const blocked = blockedAddresses(destination, addresses, allow);
  if (blocked !== undefined) return { allowed: false, reason: blocked };
  try {
    const ours = await within(ownServiceAt(destination, addresses, own(), resolve), timeoutMs);
    if (ours !== undefined) return { allowed: false, reason: ours };
  } catch {
    return { allowed: null, reason: `${ownUnknown(destination)} now` };
  }
  return { allowed: true, reason: `${destination.name} may be reached` };
}

/** Where `localhost` is, whatever a resolver says (RFC 6761 §6.3). */
const loopback = ['127.0.0.1', '::1'];

/**
 * Why nothing can ever be sent to this URL, as far as it says so itself: a port, an address, a service of Errand's own. No
 * name is resolved, so where a name leads is looked at when it is sent to.
 */
export async function refusedAsWritten(
  text: string,
  { allow, own }: Pick<EgressRules, 'allow' | 'own'>,
): Promise<string | undefined> {
  const url = URL.parse(text);
  if (url === null) return 'This is not a complete http or https URL';
  const destination = destinationOf(url);
  if ('refused' in destination) return destination.refused;
  const { host } = destination;
  const written = isLiteral(destination) ? [host] : comparableHost(host) === 'localhost' ? loopback : [];
  const blocked = written.map((address) => blockedAddresses(destination, [address], allow));
  if (written.length > 0 && blocked.every((each) => each !== undefined)) return blocked[0];
  return ownServiceAt(destination, written, own(), async () => []);
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('timed out')), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
