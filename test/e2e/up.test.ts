import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand, startErrand } from '../support/errand.ts';

/**
 * `errand up` as a user starts it: nothing set but where its data goes and that it picks a port. One data directory serves
 * all tests; each finds an Errand that runs on it, or starts one.
 */
describe('errand up on embedded defaults (contract §2, §7)', { timeout: 120_000 }, () => {
  let directory: string;
  let dataDir: string;
  let endpoint: Endpoint;
  /** What the endpoint waits for before it answers. */
  let answering: Promise<void> = Promise.resolve();
  let running: Promise<Running> | null = null;
  const started: ErrandProcess[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-up-'));
    dataDir = path.join(directory, 'data');
    endpoint = await startEndpoint(async (_request, response) => {
      await answering;
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
  });
  afterAll(async () => {
    await Promise.all(started.map((each) => each.kill('SIGTERM')));
    await endpoint.close();
    // Where the server runs as another user its data is elsewhere.
    for (const each of [dataDir, path.join(directory, 'demo')]) {
      const elsewhere = await readFile(path.join(each, 'postgres-location'), 'utf8').catch(() => null);
      if (elsewhere !== null) await rm(elsewhere.trim(), { recursive: true, force: true });
    }
    await rm(directory, { recursive: true, force: true });
  });

  const env = (more: Record<string, string> = {}) => ({
    ERRAND_DATA_DIR: dataDir,
    ERRAND_EGRESS_ALLOW: '127.0.0.1',
    PORT: '0',
    ...more,
  });

  type Running = Awaited<ReturnType<typeof start>>;
  const up = () => (running ??= start());
  async function start() {
    const errand = startErrand(['up'], env());
    started.push(errand);
    const { url = '' } = await errand.event('ready', ({ role }) => role === 'up');
    const apiKey = (await readFile(path.join(dataDir, 'admin-key'), 'utf8')).trim();
    return { errand, url, client: createClient({ url, apiKey }), family: family(errand.pid) };
  }

  async function configure({ client }: Pick<Running, 'client'>) {
    await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await client.putSecret('acme', 'apiKey', 'gckQ-a-real-secret-taJ9');
    await client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: {
        method: 'GET',
        url: '{{baseUrl}}/{{InvoiceNumber}}',
        headers: [{ key: 'X-Api-Key', value: '{{apiKey}}' }],
      },
    });
  }
  const invoice = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV1' } };

  it('starts for the first time without a warning', async () => {
    const { errand } = await up();
    expect(errand.output()).not.toMatch(/"level":"(?:warn|error|fatal)"/);
  });

  it('refuses a data directory and a port that are in use, by name, with 78', async () => {
    const { url, errand } = await up();
    const sameData = await runErrand(['up'], env());
    expect(sameData.code).toBe(78);
    expect(sameData.stderr).toContain(dataDir);
    expect(sameData.stderr).toContain(`in use by the process ${errand.pid}`);

    const { port } = new URL(url);
    const otherDir = path.join(directory, 'other');
    const samePort = await runErrand(['up'], env({ PORT: port, ERRAND_DATA_DIR: otherDir }));
    expect(samePort.code).toBe(78);
    expect(samePort.stderr).toContain(`PORT: 127.0.0.1:${port} is in use`);
    expect(samePort.stdout.toString()).toBe('');
    // Before anything was made that would have to be removed again.
    expect(await readdir(otherDir)).toEqual([]);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('serves, works, and ends on SIGTERM with nothing left running', async () => {
    const serving = await up();
    expect(serving.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${serving.url}/readyz`)).status).toBe(200);
    await configure(serving);
    expect(await serving.client.enqueue(invoice, { waitSeconds: 20 })).toMatchObject({ status: 'succeeded' });
    const { id } = await serving.client.enqueue(invoice);
    expect(await serving.client.wait(id, { timeoutMs: 20_000 })).toMatchObject({ status: 'succeeded', lane: 'batch' });

    // As somebody else on the machine: the key and the database are found in the data directory.
    const cli = { ...env(), ERRAND_URL: serving.url };
    const invoked = await runErrand(['invoke', 'acme', 'GetInvoiceImage', 'InvoiceNumber=INV2'], cli);
    expect({ code: invoked.code, stdout: invoked.stdout.toString() }).toEqual({ code: 0, stdout: 'an invoice' });
    expect(await runErrand(['keys', 'list'], cli)).toMatchObject({ code: 0 });

    // up itself, a worker for each lane, PostgreSQL and its own processes
    expect(serving.family.length).toBeGreaterThan(3);
    const stoppedAt = performance.now();
    expect(await serving.errand.kill('SIGTERM')).toEqual([0, null]);
    running = null;
    expect(performance.now() - stoppedAt).toBeLessThan(30_000);
    await gone(serving.family, 2_000);
  });

  it('previews a saved command and a draft, and tests it, as wired (contract §3)', async () => {
    const serving = await up();
    await configure(serving);
    const apiKey = (await readFile(path.join(dataDir, 'admin-key'), 'utf8')).trim();
    const ask = async (what: 'preview' | 'test', body: object) => {
      const response = await fetch(`${serving.url}/v1/integrations/acme/commands/GetInvoiceImage/${what}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ tokens: { InvoiceNumber: 'INV1' }, ...body }),
      });
      return { status: response.status, body: await response.json() };
    };
    expect(await ask('preview', {})).toMatchObject({
      status: 200,
      body: { url: `${endpoint.url}/INV1`, headers: [{ key: 'X-Api-Key', value: '***' }], egress: { allowed: true } },
    });
    const draft = { request: { method: 'POST', url: 'http://10.0.0.1/', body: 'x' } };
    expect(await ask('preview', { draft })).toMatchObject({ status: 200, body: { egress: { allowed: false } } });
    const before = endpoint.requests.length;
    expect(await ask('test', {})).toMatchObject({ status: 200, body: { verdict: { outcome: 'succeeded' } } });
    expect(endpoint.requests.length - before).toBe(1);
  });

  it('killed alone takes its workers with it; the next one has the data', async () => {
    const first = await up();
    await configure(first);
    const { id } = await first.client.enqueue(invoice);
    await first.client.wait(id, { timeoutMs: 20_000 });
    const workers = children(first.errand.pid).filter((pid) => commandOf(pid).includes('worker'));
    expect(workers).toHaveLength(2);
    await first.errand.kill('SIGKILL');
    running = null;
    await gone(workers, 35_000);

    const second = await up();
    expect(await second.client.getInvocation(id)).toMatchObject({ status: 'succeeded' });
    expect(await second.client.enqueue(invoice, { waitSeconds: 20 })).toMatchObject({ status: 'succeeded' });
    await gone(
      first.family.filter((pid) => !second.family.includes(pid)),
      2_000,
    );
  });

  it('killed with everything, PostgreSQL too, loses nothing that was accepted', async () => {
    const first = await up();
    await configure(first);
    const before = endpoint.requests.length;
    const { id } = await first.client.enqueue({ ...invoice, runAt: new Date(Date.now() + 500).toISOString() });
    for (const pid of first.family) kill(pid);
    running = null;
    await first.errand.exited;
    await gone(first.family, 5_000);

    const second = await up();
    expect(await second.client.wait(id, { timeoutMs: 25_000 })).toMatchObject({ status: 'succeeded' });
    const sent = endpoint.requests.slice(before);
    expect(sent.map((request) => request.header('x-api-key'))).toContain('gckQ-a-real-secret-taJ9');
  });

  it('starts a PostgreSQL that was killed again, and what was in flight ends well', async () => {
    const serving = await up();
    await configure(serving);
    const { server } = await serving.errand.event('database.embedded');
    const before = endpoint.requests.length;
    const gate = Promise.withResolvers<void>();
    answering = gate.promise;
    const sent = Array.from({ length: 20 }, async (_, number) => {
      const tokens = { InvoiceNumber: `INFLIGHT${number}` };
      return (await serving.client.enqueue({ ...invoice, tokens })).id;
    });
    const ids = await Promise.all(sent);
    await expect.poll(() => endpoint.requests.length - before).toBeGreaterThan(0);
    kill(Number(server));
    expect(await serving.errand.event('database.died')).toMatchObject({ level: 'error', server, signal: 'SIGKILL' });
    gate.resolve();
    await serving.errand.event('database.restarted');
    await expect.poll(async () => (await fetch(`${serving.url}/readyz`)).status, { timeout: 30_000 }).toBe(200);

    const ended = await Promise.all(ids.map((id) => serving.client.wait(id, { timeoutMs: 60_000 })));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
    const everybody = family(serving.errand.pid);
    expect(await serving.errand.kill('SIGTERM')).toEqual([0, null]);
    running = null;
    await gone(everybody, 2_000);
  });

  it('demo --once does the main job, saves the PDF and exits 0', async () => {
    const { ERRAND_EGRESS_ALLOW: _, ...demoEnv } = env({ ERRAND_DATA_DIR: path.join(directory, 'demo') });
    const demo = startErrand(['demo', '--once'], demoEnv, directory);
    started.push(demo);
    expect(await demo.exited).toEqual([0, null]);
    expect(demo.output()).not.toMatch(/"level":/);
    const said = demo.output();
    expect(said).toMatch(/INV0000001: succeeded/);
    expect(said).toMatch(/INV0000002: succeeded\n {2}attempt 1: HTTP 503.*\n {2}attempt 2: HTTP 503/);
    expect(said).toMatch(/INV0000404: failed/);
    expect(said).toMatch(/Last Sync: \d{4}-/);
    const pdf = await readFile(path.join(directory, 'invoice-INV0000001.pdf'));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('demo stays up without --once, and may be run again', async () => {
    const { ERRAND_EGRESS_ALLOW: _, ...demoEnv } = env({
      ERRAND_DATA_DIR: path.join(directory, 'demo'),
      LOG_LEVEL: 'info',
    });
    const demo = startErrand(['demo'], demoEnv, directory);
    started.push(demo);
    const { url } = await demo.event('ready', ({ role }) => role === 'up');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(demo.output()).toMatch(/INV0000404: failed/);
    expect(demo.output()).toContain(`The API listens on ${url}`);
    expect(demo.output()).toContain(`The console is at ${url}`);
    expect(await demo.kill('SIGTERM')).toEqual([0, null]);
  });
});

/** Processes by pid: their parent, whether they only wait to be reaped, and what they run. */
function processes(): Map<number, { parent: number; zombie: boolean; command: string }> {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, pid, parent, stat = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined
        ? []
        : [[Number(pid), { parent: Number(parent), zombie: stat.startsWith('Z'), command }]];
    }),
  );
}

function children(pid: number): number[] {
  return [...processes()].filter(([, { parent }]) => parent === pid).map(([child]) => child);
}

function commandOf(pid: number): string {
  return processes().get(pid)?.command ?? '';
}

/** A process with all that descend from it. */
function family(pid: number): number[] {
  return [pid, ...children(pid).flatMap(family)];
}

async function gone(pids: readonly number[], timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const all = processes();
    const left = pids.filter((pid) => all.has(pid) && !all.get(pid)?.zombie);
    if (left.length === 0) return;
    if (performance.now() > until) {
      throw new Error(`still running: ${left.map((pid) => `${pid} (${all.get(pid)?.command})`).join(', ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with another.
  }
}
