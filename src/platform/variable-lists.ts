import ipaddr from 'ipaddr.js';

/** The entries of a comma-separated list; spaces around them and empty ones are ignored. */
const entriesOf = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/**
 * Reads each entry, each once.
 *
 * @throws Error with the entries that are wrong, and why
 */
function listOf(text: string, read: (entry: string) => { value: string } | { problem: string }): string[] {
  const values = new Set<string>();
  const problems: string[] = [];
  for (const entry of entriesOf(text)) {
    const known = read(entry);
    if ('value' in known) values.add(known.value);
    else problems.push(`"${entry}" ${known.problem}`);
  }
  if (problems.length > 0) throw new Error(problems.join('; '));
  return [...values];
}

/** Reads `ERRAND_EGRESS_IPS`: addresses (`203.0.113.7`) and CIDRs (`2001:db8::/64`). @throws Error */
export function parseEgressIps(text: string): string[] {
  return listOf(text, (entry) => {
    const isAddress = ipaddr.IPv4.isValidFourPartDecimal(entry) || (ipaddr.IPv6.isValid(entry) && !entry.includes('%'));
    if (isAddress || ipaddr.IPv4.isValidCIDRFourPartDecimal(entry) || ipaddr.IPv6.isValidCIDR(entry)) {
      return { value: entry };
    }
    return { problem: 'is neither an IP address (203.0.113.7) nor a CIDR (203.0.113.0/28, 2001:db8::/64)' };
  });
}

const originExample = 'https://billing.example.com';

/**
 * Reads `ERRAND_PORTAL_ORIGINS`: scheme, host and, where it is another than the scheme's, port. No wildcards: whoever has
 * a name below would do. @throws Error
 */
export function parseOrigins(text: string): string[] {
  return listOf(text, (entry) => {
    const url = URL.parse(entry);
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      return { problem: `is no origin of http or https; ${originExample} is one` };
    }
    if (entry.includes('*')) return { problem: 'has a wildcard; list each origin' };
    if (url.username !== '' || url.password !== '' || !isBare(url, entry) || url.pathname !== '/') {
      return { problem: `is more than an origin: ${url.origin} is all of it` };
    }
    return { value: url.origin };
  });
}

/** Reads `ERRAND_PUBLIC_URL`, which may have a path; the answer ends in no slash. @throws Error, without what may be a password */
export function parsePublicUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error('must be a URL of http or https, such as https://errand.example.com');
  }
  if (url.username !== '' || url.password !== '') throw new Error('must not hold a user name or password');
  if (!isBare(url, text)) throw new Error('must not have a query or fragment');
  return url.href.replace(/\/+$/, '');
}

/** Without query and fragment, also empty ones. */
const isBare = ({ search, hash }: URL, text: string): boolean => search === '' && hash === '' && !/[?#]/.test(text);
