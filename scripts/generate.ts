import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';

/** The files that are made from the code. `--check` fails if one of them is not as it would be made now. */
const generated: Record<string, () => string> = {
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
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
