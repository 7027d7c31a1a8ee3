import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

it.each(['README.md', 'docs/console.md'])('contract §3: the pictures of the console in %s are there', (page) => {
  const text = readFileSync(path.join(root, page), 'utf8');
  const pictures = [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file = '']) => file);
  expect(pictures.length).toBeGreaterThan(0);
  const missing = pictures.filter((file) => !existsSync(path.join(root, path.dirname(page), file)));
  expect(missing).toEqual([]);
});
