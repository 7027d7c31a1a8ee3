import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { migrateAll } from '../src/app/prepare.ts';
import { silentLog } from '../src/platform/log.ts';
import { ownPgBouncer } from '../test/support/services/own-pgbouncer.ts';
import { batchRound, type Night, pdfNight, prepareNight, smallNight } from './batch.ts';
import { table, whole } from './figures.ts';
import { type Api, configure, enqueueOverHttp } from './http.ts';
import { type Machine, startMachine, withClient } from './machine.ts';
import { between, type Meter, readMeter } from './meter.ts';
import type { Network } from './network.ts';
import { type Part, startPart, type Usage } from './part.ts';
import { adminKey, environment } from './settings.ts';
import { command, integrationOf, until } from './throughput.ts';

/** What one invocation costs each part of an installation (docs/scaling.md), by what the operating system and the servers counted. */
type Cost = { count: number; perSecond: number | null; worker: Usage; api: Usage; meter: Meter };
type ApiPart = Part<{ url: string }, null>;

const share = Number(process.argv[2] ?? 1);
const sized = (count: number) => Math.max(64, Math.round(count * share));

const usageBetween = (before: Usage, after: Usage): Usage => ({
  ...after,
  cpuMicros: after.cpuMicros - before.cpuMicros,
  statements: after.statements - before.statements,
  network: networkBetween(before.network, after.network),
});

function networkBetween(before: Network, after: Network): Network {
  const entries = Object.entries(after).map(([port, { sent, received }]) => {
    const earlier = before[port] ?? { sent: 0, received: 0 };
    return [port, { sent: sent - earlier.sent, received: received - earlier.received }] as const;
  });
  return Object.fromEntries(entries);
}

async function metered(
  machine: Machine,
  api: ApiPart,
  work: () => Promise<{ count: number; perSecond: number | null; worker: Usage }>,
): Promise<Cost> {
  const [before, apiBefore] = [await readMeter(machine), await api.report()];
  const done = await work();
  const [after, apiAfter] = [await readMeter(machine), await api.report()];
  return { ...done, api: usageBetween(apiBefore.usage, apiAfter.usage), meter: between(before, after) };
}

const night = (machine: Machine, api: ApiPart, of: Night, count: number, invoices: string) =>
  metered(machine, api, async () => {
    const round = await batchRound(machine, machine.redisUrl, apiOf(api), { night: of, count: sized(count), invoices });
    return { count: round.count, perSecond: round.perSecond, worker: round.usage };
  });

const apiOf = (api: ApiPart): Api => ({ url: api.ready.url, stop: api.stop });

/** One request each, then the worker. */
const singles = (machine: Machine, api: ApiPart, count: number) =>
  metered(machine, api, async () => {
    await enqueueOverHttp(apiOf(api), count);
    const worker = await startPart('errand-worker', {
      env: environment(machine.databaseUrl, machine.redisUrl),
      args: ['batch'],
    });
    await withClient(machine.databaseUrl, (client) =>
      until(
        async () => (await client.query('select from invocations where due_at is not null limit 1')).rowCount === 0,
      ),
    );
    const { usage } = await worker.report();
    await worker.stop();
    return { count, perSecond: null, worker: usage };
  });

/** People who wait, sixteen at a time. */
const clicks = (machine: Machine, api: ApiPart, count: number) =>
  metered(machine, api, async () => {
    const env = environment(machine.databaseUrl, machine.redisUrl);
    const worker = await startPart('errand-worker', { env, args: ['interactive'] });
    const dispatcher = new Agent({ connections: 16 });
    let next = 0;
    const since = performance.now();
    const one = async () => {
      for (let index = next++; index < count; index = next++) await click(dispatcher, api.ready.url, index);
    };
    await Promise.all(Array.from({ length: 16 }, one));
    const perSecond = (count / (performance.now() - since)) * 1000;
    const { usage } = await worker.report();
    await Promise.all([dispatcher.close(), worker.stop()]);
    return { count, perSecond, worker: usage };
  });

async function click(dispatcher: Agent, url: string, index: number): Promise<void> {
  const tokens = { InvoiceNumber: `CLICK-${Date.now()}-${index}` };
  const answer = await request(`${url}/v1/invocations`, {
    dispatcher,
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify({ integration: integrationOf(index), command, tokens }),
  });
  const { status } = (await answer.body.json()) as { status: string };
  if (status !== 'succeeded') throw new Error(`A click is ${status}`);
}

/** The same night through a PgBouncer in transaction mode, if there is one. */
async function throughPooler(machine: Machine, count: number): Promise<Cost | null> {
  if (!ownPgBouncer.available) return null;
  const pooler = await ownPgBouncer.start(machine.databaseUrl, { sessions: 20 });
  const pooled = { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: machine.databaseUrl };
  await migrateAll({ databaseUrl: pooler.url, directUrl: machine.databaseUrl, redisUrl: machine.redisUrl }, silentLog);
  const api: ApiPart = await startPart('errand-api', {
    env: { ...environment(machine.databaseUrl, machine.redisUrl), ...pooled },
  });
  try {
    return await metered(machine, api, async () => {
      const options = { night: smallNight, count: sized(count), invoices: 'pooled', variables: pooled };
      const round = await batchRound(machine, machine.redisUrl, apiOf(api), options);
      return { count: round.count, perSecond: round.perSecond, worker: round.usage };
    });
  } finally {
    await api.stop();
    await pooler.stop();
  }
}

async function measure(machine: Machine): Promise<Record<string, Cost>> {
  const { databaseUrl, redisUrl } = machine;
  await migrateAll({ databaseUrl, directUrl: databaseUrl, redisUrl }, silentLog);
  const api: ApiPart = await startPart('errand-api', { env: environment(databaseUrl, redisUrl) });
  try {
    await configure(machine, api.ready.url);
    for (const each of [smallNight, pdfNight]) await prepareNight(machine, apiOf(api), each);
    // Caches and statistics, as of a system that runs.
    await night(machine, api, smallNight, 8_000, 'warm');
    await withClient(databaseUrl, (client) => client.query('vacuum analyze'));
    const costs: Record<string, Cost> = {
      'batch, 1 kB': await night(machine, api, smallNight, 24_000, 'small'),
      'batch, new PDF of 40 kB': await night(machine, api, pdfNight, 4_000, 'pdf'),
      'batch, unchanged PDF': await night(machine, api, pdfNight, 4_000, 'pdf'),
      'single over HTTP': await singles(machine, api, sized(6_000)),
      'click, Prefer: wait': await clicks(machine, api, sized(3_000)),
    };
    const pooled = await throughPooler(machine, 24_000);
    if (pooled !== null) costs['batch, 1 kB, PgBouncer'] = pooled;
    return { ...costs, ...(await aboutSearchIndex(machine, api)) };
  } finally {
    await api.stop();
  }
}

const searchIndex =
  'create index invocations_by_value on invocations using gin (errand_search_values(tokens)) with (fastupdate = off)';
const rounds = 3;

/** With the index of token values and without it, in turns, since what a machine does varies more than what the index costs. */
async function aboutSearchIndex(machine: Machine, api: ApiPart): Promise<Record<string, Cost>> {
  const costs = { indexed: [] as Cost[], bare: [] as Cost[] };
  const query = (statement: string) => withClient(machine.databaseUrl, (client) => client.query(statement));
  for (let round = 1; round <= rounds; round += 1) {
    costs.indexed.push(await night(machine, api, smallNight, 24_000, `indexed-${round}`));
    await query('drop index invocations_by_value');
    costs.bare.push(await night(machine, api, smallNight, 24_000, `bare-${round}`));
    await query(searchIndex);
  }
  const middle = (some: Cost[]) =>
    some.toSorted((a, b) => a.meter.postgresCpuMicros - b.meter.postgresCpuMicros)[1] as Cost;
  return { 'batch, 1 kB, again': middle(costs.indexed), 'batch, 1 kB, no search index': middle(costs.bare) };
}

const sumOf = (values: Record<string, number>) => Object.values(values).reduce((sum, value) => sum + value, 0);

/** To and from all but Redis and the endpoint: PostgreSQL, or the pooler before it. */
function toDatabase({ redisUrl, endpointUrl }: Machine, network: Network): number {
  const others = [redisUrl, endpointUrl].map((url) => new URL(url).port);
  const sums = Object.entries(network).filter(([port]) => !others.includes(port));
  return sums.reduce((sum, [, { sent, received }]) => sum + sent + received, 0);
}

function row(machine: Machine, name: string, { count, perSecond, worker, api, meter }: Cost): string[] {
  const each = (value: number) => whole(value / count);
  return [
    name,
    perSecond === null ? '' : whole(perSecond),
    each(worker.cpuMicros),
    each(api.cpuMicros),
    each(meter.postgresCpuMicros),
    each(meter.redisCpuMicros),
    each(meter.walBytes),
    (meter.transactions / count).toFixed(2),
    each(sumOf(meter.tables)),
    each(toDatabase(machine, worker.network) + toDatabase(machine, api.network)),
    (meter.redisCommands / count).toFixed(2),
    each(meter.redisBytes),
  ];
}

const head = [
  'each',
  '/s',
  'worker µs',
  'API µs',
  'PostgreSQL µs',
  'Redis µs',
  'WAL B',
  'transactions',
  'stored B',
  'to PostgreSQL B',
  'Redis commands',
  'Redis B',
];

const machine = await startMachine();
try {
  const costs = await measure(machine);
  console.log(
    Object.entries(machine.description)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  );
  console.log(table([head, ...Object.entries(costs).map(([name, cost]) => row(machine, name, cost))]));
  const output = fileURLToPath(new URL('costs.json', import.meta.url));
  await writeFile(
    output,
    `${JSON.stringify({ at: new Date().toISOString(), share, ...machine.description, costs }, null, 2)}\n`,
  );
} finally {
  await machine.stop();
}
