import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** Pages, and what they link to: nothing that is read in an installed package leads nowhere. */
const pages = ['*.md', 'bench/README.md', '{docs,deploy,examples}/**/*.md'];
const linked = ['docs/errand.schema.json', '{deploy,examples}/**/*'];
/** The snapshots of migrations are of use to who writes the next one only. */
const migrations = ['drizzle/*.sql', 'drizzle/meta/_journal.json'];

/** The files of the repository that are published as they are, beside what is compiled: by their paths from the root. */
export function packedFiles(): string[] {
  const files = (patterns: string[]) =>
    globSync(patterns, { cwd: root, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  const text = files(pages).map((page) => readFileSync(path.join(root, page), 'utf8'));
  const shown = files(['docs/screenshots/*.png']).filter((file) =>
    text.some((each) => each.includes(path.basename(file))),
  );
  return [...new Set([...files(['LICENSE', ...pages, ...linked, ...migrations]), ...shown])].sort();
}
