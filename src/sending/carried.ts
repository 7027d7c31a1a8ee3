import ipaddr from 'ipaddr.js';

/** Where the bytes of an IPv4 address lie in an IPv6 address (RFC 4291 §2.5.5, 6052 §2.2, 3056, 4380 §4). */
const carriers: readonly { prefix: string; bits: number; at: readonly (readonly number[])[]; inverted?: true }[] = [
  { prefix: '::', bits: 96, at: [[12, 13, 14, 15]] },
  { prefix: '::ffff:0:0', bits: 96, at: [[12, 13, 14, 15]] },
  { prefix: '::ffff:0:0:0', bits: 96, at: [[12, 13, 14, 15]] },
  { prefix: '64:ff9b::', bits: 96, at: [[12, 13, 14, 15]] },
  // Of local use, with whatever prefix length the network has chosen.
  {
    prefix: '64:ff9b:1::',
    bits: 48,
    at: [
      [6, 7, 9, 10],
      [7, 9, 10, 11],
      [9, 10, 11, 12],
      [12, 13, 14, 15],
    ],
  },
  { prefix: '2002::', bits: 16, at: [[2, 3, 4, 5]] },
  { prefix: '2001::', bits: 32, at: [[12, 13, 14, 15]], inverted: true },
];

/** An address without its zone, and the IPv4 addresses that it carries, which a translator or tunnel would reach. */
export function readings(address: string): string[] {
  if (!ipaddr.isValid(address)) return [];
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return [parsed.toString()];
  const bytes = parsed.toByteArray();
  const carried = carriers
    .filter(({ prefix, bits }) => parsed.match(ipaddr.IPv6.parse(prefix), bits))
    .flatMap(({ at, inverted }) =>
      at.map((places) => places.map((place) => (bytes[place] ?? 0) ^ (inverted ? 0xff : 0)).join('.')),
    );
  parsed.zoneId = '';
  return [parsed.toNormalizedString(), ...carried];
}

/** An address with the IPv4 address that it is mapped from written as one (RFC 5952 §5): `::ffff:169.254.169.254`. */
export function withIpv4(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4 || !parsed.isIPv4MappedAddress()) return address;
  return `::ffff:${parsed.toIPv4Address()}`;
}
