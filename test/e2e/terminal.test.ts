import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { createDatabase } from '../support/database.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { runErrand } from '../support/errand.ts';
import { hasTerminal, onTerminal } from '../support/terminal.ts';

/** What takes a line away before something else is shown in its place. */
const cleared = '\u001b[2K\u001b[1G';

describe.runIf(hasTerminal)('on a terminal (contract §2)', () => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let directory: string;
  let env: Record<string, string>;
  /** Requests wait until the test lets them go. */
  let held: (() => void)[];
  let arrived: () => void;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'errand-terminal-'));
    held = [];
    endpoint = await startEndpoint((_request, response) => {
      held.push(() => response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice'));
      arrived?.();
    });
    errand = await deploy({ name: 'postgres' });
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
    env = { ERRAND_URL: errand.url, ERRAND_API_KEY: errand.adminKey, ERRAND_DATA_DIR: path.join(directory, 'data') };
  });
  afterAll(async () => {
    for (const answer of held) answer();
    await errand?.stop();
    await endpoint?.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function answerNext(count = 1): Promise<void> {
    while (held.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    for (const answer of held.splice(0, count)) answer();
  }

  it('logs are for reading, and Ctrl-C ends a role with 0', async () => {
    const api = onTerminal(['api'], errand.env);
    await api.shows('ready');
    api.type('\u0003');
    expect(await api.exited).toBe(0);
    const lines = stripVTControlCharacters(api.shown()).split(/\r?\n/);
    const ready = lines.find((line) => line.includes('"ready"'));
    expect(ready).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: .*"event":"ready".*"url":"http:\/\/127\.0\.0\.1:\d+"/);
    expect(lines.filter((line) => line.startsWith('{'))).toEqual([]);
  });

  it('Ctrl-C lets what is in flight end, in the workers of `up`, too', async () => {
    const own = await createDatabase();
    try {
      const up = onTerminal(['up'], {
        ...errand.env,
        DATABASE_URL: own.url,
        ERRAND_DATA_DIR: env.ERRAND_DATA_DIR ?? '',
      });
      await up.shows('"role":"up","event":"ready"');
      const { url = '' } =
        /"event":"ready","url":"(?<url>[^"]+)"/.exec(stripVTControlCharacters(up.shown()))?.groups ?? {};
      const client = createClient({ url, apiKey: errand.adminKey });
      await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
      await client.putCommand('acme', 'GetInvoiceImage', {
        accept: { contentTypes: ['*/*'] },
        request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      });
      const came = new Promise<void>((resolve) => (arrived = resolve));
      const tokens = { InvoiceNumber: 'INV0000001' };
      const { id } = await client.enqueue({
        integration: 'acme',
        command: 'GetInvoiceImage',
        tokens,
        lane: 'interactive',
      });
      await came;
      up.type('\u0003');
      await up.shows('"role":"up","event":"stopping"');
      await answerNext();
      expect(await up.exited).toBe(0);
      const ended = await own.pool.query('select status, attempt from invocations where id = $1', [id]);
      expect(ended.rows).toEqual([{ status: 'succeeded', attempt: 1 }]);
    } finally {
      await own.drop();
    }
  });

  it('logs are a JSON object a line elsewhere', async () => {
    const { code, stdout, stderr } = await runErrand(['migrate'], errand.env);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
    const lines = stderr.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).toContain('migrated');
  });

  it('invoke says in one line what goes on, and leaves nothing of it', async () => {
    const output = path.join(directory, 'invoice.txt');
    const invoke = onTerminal(['invoke', 'acme', 'GetInvoiceImage', 'InvoiceNumber=INV1', '--output', output], env);
    await invoke.shows(`${cleared}acme GetInvoiceImage: sending`);
    await invoke.shows(': running');
    await answerNext();
    expect(await invoke.exited).toBe(0);
    expect(await readFile(output, 'utf8')).toBe('an invoice');
    expect(shownLast(invoke.shown())).toBe(`${output}: 10 bytes, text/plain`);
  });

  it('batch draws a bar, and leaves the summary', async () => {
    const file = path.join(directory, 'items.csv');
    await writeFile(file, 'InvoiceNumber\nINV1\nINV2\nINV3\nINV4\n');
    const batch = onTerminal(['batch', 'acme', 'GetInvoiceImage', '--items', file], env);
    await answerNext(2);
    await batch.shows('████████████░░░░░░░░░░░░ 50 %  2 of 4');
    await answerNext(2);
    expect(await batch.exited).toBe(0);
    expect(batch.shown().lastIndexOf('█')).toBeLessThan(batch.shown().lastIndexOf(cleared));
    const left = stripVTControlCharacters(batch.shown().slice(batch.shown().lastIndexOf(cleared)));
    expect(left).not.toMatch(/[█░]/);
    expect(left).toMatch(/4 succeeded|succeeded.*4/);
  });

  it.each([
    ['is no wider than the terminal', 20, 'acme GetInvoiceImag'],
    ['is whole where the terminal has no size', 0, 'acme GetInvoiceImage: sending'],
  ])('the line %s', async (_what, columns, line) => {
    const args = ['invoke', 'acme', 'GetInvoiceImage', `InvoiceNumber=${columns}`, '--json'];
    const invoke = onTerminal(args, env, columns);
    await answerNext();
    expect(await invoke.exited).toBe(0);
    const [first = ''] = invoke.shown().split(cleared).slice(1);
    expect(first).toBe(line);
  });
});

/** The last line as somebody sees it when all is over. */
function shownLast(shown: string): string {
  const lines = shown.trimEnd().split(/\r?\n/);
  return stripVTControlCharacters(lines.at(-1)?.split(cleared).at(-1) ?? '');
}
