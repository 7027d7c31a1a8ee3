import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';
import { variableNames } from '../../src/platform/variables.ts';

const read = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../..', name), 'utf8');
const names = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] as string))].sort();

const compose = read('docker-compose.yml');
const example = read('.env.example');
const set = Object.fromEntries([...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

describe('docker-compose.yml and .env.example (contract §2)', () => {
  it('name the same variables', () => {
    expect(names(example, /^#?([A-Z_]+)=/gm)).toEqual(names(compose, /\$\{([A-Z_]+)/g));
  });

  it('set nothing that Errand refuses as unknown', () => {
    const given = names(compose, /^\s+(ERRAND_[A-Z_]+):/gm);
    expect(given.filter((name) => !variableNames.includes(name))).toEqual([]);
  });

  it('have a value for all that must be set, and Errand starts on it', () => {
    const required = names(compose, /\$\{([A-Z_]+):\?/g);
    expect(Object.keys(set).sort()).toEqual(required);
    const { ERRAND_ADMIN_KEY, ERRAND_SECRET_KEYS, POSTGRES_PASSWORD, REDIS_PASSWORD } = set;
    const config = loadConfig(
      {
        DATABASE_URL: `postgres://errand:${POSTGRES_PASSWORD}@postgres:5432/errand`,
        REDIS_URL: `redis://:${REDIS_PASSWORD}@redis:6379`,
        ERRAND_ADMIN_KEY,
        ERRAND_SECRET_KEYS,
      },
      { role: 'api' },
    );
    expect(config.secretKeys).toHaveLength(1);
  });
});
