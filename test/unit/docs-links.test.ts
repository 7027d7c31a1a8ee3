import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packedFiles } from '../../scripts/packed-files.ts';
import { anchorsOf, docsPages, linksOf } from '../support/docs.ts';

const root = path.resolve(import.meta.dirname, '../..');

it.each(docsPages())('contract §2: what %s links to is there', (page) => {
  const broken = linksOf(page).filter(({ target, anchor }) => {
    if (!existsSync(path.join(root, target))) return true;
    return anchor !== null && !anchorsOf(target).includes(anchor);
  });
  expect(broken).toEqual([]);
});

it('contract §2: what a page of the package links to is packed, too', () => {
  const packed = packedFiles();
  const isPacked = (target: string) =>
    packed.some((file) => file === target || file.startsWith(path.join(target, '/')));
  const pages = docsPages().filter((page) => packed.includes(page));
  expect(pages).toContain('README.md');
  const broken = pages.flatMap((page) => linksOf(page).filter(({ target }) => !isPacked(target)));
  expect(broken).toEqual([]);
});
