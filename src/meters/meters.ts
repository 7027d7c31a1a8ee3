import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { createAttemptMeters } from './attempts.ts';
import { catalogue, type MeterDefinition, type MeterName, type MeterOf, meterNames } from './catalogue.ts';

type Kind<Name extends MeterName> = (typeof catalogue)[Name]['kind'];
type LabelOf<Name extends MeterName> = (typeof catalogue)[Name]['labels'][number];
type Of<Name extends MeterName> =
  Kind<Name> extends 'counter'
    ? Counter<LabelOf<Name>>
    : Kind<Name> extends 'gauge'
      ? Gauge<LabelOf<Name>>
      : Histogram<LabelOf<Name>>;

/** What a pool of connections says of itself. */
export type PoolUse = { totalCount: number; idleCount: number; waitingCount: number };

/** The meters of one process. */
export type Meters = ReturnType<typeof createMeters>;

/**
 * @param process names it among those of one scrape, e.g. `worker-batch`: a label of all its meters
 * @param parts what it does
 * @param defaults Node's own meters too; off where many come and go in one process
 */
export function createMeters(process: string, parts: readonly MeterOf[], defaults = true) {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  if (defaults) collectDefaultMetrics({ register: registry });
  const attempts = createAttemptMeters();
  const pools = new Map<string, PoolUse>();
  const made = new Map<MeterName, Metric>();
  const counted = new Map(attempts.metrics.map((metric) => [metric.name, metric]));
  for (const name of meterNames.filter((each) => parts.includes(catalogue[each].of))) {
    const own = counted.get(name);
    if (own === undefined) made.set(name, make(name, registry));
    else registry.registerMetric(own as unknown as Metric);
  }

  /** One that this process has; the catalogue says of which parts. */
  function of<Name extends MeterName>(name: Name): Of<Name> {
    const metric = made.get(name);
    if (metric === undefined) throw new Error(`${name} is not a meter of ${process}`);
    return metric as unknown as Of<Name>;
  }

  const readers: (() => void)[] = [];

  function readPools(): void {
    if (pools.size === 0) return;
    const gauge = of('errand_pool_connections');
    for (const [pool, { totalCount, idleCount, waitingCount }] of pools) {
      gauge.set({ pool, state: 'busy' }, totalCount - idleCount);
      gauge.set({ pool, state: 'idle' }, idleCount);
      gauge.set({ pool, state: 'waiting' }, waitingCount);
    }
  }

  return {
    of,
    count: attempts.count,
    countLate: attempts.countLate,
    /** Its use is read when somebody scrapes. */
    watchPool(name: string, pool: PoolUse): void {
      pools.set(name, pool);
    },
    /** What is to be looked at when somebody scrapes. */
    onScrape(read: () => void): void {
      readers.push(read);
    },
    /** In Prometheus' text format. */
    async text(): Promise<string> {
      readPools();
      for (const read of readers) read();
      return registry.metrics();
    },
  };
}

function make(name: MeterName, registry: Registry): Metric {
  const { kind, help, labels, buckets = [] }: MeterDefinition = catalogue[name];
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  switch (kind) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...buckets] });
    default:
      return kind satisfies never;
  }
}
