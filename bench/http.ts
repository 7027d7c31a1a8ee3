import { Agent, request } from 'undici';
import { createHttpClient } from '../src/client/http.ts';
import type { Machine } from './machine.ts';
import { startPart } from './part.ts';
import { adminKey, environment } from './settings.ts';
import { command, integrationOf, integrations } from './throughput.ts';

export type Api = { url: string; stop(): Promise<void> };

/** Starts the API and configures what is measured. */
export async function startConfiguredApi({ databaseUrl, redisUrl, endpointUrl }: Machine): Promise<Api> {
  const api = await startPart<{ url: string }>('errand-api', { env: environment(databaseUrl, redisUrl) });
  await configure({ endpointUrl }, api.ready.url);
  return { url: api.ready.url, stop: api.stop };
}

export async function configure({ endpointUrl }: Pick<Machine, 'endpointUrl'>, url: string): Promise<void> {
  const client = createHttpClient({ url, apiKey: adminKey });
  for (const id of integrations) {
    await client.putIntegration(id, { name: id, type: 'custom' });
    await client.putCommand(id, command, {
      request: { method: 'GET', url: `${endpointUrl}/invoices/{{InvoiceNumber}}` },
      accept: { contentTypes: ['application/pdf'] },
    });
  }
}

export type Interactive = { bareMs: readonly number[]; waitMs: readonly number[] };

/** Clicks that are measured, and those before them that are not. */
export type Clicks = { count: number; warmUp: number };

/** A person who waits, one at a time: the API with `Prefer: wait`, in turns with the same request sent directly. */
export async function interactive(machine: Machine, api: Api, { count, warmUp }: Clicks): Promise<Interactive> {
  const worker = await startPart('errand-worker', {
    env: environment(machine.databaseUrl, machine.redisUrl),
    args: ['interactive'],
  });
  const dispatcher = new Agent();
  const bareMs: number[] = [];
  const waitMs: number[] = [];
  try {
    for (let index = 0; index < count + warmUp; index += 1) {
      const invoice = `CLICK-${process.pid}-${Date.now()}-${index}`;
      const bare = await timed(async () => {
        const answer = await request(`${machine.endpointUrl}/invoices/${invoice}`, { dispatcher });
        await answer.body.arrayBuffer();
      });
      const wait = await timed(async () => {
        const { status } = await enqueue(dispatcher, api, index, invoice, { prefer: 'wait=10' });
        if (status !== 'succeeded') throw new Error(`An interactive invocation is ${status}`);
      });
      if (index < warmUp) continue;
      bareMs.push(bare);
      waitMs.push(wait);
    }
  } finally {
    await dispatcher.close();
    await worker.stop();
  }
  return { bareMs, waitMs };
}

/** Invocations accepted per second, 64 requests at a time, with no worker running. */
export async function enqueueOverHttp(api: Api, count: number): Promise<number> {
  const dispatcher = new Agent({ connections: 64 });
  let next = 0;
  const one = async () => {
    for (let index = next++; index < count; index = next++) {
      await enqueue(dispatcher, api, index, `HTTP-${process.pid}-${Date.now()}-${index}`, {});
    }
  };
  const ms = await timed(async () => void (await Promise.all(Array.from({ length: 64 }, one))));
  await dispatcher.close();
  return (count / ms) * 1000;
}

async function enqueue(
  dispatcher: Agent,
  { url }: Api,
  index: number,
  invoice: string,
  headers: Record<string, string>,
): Promise<{ status: string }> {
  const answer = await request(`${url}/v1/invocations`, {
    dispatcher,
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ integration: integrationOf(index), command, tokens: { InvoiceNumber: invoice } }),
  });
  if (answer.statusCode >= 300) throw new Error(`The API answered ${answer.statusCode}: ${await answer.body.text()}`);
  return (await answer.body.json()) as { status: string };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}
