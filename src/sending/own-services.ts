import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { comparableHost } from '../contract/egress.ts';
import { readings } from './carried.ts';
import type { Resolver } from './egress.ts';

/** A TCP port that Errand itself listens on or keeps its data behind. */
export type OwnService = {
  /** For messages: `own API`, `own database`. */
  readonly what: string;
  /** A name or an address, as configured; `0.0.0.0` and `::` are every address of this machine. */
  readonly host: string;
  readonly port: number;
};

type Place = { readonly host: string; readonly port: number; readonly name: string };

/**
 * Why a destination that may be reached otherwise is not: it is one of Errand's own services. A command that calls
 * Errand's API would act with whatever the network lets this machine do, and one that talks to its database or Redis would
 * have them read a customer's bytes. `ERRAND_EGRESS_ALLOW` opens a machine, not these.
 *
 * Only a service of the same port is looked at, so that the resolver is asked for few destinations. This machine is one
 * place, whichever of its addresses a service listens on.
 *
 * @throws what the resolver does, if the service's name does not resolve
 */
export async function ownServiceAt(
  { host, port, name }: Place,
  addresses: readonly string[],
  services: readonly OwnService[],
  resolve: Resolver,
): Promise<string | undefined> {
  for (const service of services) {
    if (service.port !== port) continue;
    const same = comparableHost(service.host) === comparableHost(host);
    if (same || (await meets(addresses, service.host, resolve))) {
      return `${name} is Errand's ${service.what}, which is never called, whatever ERRAND_EGRESS_ALLOW says`;
    }
  }
  return undefined;
}

async function meets(addresses: readonly string[], serviceHost: string, resolve: Resolver): Promise<boolean> {
  const host = serviceHost.startsWith('[') ? serviceHost.slice(1, -1) : serviceHost;
  const served = isIP(host) === 0 ? await resolve(host) : [host];
  const taken = listOf(served);
  const machine = thisMachine();
  if (served.some((address) => within(machine, address))) for (const each of machine) taken.push(each);
  return addresses.some((address) => within(taken, address));
}

type Ranges = BlockList[];

function listOf(addresses: readonly string[]): Ranges {
  const list = new BlockList();
  for (const address of addresses.flatMap(readings)) list.addAddress(address, familyOf(address));
  return [list];
}

/** Loopback, the unspecified addresses (which connect to the local host), and those of the network interfaces. */
function thisMachine(): Ranges {
  const local = new BlockList();
  local.addSubnet('127.0.0.0', 8, 'ipv4');
  local.addSubnet('0.0.0.0', 8, 'ipv4');
  local.addAddress('::', 'ipv6');
  local.addAddress('::1', 'ipv6');
  // Asked each time: addresses come and go.
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  return [local, ...listOf(own)];
}

const within = (ranges: Ranges, address: string): boolean =>
  readings(address).some((each) => ranges.some((range) => range.check(each, familyOf(each))));

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');
