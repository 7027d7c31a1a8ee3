import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ownRedis } from '../../support/services/own-redis.ts';
import { type FaultReport, runFaults } from './run.ts';

const usage = 'npm run test:faults -- [--minutes 10] [--seed N] [--backend redis|postgres]';
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    backend: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const backends = (['redis', 'postgres'] as const).filter(
  (name) => values.backend === undefined || values.backend === name,
);
if (!(minutes > 0) || !Number.isSafeInteger(seed) || backends.length === 0) {
  console.error(usage);
  process.exit(2);
}
if (backends.includes('redis') && !ownRedis.available) {
  console.error('There is no Redis on the path: install one, or give --backend postgres.');
  process.exit(2);
}

// The servers are processes of their own, which would go on without this one.
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

function print(backend: string, { faults, counts, problems }: FaultReport): void {
  const kinds = Object.entries(faults).sort(([one], [other]) => one.localeCompare(other));
  const lines = kinds.map(([kind, each]) => `| ${kind} | ${each?.count} | ${each?.recoveryMs} |`);
  const total = kinds.reduce((sum, [, each]) => sum + (each?.count ?? 0), 0);
  console.log(
    [
      `\n## ${backend}, seed ${seed}: ${total} faults in ${minutes} minutes`,
      '',
      '| fault | times | well again after, ms, at the most |',
      '| --- | ---: | ---: |',
      ...lines,
    ].join('\n'),
  );
  console.log(
    `\naccepted ${counts.accepted}, requests ${counts.requests}, answered more than once ${counts.repeated}, failed ${JSON.stringify(counts.failed)}`,
  );
  console.log(problems.length === 0 ? 'nothing lost, nothing doubled beyond the promise' : problems.join('\n'));
}

for (const backend of backends) {
  console.log(`${backend}: --seed ${seed}`);
  const report = await runFaults({
    backend,
    seed,
    forMs: minutes * 60_000,
    signal: stopped.signal,
    say: (line) => console.log(`${backend}: ${line}`),
  });
  print(backend, report);
  if (report.problems.length > 0) process.exitCode = 1;
}
