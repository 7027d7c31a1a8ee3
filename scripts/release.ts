import { readFileSync, writeFileSync } from 'node:fs';
import { NotReleasable, released } from './changelog.ts';

const file = new URL('../CHANGELOG.md', import.meta.url);
const manifest = new URL('../package.json', import.meta.url);

/**
 * The scripts of `npm version`: before it (`--check`), where the version is not known yet, only if there is something to
 * release; within it, moves what is unreleased under the version that npm has written by then.
 */
try {
  const check = process.argv.includes('--check');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const text = released(
    readFileSync(file, 'utf8'),
    check ? 'the next one' : version,
    new Date().toISOString().slice(0, 10),
  );
  if (!check) writeFileSync(file, text);
} catch (error) {
  if (!(error instanceof NotReleasable)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
