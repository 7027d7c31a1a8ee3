import { median, oneDecimal, quantile, table, whole } from './figures.ts';
import type { Growth } from './growth.ts';
import type { Interactive } from './http.ts';
import type { Fairness } from './neighbours.ts';
import type { Round } from './throughput.ts';

export type Measured = {
  results: ReadonlyMap<string, readonly Round[]>;
  idle: Interactive;
  duringBatch: Interactive;
  fairness: Fairness;
  acceptedPerSecond: number;
  streamedPerSecond: number;
  growth: Growth | null;
};

/** What `npm run bench` prints; also good Markdown. */
export function report({ results, idle, duringBatch, fairness, ...others }: Measured): string {
  const { growth, acceptedPerSecond, streamedPerSecond } = others;
  return [
    throughputTable(results),
    '',
    table([
      ['one person waiting', 'median ms', 'p99 ms'],
      latencies('the request itself', idle.bareMs),
      latencies('through Errand, Prefer: wait', idle.waitMs),
      latencies('the request itself, during a night', duringBatch.bareMs),
      latencies('through Errand, during a night', duringBatch.waitMs),
    ]),
    '',
    table([
      ['100 invoices of a server that takes 200 ms', 'seconds'],
      ['alone', oneDecimal(fairness.alone)],
      ["beside another customer's 100,000", oneDecimal(fairness.besideAnother)],
      ['beside 100,000 of their own', oneDecimal(fairness.besideOwn)],
    ]),
    '',
    `Accepted over HTTP, 64 requests at a time: ${whole(acceptedPerSecond)} per second`,
    `Batches accepted as NDJSON: ${whole(streamedPerSecond)} items per second`,
    ...(growth === null ? [] : [growthLine(growth)]),
  ].join('\n');
}

function growthLine({ rows, empty, grown }: Growth): string {
  const share = (grown.perSecond / empty.perSecond).toFixed(2);
  return `Batches beside ${whole(rows)} ended invocations: ${whole(grown.perSecond)} per second, ${share} × the ${whole(empty.perSecond)} without`;
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

function latencies(name: string, values: readonly number[]): string[] {
  return [name, quantile(values, 0.5).toFixed(2), quantile(values, 0.99).toFixed(2)];
}
