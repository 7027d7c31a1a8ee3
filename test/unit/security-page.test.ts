import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/security.md'), 'utf8');
const quoted = [...page.matchAll(/`([a-z][\w./-]+)`/g)].map(([, name = '']) => name);

describe('docs/security.md (contract §3, §5, §6)', () => {
  it('names tests and rooms that are there', () => {
    const tests = quoted.filter((name) => /^(?:unit|integration|e2e|fuzz)\//.test(name));
    expect(tests.length).toBeGreaterThan(30);
    expect(tests.filter((name) => !existsSync(path.join(root, 'test', name)))).toEqual([]);
    const sources = quoted.filter((name) => name.startsWith('src/'));
    expect(sources.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });

  it('has something that shows it for each threat', () => {
    const [, threats = ''] = /^## Threats\n([\s\S]*?)^## /m.exec(page) ?? [];
    const rows = threats
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| who ') && !line.startsWith('| ---'));
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter((row) => !/`[\w./-]+\.ts`/.test(row.split(' | ').at(-1) ?? ''))).toEqual([]);
  });
});
