import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type ErrandProcess, runErrand, startErrand } from '../support/errand.ts';

let database: TestDatabase;
let api: ErrandProcess;

const adminKey = randomBytes(24).toString('hex');
const env = () => ({
  DATABASE_URL: database.url,
  ERRAND_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  ERRAND_ADMIN_KEY: adminKey,
  PORT: '0',
});

beforeAll(async () => {
  database = await createDatabase({ migrated: false });
  api = startErrand(['api'], env());
});
afterAll(async () => {
  await api?.kill();
  await database?.drop();
});

it('contract §3: an API whose database is not migrated yet asks to come back, and answers once it is', async () => {
  const { url = '' } = await api.event('api.listening');
  const ask = () => fetch(`${url}/v1/integrations`, { headers: { authorization: `Bearer ${adminKey}` } });
  const early = await ask();
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await early.json()).toMatchObject({ detail: expect.stringContaining('"errand migrate"') });
  const migrated = await runErrand(['migrate'], env());
  expect(migrated.code, migrated.stderr).toBe(0);
  const late = await ask();
  expect([late.status, await late.json()]).toEqual([200, { items: [], nextCursor: null }]);
});
