import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { anchorsOf, docsPages, linksOf } from '../support/docs.ts';

const root = path.resolve(import.meta.dirname, '../..');

it.each(docsPages())('contract §2: what %s links to is there', (page) => {
  const broken = linksOf(page).filter(({ target, anchor }) => {
    if (!existsSync(path.join(root, target))) return true;
    return anchor !== null && !anchorsOf(target).includes(anchor);
  });
  expect(broken).toEqual([]);
});
