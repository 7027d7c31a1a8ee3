import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand, startErrand } from '../support/errand.ts';

describe('contract §2: errand api and errand worker, by themselves', () => {
  let database: TestDatabase;
  let endpoint: Endpoint;
  let env: Record<string, string>;
  const started: ErrandProcess[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    endpoint = await startEndpoint((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    env = {
      DATABASE_URL: database.url,
      ERRAND_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      ERRAND_EGRESS_ALLOW: '127.0.0.1',
      PORT: '0',
    };
    expect((await runErrand(['migrate'], env)).code).toBe(0);
  });
  afterAll(async () => {
    await Promise.all(started.map((each) => each.kill('SIGTERM')));
    await endpoint.close();
    await database.drop();
  });

  async function ready(args: string[], more: Record<string, string> = {}) {
    const errand = startErrand(args, { ...env, ...more });
    started.push(errand);
    return { errand, line: await errand.event('ready') };
  }

  it('api refuses to start while nobody could be an admin, and says how somebody becomes one', async () => {
    const refused = await runErrand(['api'], env);
    expect(refused.code).toBe(78);
    expect(refused.stderr).toMatch(/ERRAND_ADMIN_KEY: .*errand keys create --role admin/);
  });

  it('api starts with an admin in the database; a worker without a lane serves both; SIGINT ends them with 0', async () => {
    const made = await runErrand(['keys', 'create', '--role', 'admin'], env);
    const { errand: api, line } = await ready(['api']);
    const { errand: worker, line: working } = await ready(['worker']);
    expect(working.lanes).toEqual(['interactive', 'batch']);
    const client = createClient({ url: line.url ?? '', apiKey: made.stdout.toString().trim() });
    await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
    for (const lane of ['interactive', 'batch'] as const) {
      const tokens = { InvoiceNumber: lane };
      const { id } = await client.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens, lane });
      expect(await client.wait(id, { timeoutMs: 20_000 })).toMatchObject({ status: 'succeeded', lane });
    }
    expect(await Promise.all([worker.kill('SIGINT'), api.kill('SIGINT')])).toEqual([
      [0, null],
      [0, null],
    ]);
  });
});
