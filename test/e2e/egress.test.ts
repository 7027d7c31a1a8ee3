import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/contract/audit.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { startProxy, type TunnelProxy } from '../support/endpoints/proxy.ts';
import { freePort } from '../support/ports.ts';
import { queueBackends } from '../support/queues.ts';

const [backend = { name: 'postgres' as const }] = queueBackends();

describe('contract §6: egress, from the API to the audit log', () => {
  let errand: Deployment;
  let proxy: TunnelProxy;
  let customer: Endpoint;
  let port: number;

  beforeAll(async () => {
    proxy = await startProxy();
    customer = await startEndpoint(({ url }, response) => {
      if (url === '/well') response.end('an invoice');
      else response.writeHead(302, { location: decodeURIComponent(url.slice(1)) }).end();
    });
    port = await freePort();
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
    errand = await deploy(backend, {
      PORT: String(port),
      ERRAND_EGRESS_ALLOW: [
        '127.0.0.0/8',
        '::1',
        'localhost',
        '0.0.0.0',
        ...own.map((each) => each.split('%')[0]),
      ].join(),
      // Node would send fetch() and http.request() through it, too.
      NODE_USE_ENV_PROXY: '1',
      ...Object.fromEntries(proxies.map((name) => [name, proxy.url])),
    });
    await errand.worker('interactive');
    const { client } = errand;
    await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { base: customer.url } });
  });
  afterAll(async () => {
    await errand?.stop();
    await Promise.all([proxy, customer].map((each) => each?.close()));
  });

  const request = (url: string) => ({ request: { method: 'GET' as const, url }, accept: { contentTypes: ['*/*'] } });
  const addressOf = (url: string) => {
    const { hostname, port: given } = new URL(url);
    return `${hostname}:${given}`;
  };
  const entries = async (action: string, id: string): Promise<AuditEntry[]> => {
    const { items } = await errand.client.listAudit({ action, subject: id });
    return items;
  };

  /** Saves the command, runs it, and answers with what became of it and its audit entry. */
  async function run(url: string) {
    await errand.client.putCommand('acme', 'GetInvoiceImage', request(url));
    const { id } = await errand.client.enqueue({
      integration: 'acme',
      command: 'GetInvoiceImage',
      tokens: { InvoiceNumber: '1' },
      lane: 'interactive',
    });
    const invocation = await errand.ended(id);
    const [entry, ...others] = await entries('invocation.failed', id);
    expect(others).toEqual([]);
    return { invocation, entry };
  }

  it.each([
    ['own API', () => `http://127.0.0.1:${port}/v1/keys`],
    ['own API', () => `http://0.0.0.0:${port}/`],
    ['own API', () => `http://localhost:${port}/`],
    ['own database', () => `http://127.0.0.1:${new URL(errand.database.url).port}/`],
    ...(backend.name === 'redis'
      ? [['own Redis', () => `http://127.0.0.1:${new URL(backend.url).port}/`] as const]
      : []),
  ] as const)('a command that points at the %s ends egress-blocked, and the audit log says where and why', async (what, where) => {
    const { invocation, entry } = await run(where());
    const message = expect.stringContaining(`${addressOf(where())} is Errand's ${what}`);
    expect(invocation).toMatchObject({ status: 'failed', error: { code: 'egress-blocked', message } });
    expect(invocation.attempts).toHaveLength(1);
    expect(entry?.details).toMatchObject({ error: { code: 'egress-blocked', side: 'configuration', message } });
  });

  it('a redirect inwards is blocked and audited like a first request', async () => {
    for (const [target, why] of [
      [`http://127.0.0.1:${port}/v1/keys`, "Errand's own API"],
      ['http://169.254.169.254/latest/meta-data/', 'link local'],
    ] as const) {
      const { invocation, entry } = await run(`{{base}}/${encodeURIComponent(target)}`);
      expect(invocation).toMatchObject({ status: 'failed', error: { code: 'egress-blocked' } });
      const { message } = (entry?.details as { error: { message: string } }).error;
      expect(message).toContain(new URL(target).hostname);
      expect(message).toContain(why);
    }
  });

  it('tests and previews of commands say the same, and a blocked test is audited', async () => {
    const tokens = { InvoiceNumber: '1' };
    for (const [url, why] of [
      [`http://127.0.0.1:${port}/`, "is Errand's own API"],
      ['http://10.1.2.3:8080/', 'is a private or reserved address (private use)'],
    ] as const) {
      const draft = request(url);
      const message = expect.stringContaining(`${addressOf(url)} ${why}`);
      const tested = await errand.client.testCommand('acme', 'GetInvoiceImage', { tokens, draft });
      expect(tested).toMatchObject({ response: null, verdict: { code: 'egress-blocked', message } });
      const [entry] = await entries('command.tested', 'acme/GetInvoiceImage');
      expect(entry?.details).toMatchObject({ outcome: 'permanent', code: 'egress-blocked', message });
      const { egress } = await errand.client.previewCommand('acme', 'GetInvoiceImage', { tokens, draft });
      expect(egress).toMatchObject({ allowed: false, reason: message });
    }
  });

  it('a proxy in the environment is asked for addresses that were checked, and for no other', async () => {
    await errand.client.putCommand('acme', 'GetInvoiceImage', request('{{base}}/well'));
    const tokens = { InvoiceNumber: '1' };
    const of = { integration: 'acme', command: 'GetInvoiceImage', lane: 'interactive' } as const;
    const { id } = await errand.client.enqueue({ ...of, tokens });
    expect(await errand.ended(id)).toMatchObject({ status: 'succeeded' });
    expect((await errand.client.testCommand('acme', 'GetInvoiceImage', { tokens })).verdict.outcome).toBe('succeeded');
    expect(customer.requests.filter(({ url }) => url === '/well')).toHaveLength(2);
    expect([...new Set(proxy.asked)]).toEqual([`127.0.0.1:${customer.port}`]);
  });
});
