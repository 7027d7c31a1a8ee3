import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/client/http.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand, startErrand } from '../support/errand.ts';
import { freePort } from '../support/ports.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What the image holds, in a folder apart: `dist/`, `drizzle/`, the manifest and the dependencies, no source. */
describe('Errand compiled to JavaScript, as the image runs it (contract §2)', { timeout: 120_000 }, () => {
  let directory: string;
  let database: TestDatabase;
  let endpoint: Endpoint;
  let env: Record<string, string>;
  let up: ErrandProcess | undefined;
  const program = (name: string) => path.join(directory, 'dist', name);
  const run = (args: string[], more: Record<string, string> = {}, name = 'main.js') =>
    runErrand(args, { ...env, ...more }, directory, program(name));

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-compiled-'));
    const compiler = path.join(root, 'node_modules/.bin/tsc');
    // The types are `npm run check`'s; this is about what runs.
    const compile = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', path.join(directory, 'dist')];
    await Promise.all([
      promisify(execFile)(compiler, compile, { cwd: root }),
      cp(path.join(root, 'dist/console'), path.join(directory, 'dist/console'), { recursive: true }),
      cp(path.join(root, 'drizzle'), path.join(directory, 'drizzle'), { recursive: true }),
      cp(path.join(root, 'package.json'), path.join(directory, 'package.json')),
      symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'), 'junction'),
    ]);
    database = await createDatabase();
    endpoint = await startEndpoint((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    env = {
      DATABASE_URL: database.url,
      ERRAND_DATA_DIR: path.join(directory, 'data'),
      ERRAND_ADMIN_KEY: 'an-admin-key-of-the-compiled-test',
      ERRAND_SECRET_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
      ERRAND_EGRESS_ALLOW: '127.0.0.1',
    };
  });
  afterAll(async () => {
    await up?.kill('SIGTERM');
    await endpoint?.close();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('says how it is used', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    expect(stdout.toString()).toContain('Usage: errand');
  });

  it('finds the migrations, starts its workers, runs an invocation, and is well while it does', async () => {
    const migrated = await run(['migrate', '--json']);
    expect(migrated.code, migrated.stderr).toBe(0);
    expect(JSON.parse(migrated.stdout.toString())).toEqual({ migrated: true, queue: 'postgres' });

    const port = String(await freePort());
    up = startErrand(['up'], { ...env, PORT: port }, directory, program('main.js'));
    const { url = '' } = await up.event('ready', ({ role }) => role === 'up');
    const client = createHttpClient({ url, apiKey: env.ERRAND_ADMIN_KEY as string });
    await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await client.putCommand('acme', 'GetInvoiceImage', {
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      accept: { contentTypes: ['*/*'] },
    });
    const invoice = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV1' } };
    expect(await client.enqueue(invoice, { waitSeconds: 20 })).toMatchObject({ status: 'succeeded' });
    expect(endpoint.requests[0]?.header('user-agent')).toMatch(/^errand\/\d/);
    expect(await (await fetch(url)).text(), 'the console').toMatch(/<script type="module"/);

    expect(await run([], { PORT: port }, 'healthcheck.js'), 'the API').toMatchObject({ code: 0 });
    const nobody = { PORT: String(await freePort()) };
    expect(await run([], nobody, 'healthcheck.js'), 'a worker, which listens on nothing').toMatchObject({ code: 0 });

    expect(await up.kill('SIGTERM')).toEqual([0, null]);
    expect(await run([], { PORT: port }, 'healthcheck.js'), 'nothing of Errand here').toMatchObject({ code: 1 });
  });
});
