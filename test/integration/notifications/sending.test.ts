import type { ServerResponse } from 'node:http';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inFlightAtOnce } from '../../../src/notifications/dispatch.ts';
import { retryDelaysMs } from '../../../src/notifications/settle.ts';
import { claimNotifications, recordTries } from '../../../src/store/notifications.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { buildNotifications, manager, verified } from '../../support/notifications.ts';

type Answer = (request: LoggedRequest, response: ServerResponse) => void;
const taken: Answer = (_, response) => void response.writeHead(204).end();
const refused =
  (status: number, headers = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end('no');

describe('contract §6, §7: sending notifications and callbacks', () => {
  let database: TestDatabase;
  let receiver: Endpoint;
  let answer: Answer;
  let notifications: ReturnType<typeof buildNotifications>;

  beforeAll(async () => {
    database = await createDatabase();
    receiver = await startEndpoint((request, response) => answer(request, response));
  });
  afterAll(async () => {
    await receiver.close();
    await database.drop();
  });
  beforeEach(async () => {
    await rows('truncate notifications, notification_endpoints, signing_secrets, audit_log');
    receiver.requests.length = 0;
    answer = taken;
    notifications = buildNotifications(database.pool);
  });
  afterEach(() => notifications.close());

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const callBack = (url: string, subject: string = uuidv7()) =>
    rows(
      `select errand_call_back('invocation.finished', 'default', 'invocation', $1, $2, json_build_object('id', $1::text))`,
      [subject, url],
    );
  const happen = (key: string) =>
    rows(`select errand_notify('batch.finished', 'default', 'batch', $1, $1, '{"big": 12345678901234567890.10}')`, [
      key,
    ]);
  const dueNow = () => rows('update notifications set due_at = now() where due_at is not null');
  const actions = async () => (await rows('select action from audit_log order by seq')).map(({ action }) => action);

  it('are signed as Standard Webhooks says, so that its library takes them', async () => {
    const { secret } = await notifications.endpoint(`${receiver.url}/hook?x=1`);
    await happen('b1');
    await notifications.sendAll();
    const [request, ...others] = receiver.requests;
    if (request === undefined) throw new Error('nothing came');
    expect(others).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', url: '/hook?x=1' });
    expect(request.header('content-type')).toBe('application/json');
    expect(request.header('user-agent')).toBe('errand/test');
    const body = verified(request, secret);
    expect(body).toMatchObject({ type: 'batch.finished', timestamp: expect.stringMatching(/Z$/) });
    expect(request.body.toString()).toContain('12345678901234567890.10');
    expect(() => verified(request, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow(/No matching signature/);
    const [sent] = await notifications.list();
    expect(sent).toMatchObject({ id: request.header('webhook-id'), status: 'delivered', attempts: 1, lastStatus: 204 });
    expect(sent?.nextAttemptAt).toBeNull();
  });

  it('link to the console where it is known', async () => {
    const linking = buildNotifications(database.pool, { publicUrl: 'https://errand.example.com/' });
    await callBack(receiver.url, 'an-id');
    await linking.sendAll();
    await linking.close();
    expect(JSON.parse(String(receiver.requests[0]?.body)).link).toBe('https://errand.example.com/invocations/an-id');
  });

  it("callbacks are signed with their account's secret, which is made when it is first used", async () => {
    await callBack(receiver.url);
    await notifications.sendAll();
    const secret = await notifications.callbackSecret();
    expect(verified(receiver.requests[0] as LoggedRequest, secret).type).toBe('invocation.finished');
  });

  it('are signed with both secrets for a day after one was replaced', async () => {
    const { id, secret } = await notifications.endpoint(receiver.url);
    const rotated = await notifications.endpoints.rotateSecret(manager, id);
    await happen('b1');
    await notifications.sendAll();
    for (const each of [secret, rotated.secret]) verified(receiver.requests[0] as LoggedRequest, each);
    await rows(`update signing_secrets set previous_until = now() - interval '1 second'`);
    await happen('b2');
    await notifications.sendAll();
    verified(receiver.requests[1] as LoggedRequest, rotated.secret);
    expect(() => verified(receiver.requests[1] as LoggedRequest, secret)).toThrow(/No matching signature/);
  });

  it('are tried again by their clock, with the same id and body, until they are taken', async () => {
    answer = refused(500);
    const { secret } = await notifications.endpoint(receiver.url);
    await happen('b1');
    await notifications.sendAll();
    const [waiting] = await notifications.list();
    expect(waiting).toMatchObject({ status: 'pending', attempts: 1, lastStatus: 500 });
    expect(waiting?.lastError).toMatchObject({ code: 'unexpected-status', message: expect.stringContaining('500') });
    const inMs = Date.parse(waiting?.nextAttemptAt ?? '') - Date.parse(waiting?.lastAttemptAt ?? '');
    expect(inMs).toBeGreaterThan(2_000);
    expect(inMs).toBeLessThan(8_000);
    answer = taken;
    await dueNow();
    await notifications.sendAll();
    const [first, second] = receiver.requests;
    expect(second?.header('webhook-id')).toBe(first?.header('webhook-id'));
    expect(second?.body).toEqual(first?.body);
    verified(second as LoggedRequest, secret);
    expect(await notifications.list()).toMatchObject([{ status: 'delivered', attempts: 2, lastError: null }]);
  });

  it('fail after the last try, and begin anew when a person retries', async () => {
    answer = refused(503);
    await callBack(receiver.url);
    for (let tries = 0; tries <= retryDelaysMs.length; tries += 1) {
      await notifications.sendAll();
      await dueNow();
    }
    const [failed] = await notifications.list({ status: 'failed' });
    expect(failed).toMatchObject({ attempts: retryDelaysMs.length + 1, nextAttemptAt: null });
    answer = taken;
    await notifications.messages.retry(manager, failed?.id ?? '');
    await notifications.sendAll();
    expect(await notifications.list()).toMatchObject([{ status: 'delivered', attempts: retryDelaysMs.length + 2 }]);
    expect(await actions()).toEqual(['notification.retried']);
  });

  it('wait as long as the receiver asks', async () => {
    answer = refused(429, { 'retry-after': '600' });
    await callBack(receiver.url);
    await notifications.sendAll();
    const [waiting] = await notifications.list();
    expect(Date.parse(waiting?.nextAttemptAt ?? '') - Date.now()).toBeGreaterThan(595_000);
  });

  it('to an endpoint that answers 410 are the last ones: it is disabled, in the audit log too', async () => {
    answer = refused(410);
    const { id } = await notifications.endpoint(receiver.url);
    await happen('b1');
    await notifications.dispatch.pass();
    await happen('b2');
    await notifications.dispatch.idle();
    await notifications.sendAll();
    expect(receiver.requests).toHaveLength(1);
    expect((await notifications.list()).map(({ status, lastError }) => [status, lastError?.code])).toEqual([
      ['failed', 'cancelled'],
      ['failed', 'unexpected-status'],
    ]);
    expect(await notifications.endpoints.get('*', id)).toMatchObject({
      enabled: false,
      disabledReason: expect.stringContaining('410'),
    });
    expect(await actions()).toEqual(['notification-endpoint.created', 'notification-endpoint.disabled']);
    await happen('b3');
    expect(await notifications.list()).toHaveLength(2);
    await expect(notifications.messages.retry(manager, (await notifications.list())[0]?.id ?? '')).rejects.toThrow(
      /disabled/,
    );
    await notifications.endpoints.update(manager, id, { enabled: true });
    expect(await notifications.endpoints.get('*', id)).toMatchObject({ enabled: true, disabledReason: null });
  });

  it('to an endpoint that has taken nothing for days end with its being disabled', async () => {
    answer = refused(500);
    const { id } = await notifications.endpoint(receiver.url);
    await happen('b1');
    await notifications.sendAll();
    await rows(`update notification_endpoints set failing_since = now() - interval '6 days'`);
    await rows('update notifications set tried = $1, due_at = now()', [retryDelaysMs.length]);
    await notifications.sendAll();
    expect(await notifications.endpoints.get('*', id)).toMatchObject({ enabled: false });
  });

  it('know since when an endpoint fails, until one is taken', async () => {
    answer = refused(500);
    const { id } = await notifications.endpoint(receiver.url);
    await happen('b1');
    await notifications.sendAll();
    expect((await notifications.endpoints.get('*', id)).failingSince).not.toBeNull();
    answer = taken;
    await dueNow();
    await notifications.sendAll();
    expect((await notifications.endpoints.get('*', id)).failingSince).toBeNull();
  });

  it('to a dead endpoint hold up no other', async () => {
    const held: ServerResponse[] = [];
    answer = (_, response) => void held.push(response);
    const live = await startEndpoint((_, response) => void response.writeHead(200).end());
    try {
      for (let index = 0; index < 100; index += 1) await callBack(`${receiver.url}/dead/${index}`);
      await callBack(`${live.url}/live`);
      await notifications.dispatch.pass();
      await notifications.dispatch.freed(5_000);
      expect(live.requests).toHaveLength(1);
      expect(await notifications.dispatch.pass()).toBe(0);
      await expect.poll(() => held.length).toBe(inFlightAtOnce.perTarget);
      answer = taken;
      for (const response of held) response.writeHead(200).end();
      await notifications.dispatch.idle();
      await notifications.sendAll();
      expect(receiver.requests).toHaveLength(100);
      expect(await notifications.list({ status: 'pending' })).toEqual([]);
    } finally {
      await live.close();
    }
  });

  it('are not sent where the egress rules forbid it, and say why', async () => {
    const strict = buildNotifications(database.pool, { allow: '' });
    await callBack(receiver.url);
    await strict.sendAll();
    await strict.close();
    expect(receiver.requests).toEqual([]);
    const [blocked] = await notifications.list();
    expect(blocked).toMatchObject({ status: 'pending', lastStatus: null, lastError: { code: 'egress-blocked' } });
    expect(blocked?.lastError?.message).toContain('127.0.0.1');
  });

  it('have no endpoint where nothing can be sent', async () => {
    const refused = {
      kind: 'invalid',
      errors: [{ path: 'url', message: expect.stringMatching(/^leads where nothing is sent: .*169\.254\.169\.254/) }],
    };
    const metadata = 'http://0xa9fea9fe/latest';
    await expect(notifications.endpoint(metadata)).rejects.toMatchObject(refused);
    const endpoint = await notifications.endpoint(receiver.url);
    const changed = notifications.endpoints.update(manager, endpoint.id, { url: metadata });
    await expect(changed).rejects.toMatchObject(refused);
    expect((await notifications.endpoints.list('*', { limit: 10 })).items).toMatchObject([{ url: receiver.url }]);
  });

  it('follow no redirect, and take any 2xx, however large', async () => {
    answer = refused(308, { location: 'http://127.0.0.1:1/' });
    await callBack(receiver.url);
    await notifications.sendAll();
    expect(await notifications.list()).toMatchObject([{ status: 'pending', lastStatus: 308 }]);
    answer = (_, response) => void response.writeHead(200).end(Buffer.alloc(200_000));
    await dueNow();
    await notifications.sendAll();
    expect(await notifications.list()).toMatchObject([{ status: 'delivered', lastStatus: 200 }]);
  });

  it('of a process that was killed are sent again by another, whose record counts', async () => {
    await callBack(receiver.url);
    const take = () => claimNotifications(database.pool, { limit: 10, perTarget: 10, busy: new Map() });
    const [lost] = await take();
    if (lost === undefined) throw new Error('nothing was claimed');
    expect(await take()).toEqual([]);
    await dueNow();
    await notifications.sendAll();
    expect(receiver.requests[0]?.header('webhook-id')).toBe(lost.id);
    const delivery = { status: 500, error: { code: 'timeout', message: 'late' } as const, retryAfterMs: undefined };
    const late = { ...delivery, gone: false, durationMs: 1 };
    await recordTries(database.pool, [{ notification: lost, delivery: late, next: { status: 'failed' } }]);
    expect(await notifications.list()).toMatchObject([{ status: 'delivered', attempts: 2, lastStatus: 204 }]);
  });

  it('are shared by several processes, each sent once', async () => {
    const keys = [{ id: 'k1', key: Buffer.alloc(32, 7) }];
    const [one, other] = [buildNotifications(database.pool, { keys }), buildNotifications(database.pool, { keys })];
    for (let index = 0; index < 60; index += 1) await callBack(`${receiver.url}/${index}`);
    await Promise.all([one.sendAll(), other.sendAll()]);
    await Promise.all([one.close(), other.close()]);
    expect(new Set(receiver.requests.map((request) => request.header('webhook-id'))).size).toBe(60);
    expect(await notifications.list({ status: 'pending' })).toEqual([]);
  });

  it('that are a test are sent at once, once, and answered with what came back', async () => {
    const { id, secret } = await notifications.endpoint(receiver.url, { name: 'Ops', enabled: false });
    expect(await notifications.endpoints.test(manager, id)).toMatchObject({
      delivered: true,
      status: 204,
      error: null,
    });
    expect(verified(receiver.requests[0] as LoggedRequest, secret)).toMatchObject({
      type: 'notification.test',
      data: { endpoint: id, name: 'Ops' },
    });
    answer = refused(410);
    expect(await notifications.endpoints.test(manager, id)).toMatchObject({
      delivered: false,
      status: 410,
      error: { code: 'unexpected-status' },
    });
    expect((await notifications.list()).map(({ status }) => status)).toEqual(['failed', 'delivered']);
  });

  it('of an endpoint that is deleted are not sent, nor is its secret kept', async () => {
    const { id } = await notifications.endpoint(receiver.url);
    await happen('b1');
    await notifications.endpoints.remove(manager, id);
    await notifications.sendAll();
    expect(receiver.requests).toEqual([]);
    expect(await notifications.list()).toMatchObject([{ status: 'failed', lastError: { code: 'cancelled' } }]);
    expect(await rows('select from signing_secrets')).toEqual([]);
  });

  it('cannot be signed with a key that is gone, and say so', async () => {
    await callBack(receiver.url);
    await notifications.callbackSecret();
    const without = buildNotifications(database.pool);
    await without.sendAll();
    await without.close();
    expect(receiver.requests).toEqual([]);
    expect(await notifications.list()).toMatchObject([{ status: 'pending', lastError: { code: 'secret-unreadable' } }]);
  });
});
