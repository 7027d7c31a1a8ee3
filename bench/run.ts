import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { migrateAll } from '../src/app/prepare.ts';
import { silentLog } from '../src/platform/log.ts';
import { type BatchRound, batchRound, prepareBatches } from './batch.ts';
import { median, oneDecimal, quantile, table, whole } from './figures.ts';
import { type Api, enqueueOverHttp, type Interactive, interactive, startConfiguredApi } from './http.ts';
import { type Machine, startMachine } from './machine.ts';
import { readOptions } from './options.ts';
import { bareRound, byHandRound, emptyRound, errandRound, prepareByHand, type Round } from './throughput.ts';

const { rounds, share, output } = readOptions(fileURLToPath(new URL('latest.json', import.meta.url)));
/** So many, or of a run that only shows that everything works, a share of them. */
const sized = (count: number) => Math.max(16, Math.round(count * share));

/** What Errand claims about speed (bench/README.md). Every contender has its turn in each round. */
const contenders: Record<string, (machine: Machine, api: Api) => Promise<Round>> = {
  'Errand on Redis, batches': (machine, api) => batchRound(machine, machine.redisUrl, api, sized(16_000)),
  'Errand on Redis': (machine) => errandRound(machine, machine.redisUrl, sized(6_000)),
  'Errand on PostgreSQL': (machine) => errandRound(machine, null, sized(2_000)),
  'by hand on Redis': (machine) => byHandRound(machine, sized(3_000)),
  'BullMQ, empty jobs': (machine) => emptyRound(machine, sized(10_000)),
  'undici, bare requests': (machine) => bareRound(machine, sized(10_000)),
};

/** The rest of a round that is thrown away: it finds cold caches and tables without statistics. */
const warmUps = [
  (machine: Machine) => errandRound(machine, machine.redisUrl, 2_000),
  (machine: Machine) => byHandRound(machine, 500),
];

async function measure(machine: Machine) {
  await migrateAll({ databaseUrl: machine.databaseUrl, redisUrl: null }, silentLog);
  await prepareByHand(machine);
  const api = await startConfiguredApi(machine);
  let clicks: Interactive;
  let acceptedPerSecond: number;
  try {
    await prepareBatches(machine, api);
    clicks = await interactive(machine, api, sized(400));
    acceptedPerSecond = await enqueueOverHttp(api, sized(3_000));
    return { results: await measureRounds(machine, api), clicks, acceptedPerSecond };
  } finally {
    await api.stop();
  }
}

async function measureRounds(machine: Machine, api: Api) {
  const results = new Map<string, Round[]>(Object.keys(contenders).map((name) => [name, []]));
  // A share measures nothing that a cold cache would spoil.
  if (share === 1) for (const warmUp of warmUps) await warmUp(machine);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const result = await run(machine, api);
      results.get(name)?.push(result);
      console.error(`round ${round}/${rounds}  ${name}: ${whole(result.perSecond)} per second`);
    }
  }
  return results;
}

function throughputTable(results: ReadonlyMap<string, readonly Round[]>): string {
  const byHand = median((results.get('by hand on Redis') ?? []).map(({ perSecond }) => perSecond));
  const rows = [...results].map(([name, all]) => {
    const perSecond = median(all.map((round) => round.perSecond));
    const each = (figure: (round: Round) => number) => median(all.map(figure));
    return [
      name,
      whole(perSecond),
      `${oneDecimal(perSecond / byHand)} ×`,
      whole(each(({ usage, count }) => usage.cpuMicros / count)),
      each(({ usage, count }) => usage.statements / count).toFixed(3),
      whole(each(({ usage }) => usage.peakRssBytes / 1024 ** 2)),
    ];
  });
  return table([['per job', '/s', 'by hand', 'CPU µs each', 'SQL each', 'peak RSS MiB'], ...rows]);
}

function latencyTable({ bareMs, waitMs }: Interactive): string {
  const row = (name: string, values: readonly number[]) => [
    name,
    quantile(values, 0.5).toFixed(2),
    quantile(values, 0.99).toFixed(2),
  ];
  return table([
    ['one person waiting', 'median ms', 'p99 ms'],
    row('the request itself', bareMs),
    row('through Errand, Prefer: wait', waitMs),
  ]);
}

const machine = await startMachine();
try {
  const { results, clicks, acceptedPerSecond } = await measure(machine);
  const lines = Object.entries(machine.description).map(([name, value]) => `${name}: ${value}`);
  const batchRounds = (results.get('Errand on Redis, batches') ?? []) as BatchRound[];
  const streamed = `Batches accepted as NDJSON: ${whole(median(batchRounds.map((round) => round.acceptedPerSecond)))} items per second`;
  const accepted = `Accepted over HTTP, 64 requests at a time: ${whole(acceptedPerSecond)} per second`;
  console.log([...lines, '', throughputTable(results), '', latencyTable(clicks), '', accepted, streamed].join('\n'));
  const written = { at: new Date().toISOString(), share, ...machine.description, acceptedPerSecond, ...clicks };
  const json = JSON.stringify({ ...written, rounds: Object.fromEntries(results) }, null, 2);
  await writeFile(output, `${json}\n`);
} finally {
  await machine.stop();
}
