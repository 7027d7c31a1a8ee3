import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidJob } from '../../../src/client/index.ts';
import { createQueueClient } from '../../../src/client/queue.ts';
import { composeJob } from '../../../src/client/queue-job.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const acme = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: 'INV1' } };

describe('contract §4: a job of the queue client', () => {
  it('has the documented shape, and an id of its own', () => {
    const { lane, data, options } = composeJob({ ...acme, reference: 'r', idempotencyKey: 'k' }, now);
    expect({ lane, data }).toEqual({ lane: 'batch', data: { ...acme, reference: 'r', idempotencyKey: 'k' } });
    expect(options).toEqual({ jobId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(composeJob(acme, now).options.jobId).not.toBe(options.jobId);
  });

  it('is delayed until runAt, and has a priority', () => {
    const { options } = composeJob({ ...acme, runAt: '2026-01-01T00:01:00Z', priority: 5, lane: 'interactive' }, now);
    expect(options).toMatchObject({ delay: 60_000, priority: 5 });
    expect(composeJob({ ...acme, runAt: new Date(now - 1) }, now).options).not.toHaveProperty('delay');
  });

  it.each([
    ['a bad id', { integration: 'Acme!' }, 'integration'],
    ['an unknown field', { attempts: 3 }, 'attempts'],
    ['no command', { command: undefined }, 'command: is required'],
    ['another kind of reference', { reference: 7 }, 'reference: must be a string, not 7'],
    ['no time', { runAt: 'tomorrow' }, 'runAt'],
    ['no lane', { lane: 'slow' }, 'lane'],
    ['no priority', { priority: 0 }, 'priority'],
  ])('is refused for %s', (_what, more, path) => {
    const compose = () => composeJob({ ...acme, ...(more as object) }, now);
    expect(compose).toThrow(InvalidJob);
    expect(compose).toThrow(new RegExp(`\\n {2}${path}`));
  });

  it('goes to Redis or PostgreSQL, and nowhere else', async () => {
    const client = createQueueClient({ connection: 'mysql://user:secret@127.0.0.1/x' });
    const enqueued = client.enqueue(acme);
    await expect(enqueued).rejects.toThrow(/must be a URL that begins with redis:/);
    await expect(enqueued).rejects.not.toThrow(/secret/);
    await client.close();
    await expect(client.enqueue(acme)).rejects.toThrow('closed');
  });
});

describe('contract §4: a job of the queue client on the first versions of Node 20, which have no URL.parse', () => {
  const { parse } = URL;
  beforeAll(() => void Reflect.deleteProperty(URL, 'parse'));
  afterAll(() => void Object.assign(URL, { parse }));

  it('is told where to call back', () => {
    expect(composeJob({ ...acme, callbackUrl: 'https://billing.example.com/' }, now).data).toHaveProperty(
      'callbackUrl',
    );
    expect(() => composeJob({ ...acme, callbackUrl: 'https://billing.example.com:x/' }, now)).toThrow('is not a URL');
  });

  it('goes to a queue by its URL', async () => {
    const client = createQueueClient({ connection: 'redis://127.0.0.1:1' });
    await expect(client.enqueue(acme, { timeoutMs: 1 })).rejects.toThrow('The queue did not take the job');
    await client.close();
  });
});
