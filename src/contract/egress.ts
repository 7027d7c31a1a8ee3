import { BlockList, isIP } from 'node:net';

/** What requests may reach although it is private or reserved (`ERRAND_EGRESS_ALLOW`, contract §2 and §6). */
export type EgressAllowList = {
  /** Host names in lower case, without a trailing dot: whatever they resolve to is allowed. */
  readonly names: ReadonlySet<string>;
  /** Is this IP address, in its textual form, in one of the ranges? */
  allowsAddress(address: string): boolean;
};

/** A DNS name as a URL would spell it: letters, digits, hyphens, underscores; not all digits in its last label. */
const hostName =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A host name for comparison: lower case, without the dot that makes it absolute. */
export function comparableHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** IPv6 zone ids (`fe80::1%eth0`) name an interface, not an address. */
export function withoutZone(address: string): string {
  const percent = address.indexOf('%');
  return percent === -1 ? address : address.slice(0, percent);
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/**
 * Reads `ERRAND_EGRESS_ALLOW`: comma-separated CIDRs (`10.20.0.0/16`), IP addresses (`127.0.0.1`, `::1`) and host names
 * (`billing.internal`). Spaces around entries and empty entries are ignored; an empty text allows nothing.
 *
 * @throws Error naming every entry that is none of these, and what would be right.
 */
export function parseEgressAllow(text: string): EgressAllowList {
  const names = new Set<string>();
  const ranges = new BlockList();
  const problems: string[] = [];
  for (const raw of text.split(',')) {
    const entry = raw.trim();
    if (entry === '') continue;
    const problem = addEntry(entry, names, ranges);
    if (problem !== undefined) problems.push(`"${entry}" ${problem}`);
  }
  if (problems.length > 0) throw new Error(problems.join('; '));
  return {
    names,
    allowsAddress: (address) => {
      const plain = withoutZone(address);
      return isIP(plain) !== 0 && ranges.check(plain, familyOf(plain));
    },
  };
}

/** Adds one entry; returns what is wrong with it, if anything. */
function addEntry(entry: string, names: Set<string>, ranges: BlockList): string | undefined {
  const slash = entry.indexOf('/');
  if (slash !== -1) return addRange(entry.slice(0, slash), entry.slice(slash + 1), ranges);
  // As in a URL: [::1] and ::1 are the same address.
  const address = entry.startsWith('[') && entry.endsWith(']') ? entry.slice(1, -1) : entry;
  if (isIP(address) !== 0) {
    if (address.includes('%')) return 'has a zone id; give the address without it';
    ranges.addAddress(address, familyOf(address));
    return undefined;
  }
  const name = comparableHost(entry);
  if (hostName.test(name)) {
    names.add(name);
    return undefined;
  }
  if (entry.includes('*')) return 'has a wildcard; list each host name, or a CIDR such as 10.20.0.0/16';
  if (entry.includes(':')) return 'has a scheme or port; give the host name or address alone';
  return 'is not a CIDR (10.20.0.0/16), an IP address (127.0.0.1) or a host name (billing.internal)';
}

function addRange(address: string, prefix: string, ranges: BlockList): string | undefined {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return 'is not a CIDR: what stands before the "/" is no IP address';
  const bits = version === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    return `is not a CIDR: the prefix length must be a number from 0 to ${bits}`;
  }
  ranges.addSubnet(address, Number(prefix), familyOf(address));
  return undefined;
}
