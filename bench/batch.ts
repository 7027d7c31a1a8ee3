import { request } from 'undici';
import { createHttpClient } from '../src/client/http.ts';
import type { Api } from './http.ts';
import { type Machine, withClient } from './machine.ts';
import { startPart } from './part.ts';
import { adminKey, environment } from './settings.ts';
import { command, type Round, until } from './throughput.ts';

/** Customers of a night, and where their invoices are. */
export type Night = {
  customers: readonly string[];
  /** Of the endpoint: `/invoices`, `/pdfs` or `/slow`. */
  path: string;
  /** Each may have as many exchanges in flight as a worker lets one have; default: as Errand's own default. */
  concurrency?: number;
};

const customers = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);

/** Small answers, limits opened. */
export const smallNight: Night = { customers: customers('night', 8), path: '/invoices', concurrency: 64 };
/** Answers as large as invoices are. */
export const pdfNight: Night = { customers: customers('pdfs', 8), path: '/pdfs', concurrency: 64 };

export type BatchRound = Round & { acceptedPerSecond: number };

export async function prepareNight({ endpointUrl }: Machine, api: Api, night: Night): Promise<void> {
  const client = createHttpClient({ url: api.url, apiKey: adminKey });
  for (const id of night.customers) {
    const limits = night.concurrency === undefined ? {} : { concurrency: night.concurrency };
    await client.putIntegration(id, { name: id, type: 'custom', limits });
    const url = `${endpointUrl}${night.path}/{{InvoiceNumber}}`;
    await client.putCommand(id, command, { request: { method: 'POST', url } });
  }
}

type NightRound = { night: Night; count: number; invoices: string; variables?: Record<string, string> };

/**
 * A night: a batch of each customer, taken in as NDJSON with no worker running, then run by one. Timed from the first
 * range that was taken to the end of the last batch.
 *
 * @param invoices (of the options) the beginning of their numbers: those of the same one have the same answers; `variables`
 *   are the worker's, beside its usual ones
 */
export async function batchRound(
  machine: Machine,
  redisUrl: string | null,
  api: Api,
  { night, count, invoices, variables }: NightRound,
): Promise<BatchRound> {
  const run = `night-${Date.now()}`;
  const each = Math.floor(count / night.customers.length);
  const total = each * night.customers.length;
  const since = performance.now();
  for (const id of night.customers) await send(api, id, { run, count: each, invoices });
  const acceptedPerSecond = (total / (performance.now() - since)) * 1000;
  const env = { ...environment(machine.databaseUrl, redisUrl), ...variables };
  const worker = await startPart('errand-worker', { env, args: ['batch'] });
  try {
    const { ms, clean } = await untilRunEnded(machine, run);
    const { usage } = await worker.report();
    if (!clean) throw new Error(`A batch of ${run} did not end clean`);
    return { perSecond: (total / ms) * 1000, usage, count: total, acceptedPerSecond };
  } finally {
    await worker.stop();
  }
}

/** From the first range that was taken to the last ending. */
export async function untilRunEnded({ databaseUrl }: Machine, run: string): Promise<{ ms: number; clean: boolean }> {
  return withClient(databaseUrl, async (client) => {
    await until(async () => {
      const open = await client.query('select from batches where run = $1 and finished_at is null limit 1', [run]);
      return open.rowCount === 0;
    });
    const { rows } = await client.query<{ ms: number; clean: boolean }>(
      `select extract(epoch from max(finished_at) - min(started_at))::float8 * 1000 as ms,
         bool_and(outcome = 'clean') as clean
       from batches where run = $1`,
      [run],
    );
    return rows[0] ?? { ms: Number.NaN, clean: false };
  });
}

/** Hands over a batch, line by line; answers with its id. */
export async function send(
  { url }: Api,
  integration: string,
  { run, count, invoices }: { run: string; count: number; invoices: string },
): Promise<string> {
  function* lines() {
    for (let index = 0; index < count; index += 1) {
      yield `${JSON.stringify({ tokens: { InvoiceNumber: `${invoices}-${integration}-${index}` } })}\n`;
    }
  }
  const answer = await request(`${url}/v1/batches?integration=${integration}&command=${command}&run=${run}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/x-ndjson' },
    body: Buffer.from([...lines()].join('')),
  });
  if (answer.statusCode !== 202) throw new Error(`The API answered ${answer.statusCode}: ${await answer.body.text()}`);
  return ((await answer.body.json()) as { id: string }).id;
}
