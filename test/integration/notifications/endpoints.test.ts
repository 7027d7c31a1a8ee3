import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointPatch } from '../../../src/contract/notification.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Endpoint, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { buildNotifications, manager } from '../../support/notifications.ts';

describe('contract §3: notification endpoints', () => {
  let database: TestDatabase;
  let receiver: Endpoint;
  let notifications: ReturnType<typeof buildNotifications>;
  let status: number;

  beforeAll(async () => {
    database = await createDatabase();
    notifications = buildNotifications(database.pool);
    receiver = await startEndpoint((_, response) => void response.writeHead(status).end());
  });
  afterAll(async () => {
    await receiver.close();
    await notifications.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.pool.query('truncate notifications, notification_endpoints, signing_secrets, audit_log');
    status = 204;
  });

  async function happen(key: string): Promise<void> {
    await database.pool.query(`select errand_notify('batch.finished', 'default', 'batch', $1, $1, '{}')`, [key]);
    await notifications.sendAll();
  }

  it('show what was tried last, also where it is older than what was delivered', async () => {
    const { id, lastNotification } = await notifications.endpoint(receiver.url);
    expect(lastNotification).toBeNull();
    status = 503;
    await happen('first');
    status = 204;
    await happen('second');
    expect((await notifications.endpoints.get('*', id)).lastNotification).toMatchObject({
      endpoint: id,
      subject: { type: 'batch', id: 'second' },
      status: 'delivered',
      lastStatus: 204,
    });
    status = 500;
    await database.pool.query('update notifications set due_at = now() where due_at is not null');
    await notifications.sendAll();
    const untold = await notifications.endpoint(receiver.url);
    const { items } = await notifications.endpoints.list('*', { limit: 10 });
    expect(items.map(({ lastNotification: last }) => last)).toMatchObject([
      null,
      { subject: { id: 'first' }, status: 'pending', attempts: 2, lastStatus: 500 },
    ]);
    expect(items[0]?.id).toBe(untold.id);
  });

  it('show nothing of accounts that they are not for any more', async () => {
    const { id } = await notifications.endpoint(receiver.url);
    await happen('of all accounts');
    await notifications.endpoints.update(manager, id, { accounts: ['default'] });
    expect((await notifications.endpoints.get(['default'], id)).lastNotification).toBeNull();
    expect((await notifications.endpoints.get('*', id)).lastNotification).not.toBeNull();
    await happen('of this one');
    expect((await notifications.endpoints.get(['default'], id)).lastNotification).toMatchObject({
      subject: { id: 'of this one' },
    });
  });

  it('are for all accounts where they are told of the audit log', async () => {
    const refused = { kind: 'invalid', errors: [{ path: 'events', message: expect.stringContaining('"*"') }] };
    const events = ['batch.finished', 'audit.broken'] as const;
    const limited = { events: [...events], accounts: ['default'] };
    await expect(notifications.endpoint(receiver.url, limited)).rejects.toMatchObject(refused);
    const { id } = await notifications.endpoint(receiver.url, { events: [...events] });
    const change = (patch: EndpointPatch) => notifications.endpoints.update(manager, id, patch);
    await expect(change({ accounts: ['default'] })).rejects.toMatchObject(refused);
    await change({ accounts: ['default'], events: ['batch.finished'] });
    await expect(change({ events: ['audit.broken'] })).rejects.toMatchObject(refused);
  });

  it('keep their name until it is taken away', async () => {
    const { id } = await notifications.endpoint(receiver.url, { name: 'On call' });
    expect(await notifications.endpoints.update(manager, id, { enabled: false })).toMatchObject({ name: 'On call' });
    expect(await notifications.endpoints.update(manager, id, { name: null })).toMatchObject({
      name: null,
      url: receiver.url,
      enabled: false,
    });
  });
});
