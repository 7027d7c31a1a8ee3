import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Core } from '../../../src/app/core.ts';
import { readinessOf } from '../../../src/app/readiness.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database?.drop());

it('contract §3: /readyz waits for a migration, and stays ready while a newer version is rolled out', async () => {
  const { pool } = database;
  const look = readinessOf({ pool } as Core).database;
  expect(await look?.()).toBeNull();
  const newest = 'select max(created_at) from drizzle.__drizzle_migrations';
  await pool.query(`insert into drizzle.__drizzle_migrations (hash, created_at) select 'newer', (${newest}) + 1`);
  expect(await look?.()).toBeNull();
  await pool.query(`delete from drizzle.__drizzle_migrations where created_at >= (${newest}) - 1`);
  expect(await look?.()).toMatch(/has not been migrated to this version/);
});
