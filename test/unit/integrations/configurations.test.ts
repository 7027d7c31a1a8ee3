import { describe, expect, it } from 'vitest';
import { system } from '../../../src/audit/entry.ts';
import { createConfigurations } from '../../../src/integrations/configurations.ts';
import { createPastCommands } from '../../../src/integrations/past-commands.ts';
import type { StoredConfiguration } from '../../../src/integrations/stored.ts';

const at = new Date('2026-01-01T00:00:00Z');
const command = (url: string, name = 'GetInvoiceImage') => ({
  name,
  version: 1,
  definition: { request: { method: 'GET' as const, url } },
  updatedAt: at,
  savedBy: system,
  deleted: false,
});

function stored(version: number, overrides: Partial<StoredConfiguration> = {}): StoredConfiguration {
  const integration = {
    id: 'acme',
    account: 'default',
    name: 'Acme',
    status: 'active' as const,
    statusSince: null,
    hold: null,
    limits: {},
    configurationVersion: version,
    lastSyncAt: null,
    lastSyncQuality: null,
    shownSecret: null,
    shownSecretHint: null,
    authentication: null,
    createdAt: at,
    updatedAt: at,
    deletedAt: null,
  };
  return {
    integration,
    values: [],
    commands: [command('https://a.example/{{InvoiceNumber}}')],
    types: [],
    ...overrides,
  };
}

/** A cache whose loads are answered by hand, in any order. */
function setup(max = 10) {
  const asked: { id: string; answer: (value: StoredConfiguration | null) => void; fail: (error: Error) => void }[] = [];
  let time = 0;
  const cache = createConfigurations({
    load: (id) => new Promise((answer, fail) => asked.push({ id, answer, fail })),
    sealer: {
      open: (sealed) => {
        if (sealed === 'unreadable') throw new Error('no');
        return sealed;
      },
    },
    createRedactor: (values) => (text) => values.reduce((left, value) => left.replaceAll(value, '***'), text),
    maxAgeMs: 1000,
    max,
    now: () => time,
  });
  const pass = (ms: number) => {
    time += ms;
  };
  const answer = (value: StoredConfiguration | null) => asked.at(-1)?.answer(value);
  return { cache, asked, pass, answer };
}

describe('the configuration cache', () => {
  it('asks once for those that ask at the same time, and then not until it is old', async () => {
    const { cache, asked, answer, pass } = setup();
    const both = Promise.all([cache.get('acme'), cache.get('acme')]);
    answer(stored(1));
    const [one, other] = await both;
    expect(one).toBe(other);
    expect(cache.get('acme')).toBe(cache.get('acme'));
    expect(asked).toHaveLength(1);
    pass(1000);
    const again = cache.get('acme');
    answer(stored(2));
    expect((await again)?.version).toBe(2);
    expect(asked).toHaveLength(2);
  });

  it('lets batch work of a held integration wait until the next probe is due, by the clock of the database', async () => {
    const { cache, answer, pass } = setup();
    const failure = { code: 'unexpected-status', message: '401', side: 'credentials' } as const;
    const hold = { failure, since: at.toISOString(), nextProbeAt: at.toISOString(), probeInMs: 500 };
    const { integration, ...rest } = stored(1);
    const waits = cache.waits('acme');
    answer({ ...rest, integration: { ...integration, hold } });
    expect(await waits).toBe(true);
    pass(499);
    expect(await cache.waits('acme')).toBe(true);
    pass(1);
    expect(await cache.waits('acme')).toBe(false);
    cache.forget('acme');
    const paused = cache.waits('acme');
    answer({ ...rest, integration: { ...integration, status: 'paused' } });
    expect(await paused).toBe(true);
    cache.forget('acme');
    const well = cache.waits('acme');
    answer(stored(1));
    expect(await well).toBe(false);
  });

  it('loads anew for work accepted after a change', async () => {
    const { cache, asked, answer } = setup();
    const first = cache.get('acme');
    answer(stored(1));
    await first;
    const newer = cache.get('acme', 2);
    answer(stored(2));
    expect((await newer)?.version).toBe(2);
    expect(asked).toHaveLength(2);
  });

  it('does not take the answer of a query that began before the change', async () => {
    const { cache, asked } = setup();
    const early = cache.get('acme');
    const late = cache.get('acme', 2);
    asked[0]?.answer(stored(1));
    expect((await early)?.version).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    asked[1]?.answer(stored(2));
    expect((await late)?.version).toBe(2);
  });

  it('does not keep what was loaded before it was told to forget', async () => {
    for (const which of ['acme', undefined]) {
      const { cache, asked } = setup();
      const early = cache.get('acme');
      cache.forget(which);
      const late = cache.get('acme');
      asked[1]?.answer(stored(2));
      await late;
      asked[0]?.answer(stored(1));
      await early;
      expect((await cache.get('acme'))?.version).toBe(2);
      expect(asked).toHaveLength(2);
    }
  });

  it('does not remember what is missing, deleted or could not be asked for', async () => {
    const { cache, asked, answer } = setup();
    const missing = cache.get('acme');
    answer(null);
    expect(await missing).toBeNull();
    const deleted = cache.get('acme');
    const gone = stored(1);
    answer({ ...gone, integration: { ...gone.integration, deletedAt: at } });
    expect(await deleted).toBeNull();
    const failing = cache.get('acme');
    asked.at(-1)?.fail(new Error('the database is away'));
    await expect(failing).rejects.toThrow('away');
    const there = cache.get('acme');
    answer(stored(3));
    expect((await there)?.version).toBe(3);
  });

  it('keeps a bounded number', async () => {
    const { cache, asked, answer } = setup(2);
    for (const id of ['a', 'b', 'c', 'a']) {
      const got = cache.get(id);
      answer(stored(1));
      await got;
    }
    expect(asked.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('lets a command that does not compile, and a secret that does not open, break nothing else', async () => {
    const { cache, answer } = setup();
    const got = cache.get('acme');
    const value = { kind: 'secret' as const, since: 1, value: null, hint: null, allowedHosts: null, updatedAt: at };
    answer(
      stored(1, {
        commands: [
          command('https://a.example/{{InvoiceNumber}}'),
          command('https://a/{{Nope}}', 'LoginWithToken'),
          command('https://a', 'Gone'),
        ],
        values: [
          { ...value, name: 'apiKey', sealed: 'top-secret-value' },
          { ...value, name: 'lost', sealed: 'unreadable' },
          { ...value, name: 'base', kind: 'variable', value: 'x', sealed: null },
        ],
      }),
    );
    const configuration = await got;
    expect([...(configuration?.commands.keys() ?? [])]).toEqual(['GetInvoiceImage']);
    expect([...(configuration?.broken.keys() ?? [])]).toEqual(['LoginWithToken', 'Gone']);
    expect(configuration?.secrets).toEqual(
      new Map([
        ['apiKey', 'top-secret-value'],
        ['lost', null],
      ]),
    );
    expect(configuration?.variables).toEqual(new Map([['base', 'x']]));
    expect(configuration?.redact('a top-secret-value b')).toBe('a *** b');
  });
});

describe('past commands', () => {
  it('are loaded once for each version, and asked for again where they could not be found', async () => {
    const asked: number[] = [];
    const past = createPastCommands({
      load: async (_integration, configurationVersion) => {
        asked.push(configurationVersion);
        if (configurationVersion === 9) return null;
        const { definition } = command('https://{{host}}/{{InvoiceNumber}}?k={{apiKey}}');
        return { definition, variables: { host: 'a.example' }, secrets: ['apiKey'], type: null, auth: null };
      },
    });
    const one = await past.get('acme', 1, 'GetInvoiceImage', 1);
    expect(one?.variables).toEqual(new Map([['host', 'a.example']]));
    expect(one?.secrets).toEqual(new Set(['apiKey']));
    expect(one?.request.uses).toEqual(['host', 'InvoiceNumber', 'apiKey']);
    await past.get('acme', 1, 'GetInvoiceImage', 1);
    expect(await past.get('acme', 9, 'GetInvoiceImage', 1)).toBeNull();
    expect(await past.get('acme', 9, 'GetInvoiceImage', 1)).toBeNull();
    past.forget();
    await past.get('acme', 1, 'GetInvoiceImage', 1);
    expect(asked).toEqual([1, 9, 9, 1]);
  });
});
