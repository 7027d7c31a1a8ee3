import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

/** More than the lane has slots for: eight each. */
const deadEndpoints = 12;

describe.each(queueBackends())('limits on $name (contract §7)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  /** Requests that the endpoint has not answered, and most of them at a time, by integration. */
  let held: Map<string, (() => void)[]>;
  let most: Map<string, number>;

  beforeAll(async () => {
    held = new Map();
    most = new Map();
    endpoint = await startEndpoint((request, response) => {
      const answer = () => void response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
      const [, integration = ''] = request.url.split('/');
      if (!/^(dead|held)/.test(integration)) {
        answer();
        return;
      }
      const waiting = held.get(integration) ?? [];
      held.set(integration, waiting);
      waiting.push(answer);
      most.set(integration, Math.max(most.get(integration) ?? 0, waiting.length));
    });
    errand = await deploy(backend, { ERRAND_CONCURRENCY_INTERACTIVE: '8', ERRAND_CONCURRENCY_BATCH: '8' });
    await Promise.all([errand.worker('interactive'), errand.worker('batch'), errand.worker('batch')]);
  }, 120_000);
  afterAll(async () => {
    for (const answers of held.values()) for (const answer of answers) answer();
    await errand?.stop();
    await endpoint?.close();
  });

  async function configure(id: string, limits = {}): Promise<void> {
    const variables = { baseUrl: `${endpoint.url}/${id}` };
    await errand.client.putIntegration(id, { name: id, type: 'custom', variables, limits });
    const deadlineMs = 60_000;
    await errand.client.putCommand(id, 'GetInvoiceImage', {
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      accept: { contentTypes: ['*/*'] },
      timeoutMs: deadlineMs,
      deadlineMs,
    });
  }
  const enqueue = (integration: string, number: number, lane: 'interactive' | 'batch' = 'interactive') =>
    errand.client.enqueue({ integration, command: 'GetInvoiceImage', tokens: { InvoiceNumber: number }, lane });
  const requestsOf = (integration: string) => endpoint.requests.filter(({ url }) => url.startsWith(`/${integration}/`));
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const answerAll = (integration: string) => {
    for (const answer of held.get(integration)?.splice(0) ?? []) answer();
  };

  it('a click on a healthy integration is answered while twelve dead ones hang with more than the lane has slots', async () => {
    await configure('healthy');
    for (let number = 0; number < deadEndpoints; number += 1) await configure(`dead-${number}`);
    await errand.ended((await enqueue('healthy', 1)).id);
    const dead = await Promise.all(
      Array.from({ length: deadEndpoints * 10 }, (_, number) => enqueue(`dead-${number % deadEndpoints}`, number)),
    );
    for (let number = 2; number < 6; number += 1) {
      expect((await errand.ended((await enqueue('healthy', number)).id)).status).toBe('succeeded');
    }
    // None of them has ended, and each has all that it may have: nobody took anything from anybody.
    await until(() => [...held.values()].flat().length === deadEndpoints * 8);
    expect((await errand.ended((await enqueue('healthy', 7)).id)).status).toBe('succeeded');
    expect([...most.values()].every((count) => count <= 8)).toBe(true);
    for (let number = 0; number < deadEndpoints; number += 1) answerAll(`dead-${number}`);
    const leftovers = setInterval(() => {
      for (let number = 0; number < deadEndpoints; number += 1) answerAll(`dead-${number}`);
    }, 20);
    try {
      for (const { id } of dead) expect((await errand.ended(id)).status).toBe('succeeded');
    } finally {
      clearInterval(leftovers);
    }
  });

  it('concurrency holds over both lanes and all workers, and one is kept for a click', async () => {
    await configure('held', { concurrency: 4 });
    const rows = await Promise.all(Array.from({ length: 20 }, (_, number) => enqueue('held', number, 'batch')));
    await until(() => (held.get('held')?.length ?? 0) === 3);
    const click = await enqueue('held', 100);
    await until(() => requestsOf('held').some(({ url }) => url === '/held/100'));
    const answers = setInterval(() => held.get('held')?.shift()?.(), 20);
    try {
      expect((await errand.ended(click.id)).status).toBe('succeeded');
      for (const { id } of rows) expect((await errand.ended(id)).status).toBe('succeeded');
    } finally {
      clearInterval(answers);
    }
    expect(most.get('held')).toBe(4);
    expect(requestsOf('held')).toHaveLength(21);
  });

  it('rates hold over both lanes and all workers, a fifth is kept for clicks, and what waits is sent later', async () => {
    const rates = [
      { count: 5, perSeconds: 2 },
      { count: 8, perSeconds: 3_600 },
    ];
    await configure('rated', { rates });
    const rows = await Promise.all(Array.from({ length: 10 }, (_, number) => enqueue('rated', number, 'batch')));
    // Of the second rate, batch has six.
    await until(() => requestsOf('rated').length === 6);
    expect((await errand.ended((await enqueue('rated', 100)).id)).status).toBe('succeeded');
    expect((await errand.ended((await enqueue('rated', 101)).id)).status).toBe('succeeded');
    const inVain = await errand.ended((await enqueue('rated', 102)).id);
    expect(inVain.error).toMatchObject({ code: 'rate-limited', side: 'configuration' });
    expect(inVain.attempts).toMatchObject([{ outcome: 'permanent', request: null }]);
    expect(requestsOf('rated')).toHaveLength(8);
    const waiting = await Promise.all(rows.map(({ id }) => errand.client.getInvocation(id)));
    expect(waiting.filter(({ status }) => status === 'queued')).toHaveLength(4);
    expect(waiting.every(({ attempts }) => attempts.length <= 1)).toBe(true);
  });

  it('identical clicks at the same time share one request, and end each for itself', async () => {
    await configure('held-once', { concurrency: 1 });
    const clicks = [await enqueue('held-once', 1)];
    await until(() => held.get('held-once')?.length === 1);
    clicks.push(...(await Promise.all([enqueue('held-once', 1), enqueue('held-once', 1)])));
    for (const { id } of clicks) await running(id);
    answerAll('held-once');
    const ended = await Promise.all(clicks.map(({ id }) => errand.ended(id)));
    expect(ended.map(({ status, result }) => [status, result?.bytes])).toEqual(Array(3).fill(['succeeded', 10]));
    expect(requestsOf('held-once')).toHaveLength(1);
    const requests = ended.map(({ attempts }) => attempts[0]?.request?.url);
    expect(requests).toEqual([`${endpoint.url}/held-once/1`, undefined, undefined]);
    expect(requestsOf('held-once')[0]?.header('Idempotency-Key')).toBe(clicks[0]?.id);
  });

  it('cancelling the click whose request it is leaves it to the others', async () => {
    await configure('held-shared');
    const first = await enqueue('held-shared', 1);
    await until(() => held.get('held-shared')?.length === 1);
    const second = await enqueue('held-shared', 1);
    await running(second.id);
    const cancelled = await fetch(`${errand.url}/v1/invocations/${first.id}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${errand.adminKey}` },
    });
    expect(cancelled.status).toBe(200);
    expect((await errand.ended(first.id)).status).toBe('cancelled');
    answerAll('held-shared');
    expect((await errand.ended(second.id)).status).toBe('succeeded');
    expect(requestsOf('held-shared')).toHaveLength(1);
  });

  async function running(id: string): Promise<void> {
    while ((await errand.client.getInvocation(id)).status !== 'running') {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
});
