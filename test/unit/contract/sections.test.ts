import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const files = globSync('{unit,integration,conformance,e2e}/**/*.test.ts', { cwd: root });
const titles = files.map((file) => ({
  file,
  sections: new Set(
    [...readFileSync(path.join(root, file), 'utf8').matchAll(/contract ((?:§\d(?:, )?)+)/g)].flatMap(([, named = '']) =>
      named.split(', '),
    ),
  ),
}));

/** What the contract does not speak of: how Errand is built, and what the tests stand on. */
const ofOurOwn = [
  'integration/platform/pg.test.ts',
  'integration/platform/test-database.test.ts',
  'unit/contract/sections.test.ts',
  'unit/integrations/configurations.test.ts',
  'unit/lanes/doorbell.test.ts',
  'unit/lanes/outage-log.test.ts',
  'unit/layering.test.ts',
  'unit/platform/gather.test.ts',
  'unit/platform/pg-errors.test.ts',
  'unit/platform/redact-url.test.ts',
  'unit/scripts/changelog.test.ts',
];

describe('the tests of the contract', () => {
  it('say which section of the contract they hold, all but those of our own', () => {
    const silent = titles.filter(({ sections }) => sections.size === 0).map(({ file }) => file);
    expect(silent.sort()).toEqual(ofOurOwn);
  });

  it.each(['§2', '§3', '§4', '§5', '§6', '§7'])('hold contract %s', (section) => {
    expect(titles.filter(({ sections }) => sections.has(section)).length).toBeGreaterThan(2);
  });
});
