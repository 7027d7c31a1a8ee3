import { request } from 'undici';
import { createHttpClient } from '../src/client/http.ts';
import type { Api } from './http.ts';
import { type Machine, withClient } from './machine.ts';
import { startPart } from './part.ts';
import { adminKey, environment } from './settings.ts';
import { command, type Round, until } from './throughput.ts';

/** Integrations of a night; each may have as many exchanges in flight as a worker lets one have. */
const customers = Array.from({ length: 8 }, (_, index) => `night-${index}`);
const opened = { concurrency: 64 };

export type BatchRound = Round & { acceptedPerSecond: number };

export async function prepareBatches({ endpointUrl }: Machine, api: Api): Promise<void> {
  const client = createHttpClient({ url: api.url, apiKey: adminKey });
  for (const id of customers) {
    await client.putIntegration(id, { name: id, type: 'custom', limits: opened });
    const url = `${endpointUrl}/invoices/{{InvoiceNumber}}`;
    await client.putCommand(id, command, { request: { method: 'POST', url } });
  }
}

/**
 * A night: a batch of each customer, taken in as NDJSON with no worker running, then run by one. Timed from the first
 * range that was taken to the end of the last batch.
 */
export async function batchRound(
  machine: Machine,
  redisUrl: string | null,
  api: Api,
  count: number,
): Promise<BatchRound> {
  const run = `night-${Date.now()}`;
  const each = Math.floor(count / customers.length);
  const since = performance.now();
  for (const id of customers) await send(api, id, run, each);
  const acceptedPerSecond = ((each * customers.length) / (performance.now() - since)) * 1000;
  const worker = await startPart('errand-worker', { env: environment(machine.databaseUrl, redisUrl), args: ['batch'] });
  try {
    return await withClient(machine.databaseUrl, async (client) => {
      await until(async () => {
        const open = await client.query('select from batches where run = $1 and finished_at is null limit 1', [run]);
        return open.rowCount === 0;
      });
      const { usage } = await worker.report();
      const { rows } = await client.query<{ ms: number; clean: boolean }>(
        `select extract(epoch from max(finished_at) - min(started_at))::float8 * 1000 as ms,
           bool_and(outcome = 'clean') as clean
         from batches where run = $1`,
        [run],
      );
      const { ms = 0, clean = false } = rows[0] ?? {};
      if (!clean) throw new Error(`A batch of ${run} did not end clean`);
      const total = each * customers.length;
      return { perSecond: (total / ms) * 1000, usage, count: total, acceptedPerSecond };
    });
  } finally {
    await worker.stop();
  }
}

async function send({ url }: Api, integration: string, run: string, count: number): Promise<void> {
  function* lines() {
    for (let index = 0; index < count; index += 1) {
      yield `${JSON.stringify({ tokens: { InvoiceNumber: `${run}-${integration}-${index}` } })}\n`;
    }
  }
  const answer = await request(`${url}/v1/batches?integration=${integration}&command=${command}&run=${run}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/x-ndjson' },
    body: Buffer.from([...lines()].join('')),
  });
  if (answer.statusCode !== 202) throw new Error(`The API answered ${answer.statusCode}: ${await answer.body.text()}`);
  await answer.body.dump();
}
