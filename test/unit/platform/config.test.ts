import { describe, expect, it } from 'vitest';
import { ConfigError, type Environment, isPooled, loadConfig, type Role } from '../../../src/platform/config.ts';

const secretKeys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;

function problemsOf(env: Environment, role: Role = 'up') {
  try {
    loadConfig(env, { role });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('contract §2: configuration', () => {
  it('has a default for everything that `up` needs', () => {
    expect(loadConfig({}, { role: 'up' })).toMatchObject({
      databaseUrl: null,
      redisUrl: null,
      host: '127.0.0.1',
      port: 3000,
      logLevel: 'info',
      adminKey: null,
      secretKeys: [],
      queuePrefix: 'errand',
      retention: { days: 90, bytesDays: 30, auditDays: 2555 },
      metricsPublic: false,
      client: { url: 'http://127.0.0.1:3000', apiKey: null },
    });
  });

  it('reads what is set, and is frozen', () => {
    const config = loadConfig(
      {
        DATABASE_URL: 'postgresql://errand:s3cret@db/errand',
        REDIS_URL: 'rediss://:s3cret@redis:6380/2',
        PORT: '0',
        ERRAND_SECRET_KEYS: secretKeys,
        ERRAND_EGRESS_ALLOW: '127.0.0.1,10.20.0.0/16',
        ERRAND_CONCURRENCY_BATCH: '12',
        ERRAND_METRICS_PUBLIC: '1',
      },
      { role: 'worker' },
    );
    expect(config).toMatchObject({ port: 0, metricsPublic: true, concurrency: { batch: 12 } });
    expect(config.secretKeys[0]?.id).toBe('k1');
    expect(config.egressAllow.allowsAddress('10.20.3.4')).toBe(true);
    expect(() => Object.assign(config.concurrency, { batch: 1 })).toThrow(TypeError);
  });

  it('takes DATABASE_URL for a direct one, unless that is named, too', () => {
    const url = 'postgres://errand@pgbouncer:6432/errand';
    expect(loadConfig({ DATABASE_URL: url }, { role: 'up' }).directUrl).toBe(url);
    const direct = 'postgres://errand@db/errand';
    const config = loadConfig({ DATABASE_URL: url, DATABASE_DIRECT_URL: direct }, { role: 'up' });
    expect([config.databaseUrl, config.directUrl, isPooled(config)]).toEqual([url, direct, true]);
    expect(problemsOf({ DATABASE_DIRECT_URL: direct }).map(({ variable }) => variable)).toEqual([
      'DATABASE_DIRECT_URL',
    ]);
  });

  it('knows the nodes of a Redis Cluster', () => {
    expect(problemsOf({ REDIS_URL: 'redis://one:7000,redis://two:7001' })).toEqual([]);
    expect(problemsOf({ REDIS_URL: 'redis://one:7000,rediss://two:7001' })).toHaveLength(1);
    expect(problemsOf({ REDIS_URL: 'redis://one:7000,redis://:s3cret@' })).toHaveLength(1);
  });

  it('reads lists of addresses and origins, each once', () => {
    const config = loadConfig(
      {
        ERRAND_EGRESS_IPS: '203.0.113.7, 2001:db8::/64,203.0.113.7,',
        ERRAND_PUBLIC_URL: 'https://Errand.example.com/errand/',
        ERRAND_PORTAL_ORIGINS: 'https://Billing.example.com/, http://localhost:8080',
      },
      { role: 'up' },
    );
    expect(config.egressIps).toEqual(['203.0.113.7', '2001:db8::/64']);
    expect(config.publicUrl).toBe('https://errand.example.com/errand');
    expect(config.portalOrigins).toEqual(['https://billing.example.com', 'http://localhost:8080']);
    expect(loadConfig({}, { role: 'up' })).toMatchObject({ egressIps: [], publicUrl: null, portalOrigins: [] });
  });

  it.each([
    ['ERRAND_EGRESS_IPS', '203.0.113.7, errand.example.com', /^"errand\.example\.com" is neither an IP address/],
    ['ERRAND_EGRESS_IPS', '203.0.113.0/33', /neither an IP address \(203\.0\.113\.7\) nor a CIDR/],
    ['ERRAND_EGRESS_IPS', '127.1', /neither/],
    ['ERRAND_PUBLIC_URL', 'errand.example.com', /such as https:/],
    ['ERRAND_PUBLIC_URL', 'ftp://errand.example.com', /http or https/],
    ['ERRAND_PUBLIC_URL', 'https://admin:hunter22@errand.example.com', /^must not hold a user name or password$/],
    ['ERRAND_PUBLIC_URL', 'https://errand.example.com/?a=b', /query/],
    ['ERRAND_PORTAL_ORIGINS', 'billing.example.com', /is no origin of http or https; https:/],
    ['ERRAND_PORTAL_ORIGINS', '*', /is no origin/],
    ['ERRAND_PORTAL_ORIGINS', "'self'", /is no origin/],
    ['ERRAND_PORTAL_ORIGINS', 'https://*.example.com', /^"https:\/\/\*\.example\.com" has a wildcard/],
    ['ERRAND_PORTAL_ORIGINS', 'https://a.example/path', /more than an origin: https:\/\/a\.example is all of it/],
    ['ERRAND_PORTAL_ORIGINS', 'https://a.example; script-src *', /"https:\/\/a\.example; script-src \*" (?:is|has)/],
    ['ERRAND_PORTAL_ORIGINS', 'https://a.example?, data:', /more than an origin.*"data:" is no origin/],
  ])('refuses %s=%s', (variable, value, message) => {
    expect(problemsOf({ [variable]: value })).toEqual([{ variable, message: expect.stringMatching(message) }]);
  });

  describe('the proxies of the environment', () => {
    const variables = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
    const bad: [string, RegExp][] = [
      ['not a url', /^must begin with http:\/\/ or https:\/\/, such as http:\/\/user:password@proxy\.example:3128$/],
      ['proxy.example:3128', /^must begin with http/],
      ['me:hunter2@proxy.example:3128', /^must begin with http/],
      [
        'socks5://me:hunter2@proxy.example:1080',
        /not "socks5:\/\/": a proxy is asked for a tunnel by HTTP \(CONNECT\)/,
      ],
      ['http://me:hunter2@proxy.example:port', /^must be a URL such as/],
      ['http://me:hunter2/2@proxy.example:3128', /^must be a URL such as .* percent-encoded$/],
      ['http://me:2/hunter2@proxy.example:3128', /^must end with the host or its port/],
      ['http://me:2#hunter2@proxy.example:3128', /^must end with the host or its port/],
      ['https://me:hunter2%@proxy.example:3128', /a "%" itself is written %25$/],
      ['http://', /^must be a URL such as/],
      [' ', /^must begin with http/],
    ];

    it.each(variables)('refuses in %s what is none, without its password', (variable) => {
      for (const [value, message] of bad) {
        const problems = problemsOf({ [variable]: value });
        expect(problems, value).toEqual([{ variable, message: expect.stringMatching(message) }]);
        expect(JSON.stringify(problems)).not.toContain('hunter2');
      }
    });

    it.each(variables)('takes in %s what is one', (variable) => {
      const good = ['http://proxy.example:3128', 'https://me:hunter%25%3A2@[2001:db8::1]/', ' HTTP://127.0.0.1\n', ''];
      for (const value of good) expect(problemsOf({ [variable]: value })).toEqual([]);
    });

    it('names them all at once, for whatever sends, and for nothing else', () => {
      const env = { HTTPS_PROXY: 'proxy', http_proxy: 'socks4://proxy', ALL_PROXY: 'https://', NO_PROXY: 'not a url' };
      const named = (role: Role) =>
        problemsOf({ ...env, DATABASE_URL: 'postgres://db', ERRAND_SECRET_KEYS: secretKeys }, role);
      for (const role of ['up', 'demo', 'api', 'worker'] as const) {
        expect(named(role).map(({ variable }) => variable)).toEqual(['HTTPS_PROXY', 'http_proxy', 'ALL_PROXY']);
      }
      for (const role of ['migrate', 'keys', 'client'] as const) expect(named(role)).toEqual([]);
    });
  });

  it('takes an empty value for unset, and trims', () => {
    const config = loadConfig({ DATABASE_URL: '', PORT: '  ', HOST: ' ::1\n', ERRAND_OLD: '' }, { role: 'up' });
    expect(config).toMatchObject({ databaseUrl: null, port: 3000, host: '::1' });
  });

  it('names every problem at once, with the variable', () => {
    const problems = problemsOf(
      {
        PORT: '70000',
        LOG_LEVEL: 'loud',
        REDIS_URL: 'http://redis',
        ERRAND_ADMIN_KEY: 'short',
        ERRAND_SECRET_KEYS: 'k1:AAAA,k2',
        ERRAND_EGRESS_ALLOW: '10.0.0.0/99',
        ERRAND_QUEUE_PREFIX: 'a:b',
        ERRAND_RETENTION_DAYS: '1.5',
        ERRAND_METRICS_PUBLIC: 'yes',
      },
      'api',
    );
    expect(problems.map(({ variable }) => variable).toSorted()).toEqual([
      'DATABASE_URL',
      'ERRAND_ADMIN_KEY',
      'ERRAND_EGRESS_ALLOW',
      'ERRAND_METRICS_PUBLIC',
      'ERRAND_QUEUE_PREFIX',
      'ERRAND_RETENTION_DAYS',
      'ERRAND_SECRET_KEYS',
      'ERRAND_SECRET_KEYS',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
    ]);
    expect(problems).toContainEqual({
      variable: 'PORT',
      message: 'must be a whole number from 0 to 65535, not "70000"',
    });
  });

  it.each([
    ['api', ['DATABASE_URL', 'ERRAND_SECRET_KEYS']],
    ['worker', ['DATABASE_URL', 'ERRAND_SECRET_KEYS']],
    ['migrate', ['DATABASE_URL']],
    ['up', []],
    ['client', []],
  ] as const)('%s cannot start without what it cannot make', (role, variables) => {
    expect(problemsOf({}, role).map(({ variable }) => variable)).toEqual(variables);
  });

  it('refuses misspelt variables of its own with the likely name, and leaves others alone', () => {
    expect(
      problemsOf({
        ERRAND_RETENTON_DAYS: '9',
        ERRAND_FLUX_CAPACITOR_LEVEL: '1',
        ERRAND_TEST_REDIS_URL: 'x',
        HOME: '/',
      }),
    ).toEqual([
      { variable: 'ERRAND_RETENTON_DAYS', message: 'is not a variable of Errand. Did you mean ERRAND_RETENTION_DAYS?' },
      { variable: 'ERRAND_FLUX_CAPACITOR_LEVEL', message: 'is not a variable of Errand. See docs/configuration.md.' },
    ]);
  });

  it('repeats no secret in a message', () => {
    const env = {
      DATABASE_URL: 'postgres://errand:hunter2#1@db/errand:x',
      REDIS_URL: 'redi://:hunter2@redis',
      ERRAND_ADMIN_KEY: 'hunter2',
      ERRAND_SECRET_KEYS: 'k1:hunter2',
    };
    const problems = problemsOf(env);
    expect(problems.map(({ variable }) => variable)).toContain('ERRAND_SECRET_KEYS');
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});
