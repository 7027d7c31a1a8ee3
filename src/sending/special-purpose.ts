import { BlockList, isIP } from 'node:net';
import { withoutZone } from '../contract/egress.ts';

type Row = readonly [prefix: string, bits: number, name: string];

/**
 * The IANA IPv4 Special-Purpose Address Registry (RFC 6890), every row of it: also the few that are globally reachable
 * (AS112, AMT), for no customer's server can stand there. After them what the registry leaves to others.
 */
const ipv4: readonly Row[] = [
  ['0.0.0.0', 8, 'this network'], // RFC 791 §3.2; connects to the local host on Linux
  ['10.0.0.0', 8, 'private use'], // RFC 1918
  ['100.64.0.0', 10, 'shared address space'], // RFC 6598: carrier NAT, Tailscale
  ['127.0.0.0', 8, 'loopback'], // RFC 1122 §3.2.1.3
  ['169.254.0.0', 16, 'link local'], // RFC 3927: cloud metadata services
  ['172.16.0.0', 12, 'private use'], // RFC 1918
  ['192.0.0.0', 24, 'IETF protocol assignments'], // RFC 6890 §2.1, with its /29 and /32 rows
  ['192.0.2.0', 24, 'documentation'], // RFC 5737, TEST-NET-1
  ['192.31.196.0', 24, 'AS112'], // RFC 7535
  ['192.52.193.0', 24, 'AMT'], // RFC 7450
  ['192.88.99.0', 24, '6to4 relay anycast'], // RFC 7526, deprecated
  ['192.168.0.0', 16, 'private use'], // RFC 1918
  ['192.175.48.0', 24, 'AS112'], // RFC 7534
  ['198.18.0.0', 15, 'benchmarking'], // RFC 2544
  ['198.51.100.0', 24, 'documentation'], // RFC 5737, TEST-NET-2
  ['203.0.113.0', 24, 'documentation'], // RFC 5737, TEST-NET-3
  ['240.0.0.0', 4, 'reserved'], // RFC 1112 §4, with 255.255.255.255/32, limited broadcast (RFC 919)
  ['224.0.0.0', 4, 'multicast'], // RFC 5771; a registry of its own
  ['168.63.129.16', 32, 'cloud platform'], // Azure's host agent and DNS: a public address, reachable from inside only
];

/**
 * The IANA IPv6 Special-Purpose Address Registry's rows inside 2000::/3. All that lies outside it is refused as a whole
 * (RFC 4291 §2.4: only 2000::/3 is delegated), and with it ::1, ::, mapped ::ffff:0:0/96, translated ::ffff:0:0:0/96,
 * compatible ::/96, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, discard 100::/64, dummy 100:0:0:1::/64, SRv6 5f00::/16,
 * unique local fc00::/7, link local fe80::/10, site local fec0::/10 and multicast ff00::/8.
 */
const ipv6: readonly Row[] = [
  ['2001::', 23, 'IETF protocol assignments'], // RFC 2928: Teredo 2001::/32, benchmarking 2001:2::/48, ORCHID, DRIP …
  ['2001:db8::', 32, 'documentation'], // RFC 3849
  ['2002::', 16, '6to4'], // RFC 3056: holds an IPv4 address that would be reached through a relay
  ['2620:4f:8000::', 48, 'AS112'], // RFC 7534
  ['3fff::', 20, 'documentation'], // RFC 9637
];

const outsideGlobalUnicast: readonly Row[] = [
  ['::1', 128, 'loopback'], // RFC 4291 §2.5.3
  ['::ffff:0:0', 96, 'IPv4-mapped'], // RFC 4291 §2.5.5.2
  ['64:ff9b::', 96, 'NAT64'], // RFC 6052
  ['64:ff9b:1::', 48, 'NAT64'], // RFC 8215
  ['fc00::', 7, 'unique local'], // RFC 4193
  ['fe80::', 10, 'link local'], // RFC 4291 §2.5.6
  ['ff00::', 8, 'multicast'], // RFC 4291 §2.7
];

function listOf(family: 'ipv4' | 'ipv6', rows: readonly Row[]): readonly { name: string; range: BlockList }[] {
  return rows.map(([prefix, bits, name]) => {
    const range = new BlockList();
    range.addSubnet(prefix, bits, family);
    return { name, range };
  });
}

const ipv4Ranges = listOf('ipv4', ipv4);
const ipv6Ranges = listOf('ipv6', ipv6);
const namedRanges = listOf('ipv6', outsideGlobalUnicast);
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/**
 * Why an IP address is no public one: the name of its range in the IANA special-purpose registries ("loopback"), or
 * `undefined` for a public address. What is no IP address at all is "not an address".
 */
export function specialPurpose(address: string): string | undefined {
  const plain = withoutZone(address);
  switch (isIP(plain)) {
    case 4:
      return ipv4Ranges.find(({ range }) => range.check(plain, 'ipv4'))?.name;
    case 6:
      if (globalUnicast.check(plain, 'ipv6')) return ipv6Ranges.find(({ range }) => range.check(plain, 'ipv6'))?.name;
      return namedRanges.find(({ range }) => range.check(plain, 'ipv6'))?.name ?? 'not global unicast';
    default:
      return 'not an address';
  }
}
