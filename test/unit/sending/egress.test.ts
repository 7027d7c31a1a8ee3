import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import {
  blockedAddresses,
  destinationOf,
  egressVerdict,
  type Resolver,
  refusedAsWritten,
} from '../../../src/sending/egress.ts';
import { specialPurpose } from '../../../src/sending/special-purpose.ts';

type Vector = { url: string; expect: 'allow' | 'block'; why: string; resolve?: Record<string, string[]> };
const vectors: Vector[] = JSON.parse(readFileSync(new URL('./vectors/egress.json', import.meta.url), 'utf8'));
const nothing = parseEgressAllow('');

const resolverOf =
  (names: Record<string, string[]>): Resolver =>
  async (hostname) => {
    const addresses = names[hostname];
    if (addresses === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    return addresses;
  };
const verdict = (url: string, allow = nothing, names: Record<string, string[]> = {}) =>
  egressVerdict(url, { allow, own: () => [], resolve: resolverOf(names), timeoutMs: 1000 });

describe('contract §6: the egress vectors', () => {
  for (const { url, expect: expected, why, resolve } of vectors) {
    it(`${expected} ${url}: ${why}`, async () => {
      const { allowed } = await verdict(url, nothing, resolve);
      expect(allowed).toBe(expected === 'allow');
    });
  }
});

describe('contract §6: special-purpose addresses', () => {
  it.each([
    '0.0.0.0',
    '192.0.0.9',
    '192.31.196.1',
    '192.52.193.1',
    '192.88.99.1',
    '192.175.48.1',
    '168.63.129.16',
    '255.255.255.255',
    '::',
    '100::1',
    '::ffff:93.184.216.34',
    '2001:1ff:ffff::1',
    '2620:4f:8000::1',
    '3fff:fff::1',
    '4000::1',
    'fe80::1%eth0',
    'example.com',
  ])('%s is none to call', (address) => {
    expect(specialPurpose(address)).toBeTypeOf('string');
  });

  it.each(['168.63.129.15', '192.0.1.0', '2001:200::1', '2606:4700::1', '3ffe::1'])('%s is public', (address) => {
    expect(specialPurpose(address)).toBeUndefined();
  });
});

describe('contract §6: why an address is refused', () => {
  const names = { 'metadata.example': ['169.254.169.254'], 'mapped.example': ['::ffff:169.254.169.254'] };
  const reason = async (url: string) => (await verdict(url, nothing, names)).reason;

  it('says which IPv4 address is meant', async () => {
    expect(await reason('http://[::ffff:a9fe:a9fe]/')).toMatch(
      /^\[::ffff:169\.254\.169\.254\]:80 is a private or reserved address \(IPv4-mapped\)/,
    );
    expect(await reason('http://[fd00::1]/')).toMatch(/^\[fd00::1\]:80 is/);
  });

  it.each([
    'http://169.254.169.254/',
    'http://168.63.129.16/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://metadata.example/',
    'http://mapped.example/',
  ])('does not advise to allow %s, where a cloud has its metadata', async (url) => {
    expect(await reason(url)).toMatch(/credentials of their machines/);
    expect(await reason(url)).not.toContain('ERRAND_EGRESS_ALLOW');
  });

  it.each(['http://10.0.0.1/', 'http://[::1]/', 'http://[::ffff:10.0.0.1]/'])('does for %s', async (url) => {
    expect(await reason(url)).toContain('ERRAND_EGRESS_ALLOW');
  });
});

describe('contract §6: ERRAND_EGRESS_ALLOW', () => {
  it('allows addresses, ranges and names, and nothing next to them', async () => {
    const allow = parseEgressAllow(' 127.0.0.1, 10.20.0.0/16,[::1],fd00::/8, Billing.Internal. ,');
    const names = { 'billing.internal': ['10.99.0.1', 'fd12::1', '169.254.169.254'], other: ['10.99.0.1'] };
    const allowed = async (url: string) => (await verdict(url, allow, names)).allowed;
    expect(await allowed('http://127.0.0.1:8080/')).toBe(true);
    expect(await allowed('http://127.0.0.2/')).toBe(false);
    expect(await allowed('http://10.20.255.255/')).toBe(true);
    expect(await allowed('http://10.21.0.0/')).toBe(false);
    expect(await allowed('http://[::1]/')).toBe(true);
    expect(await allowed('http://[fd12::1]/')).toBe(true);
    expect(await allowed('http://BILLING.internal/')).toBe(true);
    expect(await allowed('http://other/')).toBe(false);
  });

  it('takes localhost by its name, or by every address it has', async () => {
    const names = { localhost: ['127.0.0.1', '::1'] };
    expect((await verdict('http://localhost/', parseEgressAllow('localhost'), names)).allowed).toBe(true);
    expect((await verdict('http://localhost/', parseEgressAllow('127.0.0.1,::1'), names)).allowed).toBe(true);
    expect((await verdict('http://localhost/', parseEgressAllow('127.0.0.1'), names)).allowed).toBe(false);
    const odd = { 'a.localhost': ['93.184.216.34'] };
    expect((await verdict('http://a.localhost/', nothing, odd)).allowed).toBe(false);
  });

  it('does not open ports of other protocols', async () => {
    expect((await verdict('http://127.0.0.1:6667/', parseEgressAllow('127.0.0.1'))).allowed).toBe(false);
  });

  it.each([
    ['10.0.0.0/33', /prefix length must be a number from 0 to 32/],
    ['10.0.0.0/', /prefix length/],
    ['::/129', /0 to 128/],
    ['example.com/8', /no IP address/],
    ['*.example.com', /wildcard/],
    ['http://example.com', /not a CIDR/],
    ['example.com:8080', /scheme or port/],
    ['256.1.1.1', /not a CIDR/],
    ['fe80::1%eth0', /zone/],
    ['a b', /not a CIDR/],
    ['-a', /not a CIDR/],
  ])('refuses %s', (entry, says) => {
    expect(() => parseEgressAllow(`127.0.0.1,${entry}`)).toThrow(says);
    expect(() => parseEgressAllow(`127.0.0.1,${entry}`)).toThrow(`"${entry}"`);
  });

  it('names every bad entry at once', () => {
    expect(() => parseEgressAllow('1.2.3.4/99,ok.example,*.x')).toThrow(/"1\.2\.3\.4\/99".*"\*\.x"/);
  });
});

describe('contract §6: what is said about a blocked destination', () => {
  it('names host and port, neither the path nor the address behind a name', async () => {
    const { reason } = await verdict('http://db.internal:8080/a?key=s3cr3t', nothing, { 'db.internal': ['10.1.2.3'] });
    expect(reason).toContain('db.internal:8080');
    expect(reason).toContain('private use');
    expect(reason).not.toMatch(/s3cr3t|10\.1\.2\.3/);
  });

  it('is null for a name that does not resolve', async () => {
    expect(await verdict('https://nowhere.example/')).toMatchObject({ allowed: null });
  });

  it('is null for a name whose resolver does not answer', async () => {
    const stuck = { allow: nothing, own: () => [], resolve: () => new Promise<string[]>(() => {}), timeoutMs: 5 };
    expect(await egressVerdict('https://slow.example/', stuck)).toMatchObject({ allowed: null });
  });

  it('refuses a user name in the URL', async () => {
    expect((await verdict('https://user:pw@93.184.216.34/')).reason).toContain('Authorization');
  });
});

it('contract §6: one private address among public ones blocks them all', () => {
  const destination = destinationOf(new URL('https://mixed.example/'));
  if ('refused' in destination) throw new Error(destination.refused);
  expect(blockedAddresses(destination, ['93.184.216.34'], nothing)).toBeUndefined();
  expect(blockedAddresses(destination, ['93.184.216.34', '10.0.0.1'], nothing)).toContain('private use');
});

describe('contract §6: what a URL itself says of where it leads', () => {
  const refused = (url: string, allowed = '') =>
    refusedAsWritten(url, {
      allow: parseEgressAllow(allowed),
      own: () => [
        { what: 'own database', host: 'db.internal', port: 5432 },
        { what: 'own API', host: '10.0.0.7', port: 3000 },
        { what: 'own Redis', host: '127.0.0.1', port: 6379 },
      ],
    });

  for (const { url, expect: expected } of vectors.filter((each) => each.resolve === undefined)) {
    it(`${expected}s ${url}, as sending does`, async () => {
      expect((await refused(url)) === undefined).toBe(expected === 'allow');
    });
  }

  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://169.254.169.254./',
    'http://[::ffff:169.254.169.254]/',
    'http://LOCALHOST./',
    'http://93.184.216.34:25/',
    'http://db.internal:5432/',
  ])('refuses %s', async (url) => {
    expect(await refused(url)).toBeTypeOf('string');
  });

  it.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://localhost/', '127.0.0.1'],
    ['http://localhost/', '::1'],
    ['http://localhost/', 'localhost'],
    ['http://10.1.2.3/', '10.0.0.0/8'],
  ])('lets %s through where %s may be reached', async (url, allowed) => {
    expect(await refused(url, allowed)).toBeUndefined();
  });

  it.each([
    ['http://10.0.0.7:3000/', '10.0.0.0/8', 'own API'],
    ['http://localhost:6379/', '127.0.0.1', 'own Redis'],
    ['http://[::1]:6379/', '::1', 'own Redis'],
  ])("refuses %s, a service of Errand's own, where %s may be reached", async (url, allowed, what) => {
    expect(await refused(url, allowed)).toContain(`Errand's ${what}`);
  });

  it('leaves names to whoever resolves them', async () => {
    expect(await refused('http://metadata.example/')).toBeUndefined();
    expect(await refused('http://a.localhost/')).toBeUndefined();
  });
});
