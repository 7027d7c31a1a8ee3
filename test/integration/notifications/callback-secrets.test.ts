import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../../src/audit/entry.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';
import { buildNotifications, manager } from '../../support/notifications.ts';

describe('contract §1: what the callbacks of an account are signed with', () => {
  let database: TestDatabase;
  let notifications: ReturnType<typeof buildNotifications>;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query('truncate integrations, api_keys, signing_secrets, audit_log cascade');
    notifications = buildNotifications(database.pool);
    await insertIntegration(database.pool, 'acme', 'northwind');
  });
  afterEach(() => notifications.close());

  const key = (accounts: string[], revokedAt: Date | null = null) =>
    database.pool.query('insert into api_keys (id, role, accounts, hash, revoked_at) values ($1, $2, $3, $4, $5)', [
      uuidv7(),
      'producer',
      accounts,
      randomBytes(32),
      revokedAt,
    ]);
  const secretOf = (account: string) => notifications.callbackSecret(account);
  const made = async () => (await database.pool.query('select owner from signing_secrets order by owner')).rows;

  it.each([
    ['default', async () => undefined],
    ['northwind', async () => undefined],
    ["a key's", () => key(["a key's", 'another'])],
  ])('is there for %s', async (account, before) => {
    await before();
    const secret = await secretOf(account);
    expect(secret).toMatch(/^whsec_/);
    expect(await secretOf(account)).toBe(secret);
    expect((await notifications.callbackSecrets.rotate(manager, account)).secret).not.toBe(secret);
  });

  it('stays when nothing names the account any more', async () => {
    const secret = await secretOf('northwind');
    await database.pool.query('update integrations set deleted_at = now()');
    expect(await secretOf('northwind')).toBe(secret);
  });

  it.each([
    ['northwnd', 'There is no account "northwnd". Did you mean "northwind"?'],
    ['NORTHWIND', 'There is no account "NORTHWIND". Did you mean "northwind"?'],
    ['somebody', 'There is no account "somebody". Known are "default", "northwind".'],
    ['*', 'There is no account "*". Known are "default", "northwind".'],
  ])('is not made for %s, which nothing names', async (account, message) => {
    await key(['*']);
    await key(['somebody'], new Date());
    const refusal = { kind: 'not-found', message };
    await expect(secretOf(account)).rejects.toMatchObject(refusal);
    await expect(notifications.callbackSecrets.rotate(manager, account)).rejects.toMatchObject(refusal);
    expect(await made()).toEqual([]);
  });

  it("tells a key for some accounts nothing of the others' names", async () => {
    await key(['south']);
    const ofSouth = { actor: system, accounts: ['south'] };
    const refusal = { kind: 'not-found', message: 'There is no account "northwind". Known are "south".' };
    await expect(notifications.callbackSecrets.read(ofSouth, 'northwind')).rejects.toMatchObject(refusal);
    expect((await notifications.callbackSecrets.read(ofSouth, 'south')).account).toBe('south');
  });
});
