import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { migrateAll } from '../src/app/prepare.ts';
import { silentLog } from '../src/platform/log.ts';
import { type BatchRound, batchRound, pdfNight, prepareNight, smallNight } from './batch.ts';
import { median, whole } from './figures.ts';
import { growth } from './growth.ts';
import { type Api, enqueueOverHttp, interactive, startConfiguredApi } from './http.ts';
import { type Machine, startMachine } from './machine.ts';
import { clicksDuringBatch, fairness } from './neighbours.ts';
import { readOptions } from './options.ts';
import { type Measured, report } from './report.ts';
import { bareRound, byHandRound, emptyRound, errandRound, prepareByHand, type Round } from './throughput.ts';

const options = readOptions(fileURLToPath(new URL('latest.json', import.meta.url)));
const { rounds, share, output } = options;
/** So many, or of a run that only shows that everything works, a share of them. */
const sized = (count: number) => Math.max(16, Math.round(count * share));

type Contender = (machine: Machine, api: Api, round: number) => Promise<Round>;

const nightOf =
  (night: typeof smallNight, count: number): Contender =>
  (machine, api, round) =>
    batchRound(machine, machine.redisUrl, api, { night, count: sized(count), invoices: `round-${round}` });

const clicks = { count: sized(400), warmUp: sized(100) };

/** What Errand claims about speed (bench/README.md). Every contender has its turn in each round. */
const contenders: Record<string, Contender> = {
  'Errand on Redis, batches': nightOf(smallNight, 16_000),
  'Errand on Redis': (machine) => errandRound(machine, machine.redisUrl, sized(6_000)),
  'Errand on PostgreSQL': (machine) => errandRound(machine, null, sized(2_000)),
  'by hand on Redis': (machine) => byHandRound(machine, sized(3_000)),
  'BullMQ, empty jobs': (machine) => emptyRound(machine, sized(10_000)),
  'undici, bare requests': (machine) => bareRound(machine, sized(10_000)),
  'batches of new PDFs, 40 kB': nightOf(pdfNight, 4_000),
  // The same numbers again in the same round.
  'batches of unchanged PDFs, 40 kB': nightOf(pdfNight, 4_000),
};

/** The rest of a round that is thrown away: it finds cold caches and tables without statistics. */
const warmUps: Contender[] = [
  (machine) => errandRound(machine, machine.redisUrl, 2_000),
  (machine) => byHandRound(machine, 500),
  nightOf(smallNight, 4_000),
];

async function measureRounds(machine: Machine, api: Api): Promise<Map<string, Round[]>> {
  const results = new Map<string, Round[]>(Object.keys(contenders).map((name) => [name, []]));
  // A share measures nothing that a cold cache would spoil.
  if (share === 1) for (const warmUp of warmUps) await warmUp(machine, api, 0);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const result = await run(machine, api, round);
      results.get(name)?.push(result);
      console.error(`round ${round}/${rounds}  ${name}: ${whole(result.perSecond)} per second`);
    }
  }
  return results;
}

async function measure(machine: Machine): Promise<Measured> {
  await migrateAll({ databaseUrl: machine.databaseUrl, directUrl: machine.databaseUrl, redisUrl: null }, silentLog);
  await prepareByHand(machine);
  const api = await startConfiguredApi(machine);
  try {
    await prepareNight(machine, api, smallNight);
    await prepareNight(machine, api, pdfNight);
    const idle = await interactive(machine, api, clicks);
    const acceptedPerSecond = await enqueueOverHttp(api, sized(3_000));
    const results = await measureRounds(machine, api);
    const batches = (results.get('Errand on Redis, batches') ?? []) as BatchRound[];
    return {
      results,
      idle,
      acceptedPerSecond,
      streamedPerSecond: median(batches.map((round) => round.acceptedPerSecond)),
      // Enough that it is not over before the clicks, however few they are.
      duringBatch: await clicksDuringBatch(machine, api, { clicks, invoices: Math.max(12_000, 60_000 * share) }),
      fairness: await fairness(machine, api, sized(100_000)),
      growth: options.growth ? await growth(machine, api, sized(16_000)) : null,
    };
  } finally {
    await api.stop();
  }
}

const machine = await startMachine();
try {
  const measured = await measure(machine);
  const lines = Object.entries(machine.description).map(([name, value]) => `${name}: ${value}`);
  console.log([...lines, '', report(measured)].join('\n'));
  const { results, ...others } = measured;
  const written = { at: new Date().toISOString(), share, ...machine.description, ...others };
  await writeFile(output, `${JSON.stringify({ ...written, rounds: Object.fromEntries(results) }, null, 2)}\n`);
} finally {
  await machine.stop();
}
