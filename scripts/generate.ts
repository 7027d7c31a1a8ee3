import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationSchema } from '../src/cli/as-code/schema.ts';
import { cliOptions } from './cli-options.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { filled } from './fill.ts';
import { metricsPage } from './metrics-page.ts';
import { policyTable } from './policy-table.ts';
import { tokenTables } from './token-tables.ts';

const docs = (page: string) => new URL(`../docs/${page}`, import.meta.url);

/** The files that are made from the code, wholly or in part. `--check` fails if one is not as it would be made now. */
const generated: Record<string, () => string> = {
  'docs/configuration.md': configurationPage,
  'docs/errand.schema.json': configurationSchema,
  'docs/errors.md': errorsPage,
  'docs/metrics.md': metricsPage,
  'docs/cli.md': () => filled(docs('cli.md'), cliOptions),
  'docs/api.md': () => filled(docs('api.md'), policyTable),
  'docs/tokens.md': () => filled(docs('tokens.md'), tokenTables),
};

const check = process.argv.includes('--check');
const stale = Object.entries(generated).filter(([file, make]) => {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const wanted = make();
  if (check) return !existsSync(path) || readFileSync(path, 'utf8') !== wanted;
  writeFileSync(path, wanted);
  return false;
});
if (stale.length > 0) {
  process.stderr.write(`Not up to date: ${stale.map(([file]) => file).join(', ')}. Run "npm run generate".\n`);
  process.exitCode = 1;
}
