import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../src/contract/command.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type AvailableBackend, queueBackends } from '../support/queues.ts';

/** One server under two names: the secret may go to 127.0.0.1, and not to localhost. */
describe('a secret that is bound to a host (contract §3, §6)', () => {
  let errand: Deployment;
  let endpoint: Endpoint;
  const secret = 'a secret for one host';

  beforeAll(async () => {
    errand = await deploy(queueBackends()[0] as AvailableBackend, { ERRAND_EGRESS_ALLOW: '127.0.0.1,localhost' });
    endpoint = await startEndpoint(({ url }, response) => {
      if (url.startsWith('/away')) response.writeHead(302, { location: `${elsewhere()}/arrived` }).end();
      else if (url.startsWith('/tells')) response.writeHead(302, { location: 'http://hostlikesecret.example/' }).end();
      else if (url.startsWith('/within')) response.writeHead(302, { location: '/arrived' }).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"invoices":[]}');
    });
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom' });
    const saved = await errand.client.putSecret('acme', 'apiKey', secret, { allowedHosts: ['127.0.0.1'] });
    expect(saved.allowedHosts).toEqual(['127.0.0.1']);
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  const elsewhere = () => `http://localhost:${endpoint.port}`;
  const command = (url: string, more: object = {}): CommandBody => ({
    request: { method: 'GET', url, headers: [{ key: 'X-Key', value: '{{apiKey}}' }], ...more },
    accept: { contentTypes: ['*/*'] },
    retry: { attempts: 1 },
  });
  const asked = () => endpoint.requests.splice(0).map(({ url }) => url);

  async function run(definition: CommandBody) {
    await errand.client.putCommand('acme', 'GetInvoiceImage', definition);
    const { id } = await errand.client.enqueue({
      integration: 'acme',
      command: 'GetInvoiceImage',
      tokens: { InvoiceNumber: 'INV1' },
    });
    return errand.ended(id);
  }

  it('goes there, and within it from page to page', async () => {
    expect(await run(command(`${endpoint.url}/within`))).toMatchObject({ status: 'succeeded' });
    expect(asked()).toEqual(['/within', '/arrived']);
  });

  it('is not sent anywhere else', async () => {
    const failed = await run(command(`${elsewhere()}/x`));
    const message =
      'localhost is none of the hosts that the secret "apiKey" may be sent to (127.0.0.1). Nothing was sent.';
    expect(failed).toMatchObject({
      status: 'failed',
      error: { code: 'egress-blocked', side: 'configuration', message },
      attempts: [{ outcome: 'permanent', request: null, response: null }],
    });
    expect(asked()).toEqual([]);
    const { items } = await errand.client.listAudit({ subject: `invocation:${failed.id}` });
    expect(items[0]).toMatchObject({ action: 'invocation.failed', details: { error: { code: 'egress-blocked' } } });
  });

  it('does not follow a redirect that leads elsewhere', async () => {
    const failed = await run(command(`${endpoint.url}/away?k={{apiKey}}`));
    expect(failed).toMatchObject({
      error: {
        code: 'egress-blocked',
        message:
          'The server redirects to localhost, which is none of the hosts that the secret "apiKey" may be sent to (127.0.0.1). ' +
          'The redirect was not followed.',
      },
      attempts: [{ outcome: 'permanent', status: 302, request: { url: `${endpoint.url}/away?k=***` } }],
    });
    expect(asked()).toEqual(['/away?k=a%20secret%20for%20one%20host']);
    // The same without the secret.
    expect(await run(command(`${endpoint.url}/away`, { headers: [] }))).toMatchObject({ status: 'succeeded' });
    expect(asked()).toEqual(['/away', '/arrived']);
  });

  it('says where a redirect would have led, but not what of a secret is in it', async () => {
    await errand.client.putSecret('acme', 'hostKey', 'HostLikeSecret');
    const failed = await run(command(`${endpoint.url}/tells?k={{apiKey}}`));
    expect(asked()).toHaveLength(1);
    expect(failed.error?.message).toMatch(/^The server redirects to \*\*\*\.example, which is none of the hosts/);
    const { items } = await errand.client.listAudit({ subject: `invocation:${failed.id}` });
    expect(items[0]).toMatchObject({ details: { error: failed.error } });
    const { verdict } = await errand.client.testCommand('acme', 'GetInvoiceImage', {
      tokens: { InvoiceNumber: 'INV1' },
    });
    expect(verdict.message).toBe(failed.error?.message);
    asked();
  });

  it("keeps a schedule's source from asking elsewhere", async () => {
    await errand.client.putCommandType('ListInvoices', { tokens: [] });
    await errand.client.putCommand('acme', 'ListInvoices', command(`${elsewhere()}/list`));
    await errand.client.putSchedule('acme', 'nightly', {
      command: 'GetInvoiceImage',
      cron: '0 2 1 1 *',
      timezone: 'UTC',
      source: { command: 'ListInvoices', itemsPointer: '/invoices', map: { InvoiceNumber: '/number' } },
    });
    const outcome = async () => (await errand.client.schedule('acme', 'nightly')).lastRun;
    await errand.client.runSchedule('acme', 'nightly');
    await expect.poll(outcome, { timeout: 20_000 }).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('localhost is none of the hosts'),
    });
    expect(asked()).toEqual([]);
  });
});
