import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = path.resolve(import.meta.dirname, '../../../drizzle');
/** The last one of the first release: nobody runs what came before it. */
const firstRelease = '0008';

/**
 * What the program of the version before would fail on, while it still runs (docs/upgrading.md). It takes two releases: one
 * that does without, one that removes.
 */
const breaking = [
  /\bdrop\s+(?:table|column|function|type|view|sequence)\b/i,
  /\brename\b/i,
  /\bset\s+not\s+null\b/i,
  /\b(?:set\s+data\s+)?type\s+\w+\s+using\b/i,
  /\bset\s+data\s+type\b/i,
  /\badd\s+column\b(?![^;]*\bdefault\b)[^;]*\bnot\s+null\b/i,
];

/** By the file's name: why nothing that runs then can fail on it. */
const harmless: Readonly<Record<string, string>> = {};

const breaksRunning = (sql: string): string[] =>
  sql
    // What a function does is its own; that it is dropped is not.
    .replaceAll(/\$\$[\s\S]*?\$\$/g, '')
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .filter((statement) => breaking.some((pattern) => pattern.test(statement)))
    .map((statement) => statement.trim());

describe('migrations (contract §7)', () => {
  const files = globSync('*.sql', { cwd: folder }).filter((file) => file.slice(0, 4) > firstRelease);

  it('let the version before go on while they are applied, and after', () => {
    const found = files
      .filter((file) => harmless[file] === undefined)
      .flatMap((file) => breaksRunning(readFileSync(path.join(folder, file), 'utf8')).map((sql) => `${file}: ${sql}`));
    expect(found).toEqual([]);
  });

  it.each([
    'DROP TABLE "x"',
    'ALTER TABLE "x" DROP COLUMN "y"',
    'ALTER TABLE "x" RENAME COLUMN "y" TO "z"',
    'ALTER TABLE "x" ALTER COLUMN "y" SET NOT NULL',
    'ALTER TABLE "x" ALTER COLUMN "y" SET DATA TYPE bigint',
    'ALTER TABLE "x" ADD COLUMN "y" text NOT NULL',
  ])('are found out: %s', (sql) => {
    expect(breaksRunning(`CREATE TABLE "a" ("b" text NOT NULL);--> statement-breakpoint\n${sql};`)).toHaveLength(1);
  });

  it.each([
    'ALTER TABLE "x" ADD COLUMN "y" text DEFAULT 1 NOT NULL',
    'CREATE TABLE "x" ("y" text NOT NULL)',
    'DROP INDEX "x"',
    'CREATE FUNCTION f() AS $$ BEGIN DROP TABLE x; END $$',
  ])('may do this: %s', (sql) => {
    expect(breaksRunning(`${sql};`)).toEqual([]);
  });
});
