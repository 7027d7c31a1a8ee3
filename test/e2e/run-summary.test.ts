import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** A run of the suite as on a machine that has PostgreSQL and what `env` says, but no Docker, and no program on its path. */
async function runTests(files: readonly string[], env: Record<string, string> = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:VITEST|ERRAND_)/.test(name));
  const bare = {
    ERRAND_TEST_DATABASE_URL: inject('postgresUrl'),
    PATH: '/nowhere',
    DOCKER_HOST: 'unix:///nowhere.sock',
  };
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...bare, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines: stripVTControlCharacters(said).trimEnd().split('\n') };
}

const otherVersions = [
  'Suites on the oldest versions did not run: others were chosen',
  'Suites on Valkey did not run: others were chosen',
];

/** Among other lines: there is one for each kind of suite that could not run. */
const told = (lines: unknown[]) => expect.arrayContaining(lines);

describe('contract §2: the last lines of a run of the tests', { timeout: 60_000 }, () => {
  it('say what the machine could not run, and why', async () => {
    const { code, lines } = await runTests(['test/browser/pages.test.ts']);
    expect(code).toBe(0);
    expect(lines).toEqual(
      told([
        expect.stringMatching(/^PostgreSQL: PostgreSQL \d.* \(ERRAND_TEST_DATABASE_URL\)$/),
        expect.stringMatching(
          /^Redis suites did not run: ERRAND_TEST_REDIS_URL is not set; no Docker engine .*; no redis-server or valkey-server on the path$/,
        ),
        'Suites that empty or restart Redis did not run: no redis-server or valkey-server on the path',
        ...otherVersions,
        'Browser suites did not run: no chromium, chromium-browser, google-chrome-stable, google-chrome on the path, and ERRAND_TEST_CHROMIUM is not set',
      ]),
    );
    expect(lines.at(-1)).toBe('0 passed, 0 failed, 4 skipped');
  });

  it.runIf(inject('redisUrl') !== null)('tell a Redis that may not be emptied from one that may', async () => {
    const redis = { ERRAND_TEST_REDIS_URL: inject('redisUrl') ?? '' };
    const { code, lines } = await runTests(['test/integration/platform/redis.test.ts'], redis);
    expect(code).toBe(0);
    expect(lines).toEqual(
      told([
        expect.stringMatching(/^PostgreSQL: /),
        expect.stringMatching(/^Redis: (?:Redis|Valkey) \d.* \(ERRAND_TEST_REDIS_URL\)$/),
        'Suites that empty or restart Redis did not run: no redis-server or valkey-server on the path',
        ...otherVersions,
      ]),
    );
    expect(lines.at(-1)).toBe('0 passed, 0 failed, 1 skipped');
  });

  it('say what could be had of other versions, and what could not', async () => {
    const { code, lines } = await runTests(['test/integration/platform/redis.test.ts'], {
      ERRAND_TEST_DATABASE_URL: '',
    });
    expect(code).toBe(0);
    expect(lines.filter((line) => line.includes('Valkey'))).toEqual([
      expect.stringMatching(/^Suites on Valkey did not run: no Docker engine .*; no valkey-server on the path$/),
    ]);
  });

  it('refuse a version that cannot be had', async () => {
    const { code, lines } = await runTests(['test/integration/platform/redis.test.ts'], {
      ERRAND_TEST_DATABASE_URL: '',
      ERRAND_TEST_POSTGRES: '9',
    });
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
  });

  it('count a run that could not begin as failed', async () => {
    const { code, lines } = await runTests(['test/browser/pages.test.ts'], { ERRAND_TEST_REQUIRE: 'redis' });
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
  });
});
