import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { runErrand } from '../support/errand.ts';

const pdf = Buffer.from('%PDF-1.7\n\u00ff\u0000 an invoice\n%%EOF\n', 'latin1');

describe('the command line (contract §2)', () => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let directory: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-cli-'));
    endpoint = await startEndpoint(({ url }, response) => {
      response.writeHead(url === '/missing' ? 404 : 200, { 'content-type': 'application/pdf' }).end(pdf);
    });
    errand = await deploy({ name: 'postgres' });
    await errand.worker('interactive');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
    env = { ERRAND_URL: errand.url, ERRAND_API_KEY: errand.adminKey, ERRAND_DATA_DIR: path.join(directory, 'data') };
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const run = async (args: string[], more: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await runErrand(args, { ...env, ...more });
    return { code, stdout: stdout.toString(), stderr, bytes: stdout };
  };
  const invoke = (...args: string[]) => run(['invoke', 'acme', 'GetInvoiceImage', ...args]);

  describe('invoke', () => {
    it('writes the bytes to stdout and nothing else anywhere', async () => {
      const { code, bytes, stderr } = await invoke('InvoiceNumber=INV1');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(bytes).toEqual(pdf);
    });

    it('writes them to a file', async () => {
      const file = path.join(directory, 'invoice.pdf');
      const { code, stdout, stderr } = await invoke('InvoiceNumber=INV1', '--output', file);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toBe(`${file}: ${pdf.byteLength} bytes, application/pdf\n`);
      expect(await readFile(file)).toEqual(pdf);
    });

    it('finds out before it sends that the file cannot be written', async () => {
      const before = endpoint.requests.length;
      for (const file of [directory, `${directory}/no/such/invoice.pdf`]) {
        const { code, stdout, stderr } = await invoke('InvoiceNumber=INV1', '--output', file);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        expect(stderr).toContain(`--output ${file}: `);
      }
      expect(endpoint.requests).toHaveLength(before);
    });

    it('exits 1 with the reason on stderr where the invocation fails', async () => {
      const { code, stdout, stderr } = await invoke('InvoiceNumber=missing');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^errand: invocation \S+ failed: unexpected-status \(.*404/);
    });

    it('prints the invocation with --json, whichever way it ends', async () => {
      const good = await invoke('InvoiceNumber=INV1', '--json');
      expect(good.code).toBe(0);
      expect(JSON.parse(good.stdout)).toMatchObject({ status: 'succeeded', lane: 'interactive' });
      const bad = await invoke('InvoiceNumber=missing', '--json');
      expect(bad.code).toBe(1);
      expect(JSON.parse(bad.stdout)).toMatchObject({ status: 'failed', error: { code: 'unexpected-status' } });
    });

    it.each([
      ['an integration', ['acm', 'GetInvoiceImage'], 'no such integration `acm`; did you mean `acme`?'],
      ['an integration unlike any', ['zzzzzz', 'GetInvoiceImage'], 'no such integration `zzzzzz`; there is `acme`.'],
      ['a command', ['acme', 'GetInvoiceImag'], 'has no command `GetInvoiceImag`; did you mean `GetInvoiceImage`?'],
      ['a token', ['acme', 'GetInvoiceImage', 'invoiceNumber=1'], 'InvoiceNumber'],
      ['no token where one is needed', ['acme', 'GetInvoiceImage'], 'InvoiceNumber'],
      ['a pair', ['acme', 'GetInvoiceImage', 'InvoiceNumber'], 'not of the form Name=value'],
      ['an id that is none', ['ACME!', 'GetInvoiceImage'], 'slug'],
      ['an option', ['acme', 'GetInvoiceImage', '--outptu', 'x'], 'Did you mean --output?'],
      ['a lane', ['acme', 'GetInvoiceImage', '--lane', 'slow'], 'interactive, batch'],
    ])('exits 2 for %s that does not exist or fit', async (_what, args, said) => {
      const { code, stdout, stderr } = await run(['invoke', ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(said);
      expect(stderr).not.toMatch(/^\s+at /m);
    });

    it("tells a producer's key, which may not list, what the API says", async () => {
      const made = await errand.client.createKey({ role: 'producer', accounts: '*' });
      const { code, stderr } = await run(['invoke', 'acm', 'GetInvoiceImage'], { ERRAND_API_KEY: made.key });
      expect({ code, stderr }).toEqual({ code: 2, stderr: 'errand: There is no integration "acm".\n' });
    });

    it('exits 1 where nothing answers, or the key is wrong', async () => {
      const away = await run(['invoke', 'acme', 'GetInvoiceImage'], { ERRAND_URL: 'http://127.0.0.1:1' });
      expect(away.code).toBe(1);
      expect(away.stderr).toContain('Errand does not answer at http://127.0.0.1:1');
      const wrong = await run(['invoke', 'acme', 'GetInvoiceImage', 'InvoiceNumber=1'], { ERRAND_API_KEY: 'wrong' });
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toMatch(/^errand: .*key/i);
    });

    it('exits 2 where there is no key at all', async () => {
      const { code, stderr } = await run(['invoke', 'acme', 'GetInvoiceImage'], { ERRAND_API_KEY: '' });
      expect(code).toBe(2);
      expect(stderr).toContain('set ERRAND_API_KEY');
    });

    it('ends quietly where nobody reads on', async () => {
      const child = spawn(
        'sh',
        ['-c', '"$0" src/main.ts invoke acme GetInvoiceImage InvoiceNumber=INV1 | true; exit 0', process.execPath],
        {
          env: { ...env, PATH: process.env.PATH ?? '' },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      let stderr = '';
      child.stderr.on('data', (data) => {
        stderr += data;
      });
      await once(child, 'close');
      expect(stderr).toBe('');
    });
  });

  describe('keys', () => {
    const keys = (...args: string[]) => run(['keys', ...args], { DATABASE_URL: errand.database.url });

    it('are made, listed and revoked; the key itself is all of stdout', async () => {
      const args = ['--role', 'producer', '--account', 'default', 'other', '--name', 'billing', '--expires', '90d'];
      const made = await keys('create', ...args);
      expect(made.code).toBe(0);
      expect(made.stdout).toMatch(/^errand_\S+\n$/);
      expect(made.stderr).toMatch(/^Key \S+, producer, for default, other, until .*Shown once:\n$/);
      const id = made.stderr.split(' ')[1]?.replace(',', '') ?? '';
      const apiKey = made.stdout.trim();
      expect(
        (await run(['invoke', 'acme', 'GetInvoiceImage', 'InvoiceNumber=1'], { ERRAND_API_KEY: apiKey })).code,
      ).toBe(0);

      const listed = await keys('list');
      expect(listed.stdout).toContain(`${id}  producer    default,other  last used`);
      expect(listed.stdout).not.toContain(apiKey);

      expect(await keys('revoke', id)).toMatchObject({ code: 0, stdout: '', stderr: `Key ${id} is revoked.\n` });
      expect(
        (await run(['invoke', 'acme', 'GetInvoiceImage', 'InvoiceNumber=1'], { ERRAND_API_KEY: apiKey })).code,
      ).toBe(1);
    });

    it('are JSON with --json', async () => {
      const made = JSON.parse((await keys('create', '--role', 'operator', '--json')).stdout);
      expect(made).toMatchObject({ role: 'operator', accounts: '*', expiresAt: null, key: expect.any(String) });
      const listed = JSON.parse((await keys('list', '--json')).stdout);
      expect(listed).toEqual(expect.arrayContaining([expect.objectContaining({ id: made.id })]));
      expect(JSON.parse((await keys('revoke', made.id, '--json')).stdout)).toEqual({ id: made.id, revoked: true });
    });

    it.each([
      [['create'], '--role'],
      [['create', '--role', 'prodcer'], 'producer, configurer, operator, admin'],
      [['create', '--role', 'producer', '--expires', 'soon'], '90d'],
      [['create', '--role', 'producer', '--account', ''], '1 to 200'],
      [['revoke', '01989f4e-7c5a-7000-8000-000000000000'], 'There is no API key'],
      [['lsit'], 'Did you mean list?'],
    ])('exit 2 for %j', async (args, said) => {
      const { code, stdout, stderr } = await keys(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(said);
    });

    it('exit 2 without a database, and 1 where it does not answer', async () => {
      const none = await run(['keys', 'list']);
      expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('set DATABASE_URL') });
      const away = await run(['keys', 'list'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
      expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('the database does not answer') });
    });
  });

  describe('migrate', () => {
    it('may run twice and at the same time', async () => {
      const database = await createDatabase();
      try {
        const migrate = () => run(['migrate', '--json'], { DATABASE_URL: database.url });
        for (const { code, stdout } of await Promise.all([migrate(), migrate(), migrate()])) {
          expect({ code, stdout: JSON.parse(stdout) }).toEqual({
            code: 0,
            stdout: { migrated: true, queue: 'postgres' },
          });
        }
        expect(await run(['migrate'], { DATABASE_URL: database.url })).toMatchObject({ code: 0, stdout: '' });
      } finally {
        await database.drop();
      }
    });

    it('says in a line what PostgreSQL refuses', async () => {
      const url = new URL(errand.database.url);
      url.pathname = '/there_is_no_such_database';
      const { code, stderr } = await run(['migrate'], { DATABASE_URL: url.href });
      expect(code).toBe(1);
      expect(stderr).toMatch(/errand: the database says: database "there_is_no_such_database" does not exist/);
      expect(stderr).not.toMatch(/^\s+at /m);
    });
  });

  it('exits 78 with every problem of the configuration', async () => {
    const { code, stdout, stderr } = await run(['api'], { PORT: 'http', LOG_LEVEL: 'loud', ERRAND_DATADIR: '/x' });
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    for (const name of ['PORT:', 'LOG_LEVEL:', 'DATABASE_URL:', 'ERRAND_SECRET_KEYS:', 'ERRAND_DATADIR:']) {
      expect(stderr).toContain(name);
    }
  });

  it.each(['up', 'api', 'worker'])('%s exits 78 rather than go past a proxy that cannot be used', async (role) => {
    const proxies = { HTTPS_PROXY: 'socks5://me:hunter2@proxy:1080', http_proxy: 'not a url' };
    const { code, stdout, stderr } = await run([role], proxies);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toContain('HTTPS_PROXY: must begin with http:// or https://, not "socks5://"');
    expect(stderr).toContain('http_proxy: must begin with http:// or https://, such as');
    expect(stderr).not.toContain('hunter2');
  });

  it('without a command prints its help and exits 2; with --help exits 0', async () => {
    const bare = await run([]);
    expect({ code: bare.code, stdout: bare.stdout }).toEqual({ code: 2, stdout: '' });
    expect(bare.stderr).toContain('Usage: errand');
    const asked = await run(['--help']);
    expect({ code: asked.code, stderr: asked.stderr }).toEqual({ code: 0, stderr: '' });
    expect(asked.stdout).toContain('Examples:');
    expect((await run(['keys', '--help'])).stdout).toContain('Examples:');
    expect(await run(['invok'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean invoke?') });
  });
});
