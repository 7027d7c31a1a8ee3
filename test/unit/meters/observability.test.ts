import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricsPage } from '../../../scripts/metrics-page.ts';
import { catalogue, meterNames } from '../../../src/meters/catalogue.ts';
import { createMeters } from '../../../src/meters/meters.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

type Rule = { alert: string; expr: string; annotations: { summary: string; runbook: string } };
type Panel = { title: string; targets: { expr: string }[] };
const { groups }: { groups: { rules: Rule[] }[] } = parse(read('deploy/observability/alerts.yaml'));
const rules = groups.flatMap((group) => group.rules);
const { panels }: { panels: Panel[] } = JSON.parse(read('deploy/observability/dashboard.json'));

const expressions = [
  ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ of: title, expr }))),
  // Grafana puts a time in for its variable.
].map(({ of, expr }) => ({ of, expr: expr.replaceAll('$__rate_interval', '5m') }));

/** The meters that an expression names, and whether it is one at all. */
function readExpression(expr: string): { names: string[]; labels: string[]; wrong: boolean } {
  const read = { names: [] as string[], labels: [] as string[], wrong: false };
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) read.wrong = true;
      if (type.name === 'VectorSelector') read.names.push(/^[a-zA-Z_:]\w*/.exec(expr.slice(from, to))?.[0] ?? '');
      if (type.name === 'LabelName') read.labels.push(expr.slice(from, to));
    },
  });
  return read;
}

/** What GitHub makes of a heading. */
const anchors = [...read('docs/operating.md').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-'),
);

describe('deploy/observability (contract §3)', () => {
  it.each(expressions)('$of: $expr', async ({ expr }) => {
    const text = await createMeters('p', ['worker', 'api', 'process', 'database']).text();
    const known = new Set(
      [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = '', kind]) =>
        kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const { names, labels, wrong } = readExpression(expr);
    expect(wrong).toBe(false);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    const definitions = meterNames.filter((name) => names.some((each) => each.startsWith(name)));
    const offered = new Set([
      'process',
      'instance',
      'le',
      ...definitions.flatMap((name) => [...catalogue[name].labels]),
    ]);
    expect(labels.filter((label) => !offered.has(label))).toEqual([]);
  });

  it('finds what is wrong with an expression', () => {
    expect(readExpression('sum(rate(errand_attempts_total[5m])').wrong).toBe(true);
    expect(readExpression('sum by (nothing) (errand_nothing)')).toMatchObject({
      names: ['errand_nothing'],
      labels: ['nothing'],
    });
  });

  it.each(rules)('$alert has a paragraph in docs/operating.md', ({ alert, annotations }) => {
    const [page, anchor = ''] = annotations.runbook.split('#');
    expect(page).toBe('docs/operating.md');
    expect(anchor).toBe(alert.toLowerCase());
    expect(anchors).toContain(anchor);
  });

  it('has an example of how to scrape, with these alerts', () => {
    expect(parse(read('deploy/observability/prometheus.yml')).rule_files).toEqual(['alerts.yaml']);
  });

  it('is about meters that docs/metrics.md describes (npm run generate)', () => {
    expect(read('docs/metrics.md')).toBe(metricsPage());
  });
});
