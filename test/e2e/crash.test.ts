import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

describe.each(queueBackends())('a crash on $name (contract §7)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  /** Requests are held until the test lets them go. */
  let hold: boolean;
  let held: (() => void)[];
  let arrived: () => void;

  beforeEach(async () => {
    hold = true;
    held = [];
    arrived = () => {};
    endpoint = await startEndpoint((_request, response) => {
      const answer = () => response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
      if (hold) held.push(answer);
      else answer();
      arrived();
    });
    errand = await deploy(backend);
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'POST', url: '{{baseUrl}}/{{InvoiceNumber}}', body: 'please' },
    });
  });
  afterEach(async () => {
    for (const answer of held) answer();
    await errand?.stop();
    await endpoint?.close();
  });

  const enqueue = (number: string) =>
    errand.client.enqueue({ integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: number } });
  const requests = async (count: number) => {
    while (endpoint.requests.length < count) await new Promise<void>((resolve) => (arrived = resolve));
  };

  it('of a worker in mid-request loses nothing: the work resumes with the same Idempotency-Key', async () => {
    const first = await errand.worker('batch');
    const accepted = await Promise.all(['A', 'B', 'C'].map(enqueue));
    await requests(3);
    await first.kill('SIGKILL');
    const killedAt = performance.now();
    hold = false;
    await errand.worker('batch');
    const ended = await Promise.all(accepted.map(({ id }) => errand.ended(id)));
    expect(performance.now() - killedAt).toBeLessThan(30_000);
    for (const invocation of ended) {
      expect(invocation.status).toBe('succeeded');
      expect(invocation.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'succeeded']);
    }
    const keys = endpoint.requests.map((request) => request.header('idempotency-key'));
    expect(keys.slice(0, 3).sort()).toEqual(accepted.map(({ id }) => id).sort());
    expect(keys.slice(3).sort()).toEqual(accepted.map(({ id }) => id).sort());
  });

  it('of the API after the 202 loses nothing', async () => {
    const { id } = await enqueue('A');
    await errand.api.kill('SIGKILL');
    hold = false;
    await errand.worker('batch');
    await requests(1);
    expect(endpoint.requests[0]?.header('idempotency-key')).toBe(id);
  });

  it('is none when a worker is asked to stop: what is in flight ends, nothing is sent twice', async () => {
    const first = await errand.worker('batch');
    const { id } = await enqueue('A');
    await requests(1);
    const stopped = first.kill('SIGTERM');
    for (const answer of held.splice(0)) answer();
    expect(await stopped).toEqual([0, null]);
    const ended = await errand.ended(id);
    expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(['succeeded']);
    expect(endpoint.requests).toHaveLength(1);
  });
});
