import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { configurationPage } from '../../../scripts/configuration-page.ts';

it('contract §2: docs/configuration.md is what the schema of the variables says (npm run generate)', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
  expect(page).toBe(configurationPage());
});
