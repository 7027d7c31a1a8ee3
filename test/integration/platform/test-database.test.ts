import pg from 'pg';
import { expect, it } from 'vitest';
import { createDatabase } from '../../support/database.ts';

it('a test database has the migrations applied, and is its own', async () => {
  const [one, other] = [await createDatabase(), await createDatabase()];
  await one.pool.query('create table mine (number int)');
  expect((await one.pool.query("select to_regclass('invocations') is not null as migrated")).rows).toEqual([
    { migrated: true },
  ]);
  expect((await other.pool.query("select to_regclass('mine') as found")).rows).toEqual([{ found: null }]);
  await one.drop();
  await other.drop();
});

it('a connection that a test forgot makes the drop fail, with its name', async () => {
  const database = await createDatabase();
  const leaked = new pg.Client({ connectionString: database.url, application_name: 'forgotten' });
  leaked.on('error', () => undefined);
  await leaked.connect();
  await leaked.query('select 1');
  await expect(database.drop()).rejects.toThrow(/left connections open: forgotten \(select 1\)/);
  await leaked.end().catch(() => undefined);
});
