import { z } from 'zod';

/** What `allowedHosts` of a secret may hold at most. */
const maxHosts = 50;

type ReadHost = { ok: true; host: string } | { ok: false; problem: string };

const example = 'e.g. api.acme.example, *.acme.example or 203.0.113.7';

/**
 * Reads an entry of `allowedHosts`: a host name, an IP address, or `*.` and a name for all names below it. The answer is
 * spelled as a URL's host is (lower case, IDN in ASCII, IPv6 in brackets), without the dot of an absolute name.
 */
export function readAllowedHost(text: string): ReadHost {
  const wrong = (problem: string): ReadHost => ({ ok: false, problem });
  if (text.includes('://')) return wrong(`must be a host alone, without a scheme: ${example}`);
  if (/[/?#@\\\s]/.test(text)) return wrong(`must be a host alone, without user, path or spaces: ${example}`);
  const wildcard = text.startsWith('*.');
  const name = wildcard ? text.slice(2) : text;
  if (name.includes('*')) return wrong('may hold "*" only as the first label: *.acme.example');
  const ipv6 = URL.parse(`http://[${name.replace(/^\[(.*)\]$/, '$1')}]/`)?.hostname;
  if (ipv6 === undefined && name.includes(':')) {
    return wrong('must be a host alone, without a port: a secret may go to every port of a host');
  }
  const host = comparable(ipv6 ?? URL.parse(`http://${name}/`)?.hostname ?? '');
  if (host === '') return wrong(`is no host name or IP address; ${example}`);
  if (!wildcard) return { ok: true, host };
  if (ipv6 !== undefined || /^\d+(?:\.\d+){3}$/.test(host)) return wrong('has "*." before an IP address');
  if (!host.includes('.')) return wrong(`would allow every host below ".${host}": name more of it`);
  return { ok: true, host: `*.${host}` };
}

/** A URL's host without the dot that makes a name absolute. */
const comparable = (hostname: string) => hostname.replace(/\.$/, '');

/** The hosts that a secret may be sent to. */
export const allowedHostsSchema = z
  .array(
    z
      .string()
      .max(300)
      .superRefine((text, context) => {
        const read = readAllowedHost(text);
        if (!read.ok) context.addIssue({ code: 'custom', message: read.problem });
      }),
  )
  .min(1, 'must name a host; leave it out to allow all')
  .max(maxHosts)
  .describe(`Hosts that requests with this secret may go to, ${example}; left out: all.`);

/** Entries that were checked, as hosts are compared, each once. */
export function normalHosts(entries: readonly string[]): string[] {
  const hosts = entries.map((entry) => {
    const read = readAllowedHost(entry);
    if (!read.ok) throw new Error(`"${entry}" ${read.problem}`);
    return read.host;
  });
  return [...new Set(hosts)];
}

/** @param hostname as in a URL; `*.acme.example` allows any number of labels before it, and not `acme.example` itself */
export function allowsHost(hosts: readonly string[], hostname: string): boolean {
  const asked = comparable(hostname);
  return hosts.some((host) => (host.startsWith('*.') ? asked.endsWith(host.slice(1)) : asked === host));
}
