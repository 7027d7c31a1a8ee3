import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { docsPages, type ShellBlock, shellBlocks } from '../support/docs.ts';
import { type DocsShell, openDocsShell } from '../support/docs-shell.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

const root = path.resolve(import.meta.dirname, '../..');
const pdf = '%PDF-1.7\nan invoice\n%%EOF\n';

/** Commands that do not run here, by how their block begins, and what runs them. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm ci && npm run demo': 'test/e2e/up.test.ts',
  'npm ci ': 'the check of every change',
  'npm install errand && npx errand demo': 'test/e2e/package.test.ts',
  'npm test': 'the check of every change',
  'cp .env.example .env': 'test/e2e/compose.test.ts',
  'docker ': 'test/e2e/compose.test.ts',
  'export ERRAND_API_KEY=': 'test/e2e/examples.test.ts',
  'ERRAND_TEST_POSTGRES=': 'a person, or a CI that has a Docker engine',
  'npm publish ': 'the one who releases; test/e2e/package.test.ts holds what is published',
  'REDIS_URL=': 'test/e2e/examples.test.ts',
  'cp -r deploy/kubernetes': 'a person, with a cluster: the manifests are tried by test/unit/deploy/kubernetes.test.ts',
  'PGPASSWORD=':
    'a person, with psql: the embedded PostgreSQL is tried by test/integration/platform/embedded-postgres.test.ts',
};

const pages = docsPages().map((page) => ({ page, blocks: shellBlocks(page) }));
const all = pages.flatMap(({ blocks }) => blocks);

describe.skipIf(!inject('shellTools'))('contract §2, §3: the commands of the docs', { timeout: 180_000 }, () => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let directory: string;
  let shell: DocsShell;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-docs-'));
    endpoint = await startEndpoint((request, response) => {
      if (request.url.includes('INV404')) response.writeHead(404).end();
      else if (request.url.startsWith('/json/')) response.setHeader('content-type', 'application/json').end(inJson);
      else if (request.url.startsWith('/invoices?')) response.setHeader('content-type', 'application/json').end(listed);
      else response.setHeader('content-type', 'application/pdf').end(pdf);
    });
    const backend = queueBackends().find(({ name }) => name === 'postgres');
    if (backend === undefined) throw new Error('There is always a PostgreSQL');
    errand = await deploy(backend);
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    await layOut();
    shell = await openDocsShell({
      directory,
      env: { ...errand.env, ERRAND_URL: errand.url, ERRAND_API_KEY: errand.adminKey },
      instead: {
        'http://127.0.0.1:3000': errand.url,
        'localhost:3000': new URL(errand.url).host,
        'https://invoices.example.com': endpoint.url,
        'https://example.com': endpoint.url,
        'api.acme.example': '127.0.0.1',
      },
    });
    await shell.run(shellBlocks('README.md').filter(runs));
    const missing = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV404' } };
    await errand.client.enqueue(missing, { waitSeconds: 20 });
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  /** The files that the docs speak of. */
  async function layOut(): Promise<void> {
    await mkdir(path.join(directory, '.errand'));
    await writeFile(path.join(directory, '.errand/admin-key'), errand.adminKey);
    await writeFile(path.join(directory, 'invoices.csv'), 'InvoiceNumber,reference\nINV1,customer 4711\nINV2,\n');
    const line = JSON.stringify({ tokens: { InvoiceNumber: 'INV1' }, reference: 'customer 4711' });
    await writeFile(path.join(directory, 'invoices.ndjson'), `${line}\n`);
    await copyFile(path.join(root, '.env.example'), path.join(directory, '.env.example'));
  }

  // Pages after the README go on from there, with `api` as docs/api.md has it.
  it.each(pages.filter(({ page, blocks }) => page !== 'README.md' && blocks.some(runs)))('of $page run', async ({
    blocks,
  }) => shell.run([...shellBlocks('docs/api.md').slice(0, 1), ...blocks.filter(runs)]));

  it('that do not run here are run elsewhere', () => {
    const unknown = all.filter((block) => block.elsewhere && ranBy(block) === undefined);
    expect(unknown.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });
});

const runs = (block: ShellBlock) => !block.elsewhere;
const ranBy = ({ code }: ShellBlock) => Object.entries(elsewhere).find(([begin]) => code.startsWith(begin))?.[1];
const listed = JSON.stringify({ invoices: [{ number: 'INV1' }, { number: 'INV2' }], next: null });
const inJson = JSON.stringify({ invoice: { pdf: Buffer.from(pdf).toString('base64') } });
