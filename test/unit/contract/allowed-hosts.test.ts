import { describe, expect, it } from 'vitest';
import { allowsHost, normalHosts, readAllowedHost } from '../../../src/contract/allowed-hosts.ts';
import { secretBodySchema } from '../../../src/contract/integration.ts';

const problem = (text: string) => {
  const read = readAllowedHost(text);
  return read.ok ? null : read.problem;
};

describe('contract §3: the allowed hosts of a secret', () => {
  it('are spelled as the host of a URL is, each once', () => {
    const entries = [
      'API.Acme.example',
      'api.acme.example.',
      '*.Bücher.example',
      '::1',
      '[::1]',
      '0x7f.1',
      'localhost',
    ];
    expect(normalHosts(entries)).toEqual([
      'api.acme.example',
      '*.xn--bcher-kva.example',
      '[::1]',
      '127.0.0.1',
      'localhost',
    ]);
    for (const host of normalHosts(entries).filter((each) => !each.startsWith('*'))) {
      expect(new URL(`https://${host}/`).hostname).toBe(host);
    }
  });

  it.each([
    ['https://api.acme.example', /without a scheme/],
    ['api.acme.example/v1', /without user, path or spaces/],
    ['user@api.acme.example', /without user/],
    ['api.acme.example ', /spaces/],
    ['api.acme.example:8443', /without a port: a secret may go to every port/],
    ['api.*.example', /only as the first label/],
    ['*', /only as the first label/],
    ['*.example', /every host below "\.example"/],
    ['*.127.0.0.1', /before an IP address/],
    ['*.[::1]', /before an IP address/],
    ['', /is no host name/],
    ['a..b%', /is no host name/],
    ['999.1.1.1', /is no host name/],
  ])('refuse %s', (text, expected) => expect(problem(text)).toMatch(expected));

  it('take names below a name, however deep, and not the name itself', () => {
    const hosts = normalHosts(['*.acme.example', '203.0.113.7']);
    const allowed = ['a.acme.example', 'a.b.acme.example', 'a.acme.example.', '203.0.113.7'];
    const refused = ['acme.example', 'evilacme.example', 'acme.example.evil.example', '203.0.113.70', ''];
    expect(allowed.filter((host) => allowsHost(hosts, host))).toEqual(allowed);
    expect(refused.filter((host) => allowsHost(hosts, host))).toEqual([]);
  });

  it('say which entry is wrong', () => {
    const body = { value: 'a-long-value', allowedHosts: ['a.example', 'https://b.example'] };
    const issues = secretBodySchema.safeParse(body).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.'))).toEqual(['allowedHosts.1']);
    expect(secretBodySchema.safeParse({ value: 'a-long-value', allowedHosts: [] }).success).toBe(false);
    expect(secretBodySchema.safeParse({ value: 'a-long-value' }).success).toBe(true);
  });
});
