import { maxIntegrations } from '../src/meters/attempts.ts';
import { catalogue, type MeterDefinition, type MeterOf } from '../src/meters/catalogue.ts';
import { markdownTable } from './markdown-table.ts';

const titles: Record<MeterOf, string> = {
  worker: 'What workers do',
  api: 'The HTTP API',
  process: 'Every process',
  database: 'What waits',
};

function tableOf(of: MeterOf): string {
  const definitions: [string, MeterDefinition][] = Object.entries(catalogue);
  const rows = definitions
    .filter(([, definition]) => definition.of === of)
    .map(([name, { kind, labels, help }]) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
  return `## ${titles[of]}\n\n${markdownTable(['meter', 'kind', 'labels', 'meaning'], rows)}`;
}

/** docs/metrics.md, from the catalogue of the meters. */
export function metricsPage(): string {
  return `# Metrics

<!-- Generated from src/meters/catalogue.ts by \`npm run generate\`. -->

\`GET /metrics\` has them in Prometheus' text format, for keys with the role operator or admin for \`"*"\`, or for everybody with
\`ERRAND_METRICS_PUBLIC=1\`. Every series has the label \`process\`: \`api\`, \`worker-interactive\`, \`worker-batch\`, or \`worker\` where one
process works both lanes.

- \`errand up\`: one scrape of its API has its workers' meters, too.
- \`errand worker\`: set \`ERRAND_METRICS_PORT\` (and \`ERRAND_METRICS_HOST\`, which the image does), and scrape each worker there.

[prometheus.yml](../deploy/observability/prometheus.yml) scrapes either; beside it are
[alerts](../deploy/observability/alerts.yaml), explained in [operating.md](operating.md#alerts), and a
[dashboard](../deploy/observability/dashboard.json) for Grafana. Node.js' own meters (\`process_…\`, \`nodejs_…\`, event loop lag among
them) come along. A series with labels is there from the first time that it has something to tell.

${tableOf('worker')}

A process names the first ${maxIntegrations} integrations that it meets; what comes later is counted together as \`other\`. For one
integration's figures without that bound ask \`GET /v1/statistics\`.

${tableOf('process')}

${tableOf('api')}

${tableOf('database')}

These are the same from every API, and are read at most once in ten seconds, however many scrape: use \`max\`, not \`sum\`.
`;
}
