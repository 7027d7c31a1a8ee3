import { ApiError, createHttpClient } from '../src/client/http.ts';
import { type Night, prepareNight, send, smallNight } from './batch.ts';
import { type Api, type Clicks, type Interactive, interactive } from './http.ts';
import type { Machine } from './machine.ts';
import { startPart } from './part.ts';
import { adminKey, environment } from './settings.ts';

/** What a batch does to those beside it. */

const startWorker = (machine: Machine) =>
  startPart('errand-worker', { env: environment(machine.databaseUrl, machine.redisUrl), args: ['batch'] });

/** A person who waits, as in `interactive`, while a night of so many invoices runs at full speed. */
export async function clicksDuringBatch(
  machine: Machine,
  api: Api,
  { clicks, invoices }: { clicks: Clicks; invoices: number },
): Promise<Interactive> {
  const client = createHttpClient({ url: api.url, apiKey: adminKey });
  const run = `beside-${Date.now()}`;
  const ids: string[] = [];
  const each = Math.ceil(invoices / smallNight.customers.length);
  for (const id of smallNight.customers) ids.push(await send(api, id, { run, count: each, invoices: run }));
  const worker = await startWorker(machine);
  try {
    const measured = await interactive(machine, api, clicks);
    const batches = await Promise.all(ids.map((id) => client.batch(id)));
    if (batches.every(({ finishedAt }) => finishedAt !== null)) throw new Error('The night was over before the clicks');
    return measured;
  } finally {
    for (const id of ids) await cancel(client, id);
    await worker.stop();
  }
}

/** It may have ended meanwhile. */
async function cancel(client: ReturnType<typeof createHttpClient>, batch: string): Promise<void> {
  await client.cancelBatch(batch).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
  });
}

const slowNight: Night = { customers: ['slow-small', 'slow-huge'], path: '/slow' };
const smallBatch = 100;

/** Seconds that a batch of 100 takes on a server that needs 200 ms for each answer. */
export type Fairness = { alone: number; besideAnother: number; besideOwn: number };

/** @param hugeBatch invoices of the batch beside it */
export async function fairness(machine: Machine, api: Api, hugeBatch: number): Promise<Fairness> {
  const client = createHttpClient({ url: api.url, apiKey: adminKey });
  await prepareNight(machine, api, slowNight);
  const run = `fair-${Date.now()}`;
  const secondsOf = async (name: string): Promise<number> => {
    const id = await send(api, 'slow-small', { run, count: smallBatch, invoices: `${run}-${name}` });
    const { startedAt, finishedAt, createdAt } = await client.waitForBatch(id, { timeoutMs: 300_000 });
    if (startedAt === null || finishedAt === null) throw new Error(`Batch ${id} has not ended`);
    return (Date.parse(finishedAt) - Date.parse(createdAt)) / 1000;
  };
  const beside = async (integration: string): Promise<number> => {
    const huge = await send(api, integration, { run, count: hugeBatch, invoices: `${run}-${integration}` });
    while ((await client.batch(huge)).succeeded === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    try {
      return await secondsOf(`beside-${integration}`);
    } finally {
      await cancel(client, huge);
    }
  };
  const worker = await startWorker(machine);
  try {
    return {
      alone: await secondsOf('alone'),
      besideAnother: await beside('slow-huge'),
      besideOwn: await beside('slow-small'),
    };
  } finally {
    await worker.stop();
  }
}
