import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The one direction of dependency (docs/architecture.md): what each room may import besides itself. Rooms of one row
 * stand side by side; adapters never import each other.
 */
const domain = [
  'integrations',
  'invocations',
  'batches',
  'schedules',
  'statistics',
  'audit',
  'access',
  'notifications',
];
const adapters = ['sending', 'lanes', 'recording', 'store', 'api', 'meters'];
const pure = ['contract', 'tokens', 'judging'];

const allowed: Record<string, readonly string[]> = {
  contract: [],
  tokens: ['contract'],
  judging: ['contract'],
  platform: ['contract'],
  client: ['contract'],
  console: ['contract', 'client'],
  ...Object.fromEntries(domain.map((room) => [room, [...pure, ...domain]])),
  store: [...pure, ...domain, 'platform'],
  meters: [...pure, ...domain],
  ...Object.fromEntries(
    ['sending', 'lanes', 'recording', 'api'].map((room) => [room, [...pure, ...domain, 'platform', 'store']]),
  ),
  app: [...pure, ...domain, ...adapters, 'platform', 'client'],
  cli: [...pure, ...domain, ...adapters, 'platform', 'client', 'app'],
};

const source = path.resolve(import.meta.dirname, '../../src');

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(source, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    path.relative(source, path.resolve(source, path.dirname(file), match[1] as string)),
  );
}

describe('layering', () => {
  const files = globSync('**/*.{ts,tsx}', { cwd: source });

  it('knows every room', () => {
    const rooms = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0] as string));
    expect([...rooms].filter((room) => !(room in allowed))).toEqual([]);
  });

  it('lets dependencies point one way only', () => {
    const wrong = files.flatMap((file) => {
      const room = file.split('/')[0] as string;
      if (!file.includes('/')) return [];
      return importsOf(file)
        .filter((target) => !target.startsWith('..'))
        .filter((target) => {
          const other = target.split('/')[0] as string;
          return other !== room && !allowed[room]?.includes(other);
        })
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('reads the environment in platform/config alone', () => {
    const readers = files.filter(
      (file) => file !== 'platform/config.ts' && readFileSync(path.join(source, file), 'utf8').includes('process.env'),
    );
    expect(readers).toEqual([]);
  });
});
