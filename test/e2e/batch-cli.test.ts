import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand, startErrand } from '../support/errand.ts';
import { queueBackends, uniquePrefix } from '../support/queues.ts';

const adminKey = randomBytes(24).toString('base64url');

/** The command line speaks HTTP only; that batches run on both is for batches.test.ts. */
describe.each(queueBackends().slice(0, 1))('errand batch on $name (contract §2)', { timeout: 120_000 }, (backend) => {
  let database: TestDatabase;
  let endpoint: Endpoint;
  let up: ErrandProcess;
  let directory: string;
  let client: ReturnType<typeof createClient>;
  let env: Record<string, string>;
  /** Held back until a test lets them go. */
  let held: Promise<void> | null = null;

  beforeAll(async () => {
    database = await createDatabase();
    directory = await mkdtemp(path.join(tmpdir(), 'errand-batch-'));
    endpoint = await startEndpoint(async ({ url }, response) => {
      if (url.startsWith('/held')) await held;
      const status = url.startsWith('/bad') ? 403 : url.startsWith('/gone') ? 404 : 200;
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`invoice ${url}`);
    });
    up = startErrand(['up'], {
      DATABASE_URL: database.url,
      ...(backend.name === 'redis' ? { REDIS_URL: backend.url } : {}),
      ERRAND_QUEUE_PREFIX: uniquePrefix(),
      ERRAND_ADMIN_KEY: adminKey,
      ERRAND_DATA_DIR: path.join(directory, 'data'),
      ERRAND_EGRESS_ALLOW: '127.0.0.1',
      PORT: '0',
    });
    const { url = '' } = await up.event('ready', ({ role }) => role === 'up');
    env = { ERRAND_URL: url, ERRAND_API_KEY: adminKey, ERRAND_DATA_DIR: path.join(directory, 'data') };
    client = createClient({ url, apiKey: adminKey });
    await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await client.putSecret('acme', 'apiKey', 'gckQ5rGz0taJ9xyz');
    await client.putCommand('acme', 'GetInvoiceImage', {
      request: {
        method: 'POST',
        url: '{{baseUrl}}/{{InvoiceNumber}}',
        headers: [
          { key: 'Content-Type', value: 'application/json' },
          { key: 'X-Api-Key', value: '{{apiKey}}' },
        ],
        body: '{"invoice": "{{InvoiceNumber}}"}',
      },
      accept: { absentStatuses: [404], contentTypes: ['*/*'] },
    });
  }, 120_000);
  afterAll(async () => {
    await up?.kill();
    await endpoint?.close();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const fileOf = (name: string) => path.join(directory, name);
  async function batch(items: string, content: string | null, ...args: string[]) {
    if (content !== null) await writeFile(fileOf(items), content);
    const all = ['batch', 'acme', 'GetInvoiceImage', '--items', fileOf(items), ...args];
    const { code, stdout, stderr } = await runErrand(all, env);
    return { code, stdout: stdout.toString(), stderr };
  }
  const numbers = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
  const csv = (rows: readonly string[]) => `\uFEFFInvoiceNumber,reference\r\n${rows.join('\r\n')}\r\n`;
  const batches = async () => (await client.batches({ integration: 'acme', limit: 200 })).items.length;

  it('says what failed, writes it down, and takes it again when it is mended', async () => {
    const rows = numbers('A', 250).map((number) => `${number},customer ${number}`);
    rows[16] = 'bad-17,"customer ""17"", Berlin"';
    rows[99] = 'bad-100,';
    rows[249] = 'bad-250,customer 250';
    const { code, stdout, stderr } = await batch(
      'night.csv',
      csv(rows),
      '--failed',
      fileOf('again.csv'),
      '--run',
      'night',
    );
    expect(stderr).toMatch(/^Batch \S{36}: 250 items accepted\n/);
    expect(stderr).toContain(`${fileOf('again.csv')}: 3 to try again, as they stood in the file\n`);
    expect(stderr).toMatch(/errand: 3 of 250 items did not succeed\.\n$/);
    expect(code).toBe(1);
    const [first, second, third, ...rest] = stdout.split('\n');
    expect(first).toMatch(/^acme GetInvoiceImage, batch \S{36}: partial after /);
    expect(second).toBe('  250 items: 247 succeeded, 3 failed');
    expect(third).toMatch(/^ {2}unexpected-status {2}3 {2}e\.g\. item 17 \(customer "17", Berlin\): .*403/);
    expect(rest).toEqual(['']);
    expect(await client.run('night')).toMatchObject({ batches: 1, total: 250, succeeded: 247, failed: 3 });

    const again = await readFile(fileOf('again.csv'), 'utf8');
    expect(again).toBe(
      '\uFEFFInvoiceNumber,reference\nbad-17,"customer ""17"", Berlin"\nbad-100,\nbad-250,customer 250\n',
    );
    const mended = await batch('again.csv', again.replaceAll('bad-', 'mended-'), '--failed', fileOf('third.csv'));
    expect(mended.stderr).toMatch(/^Batch \S{36}: 3 items accepted\n/);
    expect(mended).toMatchObject({ code: 0, stdout: expect.stringMatching(/: clean.*\n {2}3 items: 3 succeeded\n$/) });
    expect(await readdir(directory)).not.toContain('third.csv');
  });

  it('takes NDJSON, and prints JSON; absent ones are counted apart and are not written down', async () => {
    const lines = ['N1', 'gone-2', 'bad-3', 'N4'].map((InvoiceNumber) => JSON.stringify({ tokens: { InvoiceNumber } }));
    const args = ['--json', '--failed', fileOf('some-again.ndjson')];
    const { code, stdout } = await batch('some.ndjson', lines.join('\n'), ...args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'finished',
      outcome: 'partial',
      total: 4,
      succeeded: 2,
      absent: 1,
      failed: 1,
      byCode: { absent: 1, 'unexpected-status': 1 },
    });
    expect(await readFile(fileOf('some-again.ndjson'), 'utf8')).toBe(`${lines[2]}\n`);
  });

  it('sends nothing of a file with bad lines, and names them', async () => {
    const before = await batches();
    const { code, stdout, stderr } = await batch('bad.csv', 'InvoiceNumber,reference\nI1,a\nI2\nI3,b\nI4,c,d\n');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      `errand: ${fileOf('bad.csv')} is not right; nothing was sent.\n` +
        '  line 3: has 1 column, but the header has 2 columns\n' +
        '  line 5: has 3 columns, but the header has 2 columns\n',
    );
    expect(await batches()).toBe(before);
  });

  it("names the file's line where the API refuses an item: a column that is no token, a value that is missing", async () => {
    const before = await batches();
    const unknown = await batch('unknown.csv', 'invoiceNumber\nI1\n');
    expect({ code: unknown.code, stdout: unknown.stdout }).toEqual({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain(`${fileOf('unknown.csv')}, line 2 does not fit the command`);
    expect(unknown.stderr).toMatch(/tokens\.invoiceNumber: .*InvoiceNumber/);
    const good = numbers('G', 1200).map((number) => `${number},"two\nlines"`);
    const missing = await batch('missing.csv', `InvoiceNumber,ipAddress\n${good.join('\n')}\n\n,192.0.2.1\n`);
    expect(missing.code).toBe(2);
    // The header, two lines for each, an empty one.
    expect(missing.stderr).toContain(`${fileOf('missing.csv')}, line 2403 does not fit the command`);
    expect(missing.stderr).toMatch(/tokens\.InvoiceNumber: is (?:required|needed)/);
    expect(await batches()).toBe(before);
  });

  it.each([
    ['an integration', ['acm', 'GetInvoiceImage'], 'did you mean `acme`?'],
    ['a command', ['acme', 'GetInvoiceImag'], 'did you mean `GetInvoiceImage`?'],
  ])('exits 2 for %s that does not exist', async (_what, names, said) => {
    await writeFile(fileOf('one.csv'), 'InvoiceNumber\nI1\n');
    const { code, stderr } = await runErrand(['batch', ...names, '--items', fileOf('one.csv')], env);
    expect({ code, said: stderr.includes(said) }).toEqual({ code: 2, said: true });
  });

  it.each([
    ['no file', [], '--items'],
    ['a file of another kind', ['--items', 'items.xlsx'], '.csv or .ndjson'],
    ['a file that is not there', ['--items', 'none.csv'], 'cannot be read'],
    ['what cannot go together', ['--items', 'a.csv', '--dry-run', '--detach'], 'cannot be used with'],
    ['a time that is none', ['--items', 'a.csv', '--finish-by', '6am'], '45m, 5h or 1d'],
  ])('exits 2 for %s', async (_what, args, said) => {
    const { code, stdout, stderr } = await runErrand(['batch', 'acme', 'GetInvoiceImage', ...args], env);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });

  it('shows the first five requests of a dry run, secrets masked, and sends nothing', async () => {
    const before = { batches: await batches(), requests: endpoint.requests.length };
    const rows = numbers('D', 7).map((number) => `${number},`);
    const { code, stdout, stderr } = await batch('dry.csv', csv(rows), '--dry-run');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Dry run: 5 items rendered, nothing sent.\n' });
    const requests = stdout.split(/^(?=Line )/m);
    expect(requests).toHaveLength(5);
    expect(requests[0]).toMatch(/^Line 2:\nPOST http:\/\/127\.0\.0\.1:\d+\/D1\n/);
    expect(requests[0]).toContain('X-Api-Key: ***\n');
    expect(requests[0]).toContain('\n\n{"invoice": "D1"}\n');
    expect(stdout).not.toContain('gckQ5rGz0taJ9xyz');

    const partly = await batch('dry2.csv', 'InvoiceNumber,ipAddress\nI1,\n,192.0.2.1\n', '--dry-run');
    expect(partly.code).toBe(1);
    expect(partly.stdout).toMatch(/Line 3 cannot be rendered: .*InvoiceNumber/s);
    expect(partly.stderr).toBe('errand: 1 of the first 2 items cannot be rendered.\n');
    expect({ batches: await batches(), requests: endpoint.requests.length }).toEqual(before);
  });

  it('goes on after Ctrl-C, and from the start with --detach', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    await writeFile(fileOf('held.csv'), 'InvoiceNumber\nheld-1\n');
    const watching = startErrand(['batch', 'acme', 'GetInvoiceImage', '--items', fileOf('held.csv')], env);
    const accepted = Promise.withResolvers<void>();
    watching.child.stderr?.on('data', (data) => {
      if (/running: /.test(String(data))) accepted.resolve();
    });
    await accepted.promise;
    expect(await watching.kill('SIGINT')).toEqual([130, null]);
    const id = /stopped watching; batch (\S{36}) goes on/.exec(watching.output())?.[1] ?? '';
    expect((await client.batch(id)).finishedAt).toBeNull();

    const detached = await batch('held.csv', null, '--detach');
    expect(detached).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S{36}\n$/), stderr: '' });
    resolve();
    for (const one of [id, detached.stdout.trim()]) {
      expect(await client.waitForBatch(one)).toMatchObject({ outcome: 'clean', succeeded: 1 });
    }
  });
});
