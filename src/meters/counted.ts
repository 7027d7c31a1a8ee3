import { catalogue, type MeterName } from './catalogue.ts';

/**
 * A counter and a histogram for where each attempt passes: a key is looked up and a number is added. prom-client's own
 * build, check and hash an object of labels each time, which they do here when somebody scrapes. `bench/meters.ts` has
 * the figures.
 */
type Labels = Record<string, string>;
type Value = { metricName?: string; labels: Labels; value: number };
type Head = { name: MeterName; help: string; type: string; aggregator: 'sum' };

/** What prom-client's registry asks of a metric. */
export type RegisteredMetric = Head & { get(): Promise<Head & { values: Value[] }> };

const headOf = (name: MeterName): Head => ({
  name,
  help: catalogue[name].help,
  type: catalogue[name].kind,
  aggregator: 'sum',
});

/** @param labelsOf a key's labels, asked for once */
export function createCounted<Key extends string>(name: MeterName, labelsOf: (key: Key) => Labels) {
  const counts = new Map<Key, { labels: Labels; value: number }>();
  const values = () => [...counts.values()].map(({ labels, value }) => ({ labels, value }));
  return {
    add(key: Key, by = 1): void {
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { labels: labelsOf(key), value: by });
      else known.value += by;
    },
    metric: { ...headOf(name), get: async () => ({ ...headOf(name), values: values() }) } as RegisteredMetric,
  };
}

type Spread = { labels: Labels; counts: number[]; sum: number };

/** @param labelsOf a key's labels, asked for once */
export function createSpread<Key extends string>(name: MeterName, labelsOf: (key: Key) => Labels) {
  const definition = catalogue[name];
  const bounds: readonly number[] = 'buckets' in definition ? definition.buckets : [];
  const spreads = new Map<Key, Spread>();

  function valuesOf({ labels, counts, sum }: Spread): Value[] {
    let cumulative = 0;
    const buckets = [...bounds.map(String), '+Inf'].map((le, index) => {
      cumulative += counts[index] as number;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: cumulative };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: cumulative },
    ];
  }

  return {
    observe(key: Key, value: number): void {
      let spread = spreads.get(key);
      if (spread === undefined) {
        spread = { labels: labelsOf(key), counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
        spreads.set(key, spread);
      }
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
      spread.counts[bucket] = (spread.counts[bucket] as number) + 1;
      spread.sum += value;
    },
    metric: {
      ...headOf(name),
      get: async () => ({ ...headOf(name), values: [...spreads.values()].flatMap(valuesOf) }),
    } as RegisteredMetric,
  };
}
