import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Report } from './worker.ts';

const usage = 'npm run fuzz -- [--seconds 60] [--seed N] [--only PART_OF_A_NAME]';
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error(usage);
  process.exit(2);
}

/** A property that says nothing for so long hangs: its rounds take a second or two. */
const silenceMs = 60_000;

console.log(`--seed ${seed}, for ${seconds} s`);
const workerData = { seed, seconds, only: values.only };
const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
const runs = new Map<string, number>();
let doing = 'the first round';
let failed = false;
let silence = setTimeout(hangs, silenceMs);

function hangs(): void {
  console.error(`\nHANGS: ${doing}`);
  process.exit(1);
}

worker.on('message', (report: Report) => {
  clearTimeout(silence);
  silence = setTimeout(hangs, silenceMs);
  doing = `${report.name}, --seed ${report.seed} --only ${JSON.stringify(report.name)}`;
  runs.set(report.name, (runs.get(report.name) ?? 0) + report.runs);
  if (report.failure === null) return;
  failed = true;
  console.error(`\nFAILED: ${report.name}\n${report.failure}`);
});
worker.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
  clearTimeout(silence);
});
worker.on('exit', () => {
  clearTimeout(silence);
  console.log('\n| values tried | property |\n| ---: | --- |');
  for (const [name, count] of runs) console.log(`| ${count.toLocaleString('en-US')} | ${name} |`);
  const total = [...runs.values()].reduce((sum, count) => sum + count, 0);
  console.log(`\n${total.toLocaleString('en-US')} values, ${runs.size} properties, --seed ${seed}`);
  if (failed) process.exitCode = 1;
});
