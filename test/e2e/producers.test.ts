import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

describe.each(queueBackends())("a producer's own BullMQ jobs on $name (contract §4)", (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let queue: Awaited<ReturnType<typeof backend.openQueue>>;

  beforeAll(async () => {
    endpoint = await startEndpoint((request, response) => {
      response.writeHead(request.url === '/missing' ? 404 : 200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    errand = await deploy(backend);
    await errand.worker('batch');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
    queue = await backend.openQueue(`${errand.prefix}-batch`, errand.database.url);
  });
  afterAll(async () => {
    await queue?.close();
    await errand?.stop();
    await endpoint?.close();
  });

  const data = (number: string, more = {}) => ({
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: number },
    ...more,
  });

  it('become invocations; the return value says which', async () => {
    const job = await queue.add('invoke', data('P1', { reference: 'from a producer' }));
    const returned = (await queue.finished(job)) as { invocation: string; status: string };
    expect(returned.status).toBe('succeeded');
    expect(await errand.client.getInvocation(returned.invocation)).toMatchObject({
      status: 'succeeded',
      reference: 'from a producer',
      lane: 'batch',
    });
  });

  it('fail where the invocation fails, with code and message, whatever attempts they ask for', async () => {
    const before = endpoint.requests.length;
    const job = await queue.add('invoke', data('missing'), { attempts: 5 });
    await expect(queue.finished(job)).rejects.toThrow(/^unexpected-status: .*404/);
    expect(endpoint.requests.length - before).toBe(1);
  });

  it.each([
    ['another name', 'send', data('P2'), /invalid-job: the job's name must be "invoke"/, 'default'],
    ['a missing command', 'invoke', { integration: 'acme' }, /invalid-job: command: is required/, 'default'],
    ['an unknown field', 'invoke', data('P2', { lane: 'batch' }), /invalid-job: lane: is not known here/, 'default'],
    [
      'an unknown integration',
      'invoke',
      data('P2', { integration: 'acmee' }),
      /invalid-job: There is no integration/,
      null,
    ],
    [
      'a token that does not exist',
      'invoke',
      data('P2', { tokens: { invoiceNumber: 'x' } }),
      /invalid-job: .*InvoiceNumber/,
      'default',
    ],
    ['no object at all', 'invoke', 'text', /invalid-job: data: must be an object, not a string/, null],
  ])('are refused as invalid-job for %s, in the audit log too', async (_what, name, payload, reason, account) => {
    const job = await queue.add(name, payload);
    await expect(queue.finished(job)).rejects.toThrow(reason);
    const { rows } = await errand.database.pool.query(
      `select account, details->>'reason' as reason from audit_log where action = 'job.refused' and subject_id = $1`,
      [`${errand.prefix}-batch/${job.id}`],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0].reason).toMatch(reason);
    expect(rows[0].account).toBe(account);
  });
});
