import { writeFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { migrateAll } from '../src/app/prepare.ts';
import { ApiError, createHttpClient, type HttpClient } from '../src/client/http.ts';
import { silentLog } from '../src/platform/log.ts';
import { table, whole } from './figures.ts';
import { type Machine, startMachine, withClient } from './machine.ts';
import { type Part, startPart } from './part.ts';
import { adminKey, environment } from './settings.ts';

/** A million invocations in one batch: what the API, the database and the queue have to bear. */
const million = 1_000_000;
const badLine = 900_001;
const integration = 'night';
const command = 'GetInvoiceImage';
/**
 * What the API may grow by, however many lines come, once it is warm. Before that Node's heap grows to where it finds
 * collecting cheap, by twice as much as that, and stays there.
 */
const mostGrowthBytes = 100 * 1024 ** 2;
/** For how long it is watched while it runs; to its end would take a quarter of an hour. */
const watchedMs = 60_000;

type ApiPart = Part<{ url: string }, null>;

function* lines(count: number, bad?: number): Generator<string> {
  for (let line = 1; line <= count; line += 1) {
    yield `{"tokens":{"${line === bad ? 'invoiceNumber' : 'InvoiceNumber'}":"INV${line}"}}`;
  }
}

type Accepted = { seconds: number; beforeBytes: number; peakBytes: number };

/** Sends a stream, and looks at the API's memory ten times a second meanwhile. */
async function watched(api: ApiPart, send: () => Promise<unknown>): Promise<Accepted> {
  const rss = async () => (await api.report()).usage.rssBytes;
  const beforeBytes = await rss();
  let peakBytes = beforeBytes;
  let sending = true;
  const watch = (async () => {
    while (sending) {
      peakBytes = Math.max(peakBytes, await rss());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const since = performance.now();
  try {
    await send();
  } finally {
    sending = false;
    await watch;
  }
  return { seconds: (performance.now() - since) / 1000, beforeBytes, peakBytes };
}

async function refused(client: HttpClient, { databaseUrl }: Machine): Promise<void> {
  try {
    await client.enqueueBatch({ integration, command, items: lines(million, badLine) });
  } catch (error) {
    if (!(error instanceof ApiError) || error.errors[0]?.path !== `line ${badLine}.tokens.invoiceNumber`) throw error;
    const kept = await withClient(databaseUrl, (pg) => pg.query('select 1 from invocations limit 1'));
    if (kept.rowCount !== 0) throw new Error('Something of a refused batch was kept');
    return;
  }
  throw new Error('A bad line was accepted');
}

type Queue = { usedBytes: number; keys: number; jobs: number };

async function queueOf(redis: Redis): Promise<Queue> {
  const [memory, keys, waiting, active] = await Promise.all([
    redis.info('memory'),
    redis.dbsize(),
    redis.llen('bull:errand-batch:wait'),
    redis.llen('bull:errand-batch:active'),
  ]);
  return { usedBytes: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]), keys, jobs: waiting + active };
}

/** The largest of what is seen of the queue while a worker runs the batch, and how many it ended a second. */
async function run(machine: Machine, client: HttpClient, batch: string, redis: Redis) {
  const worker = await startPart('errand-worker', {
    env: environment(machine.databaseUrl, machine.redisUrl),
    args: ['batch'],
  });
  const most: Queue = { usedBytes: 0, keys: 0, jobs: 0 };
  const since = performance.now();
  try {
    while (performance.now() - since < watchedMs) {
      const queue = await queueOf(redis);
      for (const name of ['usedBytes', 'keys', 'jobs'] as const) most[name] = Math.max(most[name], queue[name]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const { succeeded } = await client.batch(batch);
    return { most, perSecond: (succeeded / (performance.now() - since)) * 1000 };
  } finally {
    await worker.stop();
  }
}

const mebibytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(1);

async function measure(machine: Machine, api: ApiPart) {
  const client = createHttpClient({ url: api.ready.url, apiKey: adminKey });
  const redis = new Redis(machine.redisUrl);
  try {
    await client.putIntegration(integration, { name: integration, type: 'custom', limits: { concurrency: 64 } });
    const url = `${machine.endpointUrl}/invoices/{{InvoiceNumber}}`;
    await client.putCommand(integration, command, { request: { method: 'GET', url } });
    const empty = await queueOf(redis);
    const bad = await watched(api, () => refused(client, machine));
    let id = '';
    const good = await watched(api, async () => {
      ({ id } = await client.enqueueBatch({ integration, command, items: lines(million) }));
    });
    const grown = good.peakBytes - good.beforeBytes;
    if (grown > mostGrowthBytes) throw new Error(`The API grew by ${mebibytes(grown)} MiB`);
    const waiting = await queueOf(redis);
    const { most: running, perSecond } = await run(machine, client, id, redis);
    return { bad, good, empty, waiting, running, perSecond };
  } finally {
    redis.disconnect();
  }
}

function tables({ bad, good, empty, waiting, running, perSecond }: Awaited<ReturnType<typeof measure>>): string {
  const sent = (name: string, { seconds, beforeBytes, peakBytes }: Accepted, count: number) => [
    name,
    seconds.toFixed(1),
    whole(count / seconds),
    mebibytes(beforeBytes),
    mebibytes(peakBytes),
  ];
  const queued = (name: string, { usedBytes, keys, jobs }: Queue) => [
    name,
    mebibytes(usedBytes),
    whole(keys),
    whole(jobs),
  ];
  const streams = table([
    ['a million lines', 's', 'items/s', 'API RSS before, MiB', 'peak'],
    sent(`refused for line ${whole(badLine)}, and deleted`, bad, badLine),
    sent('accepted', good, million),
  ]);
  const queues = table([
    ['Redis', 'MiB', 'keys', 'jobs'],
    queued('empty', empty),
    queued('the million waits', waiting),
    queued('it runs, at most', running),
  ]);
  return [streams, '', queues, '', `One worker: ${whole(perSecond)} a second in its first minute`].join('\n');
}

const machine = await startMachine();
try {
  await migrateAll({ databaseUrl: machine.databaseUrl, directUrl: machine.databaseUrl, redisUrl: null }, silentLog);
  const env = environment(machine.databaseUrl, machine.redisUrl);
  const api: ApiPart = await startPart('errand-api', { env });
  try {
    const measured = await measure(machine, api);
    console.log(tables(measured));
    const written = { at: new Date().toISOString(), ...machine.description, ...measured };
    await writeFile(new URL('million.json', import.meta.url), `${JSON.stringify(written, null, 2)}\n`);
  } finally {
    await api.stop();
  }
} finally {
  await machine.stop();
}
