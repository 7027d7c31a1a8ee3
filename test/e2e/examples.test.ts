import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { programOf } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

const examples = path.resolve(import.meta.dirname, '../../examples');
const pdf = '%PDF-1.7\nan invoice\n%%EOF\n';

describe.each(queueBackends())('the examples on $name (contract §3, §4)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let directory: string;
  let isDown = false;
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-examples-'));
    endpoint = await startEndpoint(({ url }, response) => {
      if (isDown) response.writeHead(500).end();
      else if (url === '/INV0000002' || url === '/gone') response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'application/pdf' }).end(pdf);
    });
    errand = await deploy(backend);
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      accept: { contentTypes: ['application/pdf'] },
      retry: { attempts: 1 },
    });
  });
  afterAll(async () => {
    for (const child of started) child.kill();
    await errand?.stop();
    await endpoint?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs as a billing system does: with a producer's key, and nothing else of Errand's. */
  async function start(program: string, args: string[], more: Record<string, string> = {}): Promise<ChildProcess> {
    const { key } = await errand.client.createKey({ role: 'producer', accounts: '*' });
    const child = spawn(program, args, {
      cwd: examples,
      env: { ...programOf().inherited, ERRAND_URL: errand.url, ERRAND_API_KEY: key, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    return child;
  }
  async function run(...given: Parameters<typeof start>) {
    const child = await start(...given);
    if (child.stdout === null || child.stderr === null) throw new Error('they are pipes');
    const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }

  it('a billing system shows an invoice when a customer clicks, also while the customer is down', async () => {
    const child = await start(process.execPath, ['billing-system/server.ts'], { PORT: '0' });
    if (child.stdout === null) throw new Error('it is a pipe');
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const view = async (invoice: string) => {
      const response = await fetch(`${url}/customers/${invoice}`);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    expect(await view('acme/invoices/INV1')).toEqual([200, 'application/pdf', pdf]);
    expect(await view('nobody/invoices/INV1')).toEqual([404, 'text/plain', 'There is no such customer.\n']);
    expect(await view('acme/invoices/gone')).toEqual([502, 'text/plain', 'The invoice cannot be had now.\n']);
    isDown = true;
    try {
      expect(await view('acme/invoices/INV1')).toEqual([200, 'application/pdf', pdf]);
      expect((await view('acme/invoices/INV2'))[0]).toBe(502);
    } finally {
      isDown = false;
    }
  });

  it('a billing system hands over its night, and names what is missing', async () => {
    const { code, stdout, stderr } = await run(process.execPath, ['billing-system/nightly.ts', 'acme', '2026-11-23']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^3 invoices accepted as batch \S{36}\n/);
    expect(stdout).toMatch(
      /^partial: 2 succeeded, 0 absent, 1 failed\nacme\/INV0000002: unexpected-status: .*404.*\n$/m,
    );
    expect(await errand.client.run('nightly-2026-11-23')).toMatchObject({ total: 3, succeeded: 2 });
  });

  if (backend.name === 'redis') {
    it('a producer with BullMQ alone', async () => {
      const env = { REDIS_URL: backend.url, ERRAND_QUEUE_PREFIX: errand.prefix };
      const args = ['bullmq-producer/producer.ts', 'INV1', 'gone'];
      const { code, stdout, stderr } = await run(process.execPath, args, env);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(stdout).toMatch(/^INV1 \S{36} succeeded\ngone failed unexpected-status: .*404.*\n$/);
    });
  }

  describe.runIf(inject('shellTools'))('curl', () => {
    it('has an invoice in one call', async () => {
      const file = path.join(directory, 'invoice.pdf');
      expect(await run('curl/view.sh', ['acme', 'INV1', file])).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await readFile(file, 'utf8')).toBe(pdf);
      const missing = path.join(directory, 'missing.pdf');
      const { code, stderr } = await run('curl/view.sh', ['acme', 'gone', missing]);
      expect([code, JSON.parse(stderr).type]).toEqual([1, 'urn:errand:problem:invocation-failed']);
      await expect(readFile(missing)).rejects.toThrow(/ENOENT/);
    });

    it('hands over a file, and names what is missing', async () => {
      const file = path.join(directory, 'invoices.ndjson');
      const lines = ['INV1', 'gone'].map((number) => JSON.stringify({ tokens: { InvoiceNumber: number } }));
      await writeFile(file, `${lines.join('\n')}\n`);
      const { code, stdout, stderr } = await run('curl/nightly.sh', ['acme', file]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(stdout.trimEnd().split('\n')).toEqual([
        'item,invocation,reference,status,code,message,tokens',
        expect.stringMatching(/^2,.*,unexpected-status,.*gone/),
      ]);
    });
  });
});
