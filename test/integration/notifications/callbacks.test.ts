import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCallbackOf } from '../../../src/app/notifications.ts';
import { retryDelaysMs } from '../../../src/notifications/settle.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Endpoint, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { buildNotifications, manager } from '../../support/notifications.ts';

describe.each(['invocation', 'batch'] as const)('contract §3: what became of the callback of a kept %s', (type) => {
  let database: TestDatabase;
  let receiver: Endpoint;
  let status: number;
  let notifications: ReturnType<typeof buildNotifications>;

  beforeAll(async () => {
    database = await createDatabase();
    receiver = await startEndpoint((_, response) => void response.writeHead(status).end());
  });
  afterAll(async () => {
    await receiver.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.pool.query('truncate notifications, notification_endpoints, signing_secrets');
    status = 204;
    notifications = buildNotifications(database.pool);
  });
  afterEach(() => notifications.close());

  const id = uuidv7();
  const callBack = (url = receiver.url) =>
    database.pool.query(`select errand_call_back($1, 'default', $2, $3, $4, '{}')`, [
      `${type}.finished`,
      type,
      id,
      url,
    ]);
  const dueNow = () => database.pool.query('update notifications set due_at = now() where due_at is not null');
  const shown = (callbackUrl: string | null = receiver.url, finishedAt: Date | null = new Date()) =>
    openCallbackOf(database.pool)({ type, id, callbackUrl, finishedAt });

  it('is nothing where nobody wants to be told', async () => {
    await callBack();
    expect(await shown(null)).toBeNull();
  });

  it('waits for the end, also for another one after that', async () => {
    const waiting = { status: 'waiting', notification: null, attempts: 0, lastStatus: null, endedAt: null };
    expect(await shown(receiver.url, null)).toMatchObject(waiting);
    await callBack();
    await notifications.sendAll();
    expect(await shown(receiver.url, null)).toMatchObject(waiting);
  });

  it('is pending until it is taken, with the last answer', async () => {
    await callBack();
    expect(await shown()).toMatchObject({ status: 'pending', attempts: 0, lastError: null });
    status = 503;
    await notifications.sendAll();
    const failed = await shown();
    expect(failed).toMatchObject({ status: 'pending', attempts: 1, lastStatus: 503, endedAt: null });
    expect(failed?.lastError).toEqual({
      code: 'unexpected-status',
      message: 'The receiver answered 503 Service Unavailable.',
    });
    expect(failed?.nextAttemptAt).not.toBeNull();
    status = 204;
    await dueNow();
    await notifications.sendAll();
    const [message] = await notifications.list();
    expect(await shown()).toEqual({
      url: `${receiver.url}/`,
      status: 'delivered',
      notification: message?.id,
      attempts: 2,
      lastAttemptAt: message?.lastAttemptAt,
      lastStatus: 204,
      lastError: null,
      nextAttemptAt: null,
      endedAt: message?.endedAt,
    });
  });

  it('has failed when no try is left, until a person sends it again', async () => {
    await callBack();
    status = 500;
    for (const _ of [0, ...retryDelaysMs]) {
      await dueNow();
      await notifications.sendAll();
    }
    const failed = await shown();
    expect(failed).toMatchObject({ status: 'failed', attempts: 1 + retryDelaysMs.length, lastStatus: 500 });
    status = 204;
    await notifications.messages.retry(manager, failed?.notification ?? '');
    await notifications.sendAll();
    expect(await shown()).toMatchObject({ status: 'delivered', notification: failed?.notification });
  });

  it('is that of its newest end', async () => {
    await callBack();
    await notifications.sendAll();
    status = 500;
    await callBack();
    await notifications.sendAll();
    expect(await shown()).toMatchObject({ status: 'pending', attempts: 1, lastStatus: 500 });
  });

  it('is not known once the message is past its retention, nor by what an endpoint was told', async () => {
    await notifications.endpoint(receiver.url, { events: ['batch.finished'] });
    await database.pool.query(`select errand_notify('batch.finished', 'default', $1, $2, $2, '{}')`, [type, id]);
    expect(await shown()).toMatchObject({ status: null, notification: null, attempts: 0 });
  });

  it('shows its address, what is in its query masked, since others read what it was given for', async () => {
    const url = 'https://billing.example.com/errand?key=s3cr3t&of=acme';
    expect(await shown(url, null)).toMatchObject({ url: 'https://billing.example.com/errand?key=***&of=***' });
  });

  it('shows it so among all messages, too, and is told with what is in it', async () => {
    await callBack(`${receiver.url}/errand?key=s3cr3t`);
    await notifications.sendAll();
    expect(receiver.requests.at(-1)?.url).toBe('/errand?key=s3cr3t');
    const masked = `${receiver.url}/errand?key=***`;
    const [message] = await notifications.list();
    expect(message?.url).toBe(masked);
    expect((await notifications.messages.retry(manager, message?.id ?? '')).url).toBe(masked);
    await notifications.sendAll();
    expect(receiver.requests.at(-1)?.url).toBe('/errand?key=s3cr3t');
  });
});
