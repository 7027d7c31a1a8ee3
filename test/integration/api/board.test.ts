import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invocationOf, shownData, shownName } from '../../../src/api/board-jobs.ts';
import { Refusal } from '../../../src/contract/problem.ts';
import { openBoardQueues } from '../../../src/lanes/board-queues.ts';
import type { LaneConnection } from '../../../src/lanes/connection.ts';
import { QueueAway } from '../../../src/lanes/queue-away.ts';
import { migrateQueue, openQueuePool } from '../../../src/lanes/queue-pool.ts';
import { openLaneQueues } from '../../../src/lanes/queues.ts';
import { openLaneWorker } from '../../../src/lanes/worker.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { queueBackends, uniquePrefix } from '../../support/queues.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

const log = silentLog;
const browser = { accept: 'text/html' };

describe.each(queueBackends())('contract §4: Bull Board on $name', (backend) => {
  const prefix = uniquePrefix();
  const failing = { invocation: randomUUID(), integration: 'acme', generation: 0 };
  const waiting = { invocation: randomUUID(), integration: 'acme', generation: 0 };
  const closing: (() => Promise<unknown>)[] = [];
  let running: RunningApi;
  let connections: () => Promise<number>;

  beforeAll(async () => {
    let board: ReturnType<typeof openBoardQueues> | undefined;
    running = await startApi(() => ({
      board: {
        openQueues: async () => {
          if (board === undefined) throw new Error('too early');
          return board.open();
        },
      },
    }));
    const url = (await running.pool.query('select current_database() as name')).rows[0].name as string;
    const { options } = running.pool as unknown as { options: { connectionString: string } };
    const pool = openQueuePool(options.connectionString, log);
    closing.unshift(() => pool.end());
    const connection: LaneConnection =
      backend.name === 'redis' ? { kind: 'redis', url: backend.url } : { kind: 'postgres', pool };
    await migrateQueue(connection);
    board = openBoardQueues(connection, { prefix, log });
    const queues = openLaneQueues(connection, { prefix, log });
    const ended = Promise.withResolvers<void>();
    const worker = openLaneWorker(connection, {
      lane: 'batch',
      prefix,
      concurrency: 1,
      log,
      handle: async () => {
        ended.resolve();
        return { status: 'failed', returns: null, reason: 'unexpected-status: The server answered 410 Gone.' };
      },
    });
    closing.unshift(
      () => board?.close() ?? Promise.resolve(),
      () => queues.close(),
    );
    await worker.start();
    await queues.ring('batch', [failing]);
    await ended.promise;
    await worker.stop({ graceMs: 5_000 });
    await queues.ring('interactive', [waiting]);
    connections = async () => {
      const { rows } = await running.pool.query(
        `select count(*)::int as count from pg_stat_activity where datname = $1 and application_name = 'errand queue'`,
        [url],
      );
      return rows[0].count;
    };
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await running.stop();
  });

  const get = (path: string, asked = {}) => running.call('GET', path, asked);

  it('lists both lanes, and says what they are', async () => {
    const { status, json } = await get('/queues/api/queues');
    expect(status).toBe(200);
    expect(json.queues).toMatchObject([
      { name: `${prefix}-interactive`, readOnlyMode: true, allowRetries: false, counts: { waiting: 1, failed: 0 } },
      { name: `${prefix}-batch`, readOnlyMode: true, allowRetries: false, counts: { waiting: 0, failed: 1 } },
    ]);
    expect(json.queues[0].description).toMatch(/person is waiting/);
  });

  it('shows a failed invocation as a failed job, with code and message and the way to the invocation', async () => {
    const { json } = await get(`/queues/api/queues?activeQueue=${prefix}-batch&status=failed&page=1&jobsPerPage=10`);
    expect(json.queues[1].jobs).toMatchObject([
      {
        id: `${failing.invocation}.0`,
        name: 'acme',
        isFailed: true,
        failedReason: 'unexpected-status: The server answered 410 Gone.',
        externalUrl: { href: `/invocations/${failing.invocation}` },
      },
    ]);
  });

  it('is for operators and admins of all accounts', async () => {
    const statuses: Record<string, number> = {};
    for (const role of ['producer', 'configurer', 'operator', 'admin'] as const) {
      statuses[role] = (await get('/queues', { key: await running.keyFor(role) })).status;
      statuses[`${role} of some`] = (
        await get('/queues/api/queues', { key: await running.keyFor(role, ['a']) })
      ).status;
    }
    expect(statuses).toEqual({
      producer: 403,
      configurer: 403,
      operator: 200,
      admin: 200,
      'producer of some': 403,
      'configurer of some': 403,
      'operator of some': 403,
      'admin of some': 403,
    });
  });

  it('sends a browser without a session to sign in, and tells everybody else that a key is needed', async () => {
    for (const path of ['/queues', '/queues/', '/queues/queue/errand-batch?status=failed']) {
      const { status, headers } = await get(path, { key: null, headers: browser });
      expect([status, headers.get('location')]).toEqual([303, `/sign-in?to=${encodeURIComponent(path)}`]);
    }
    for (const path of ['/queues', '/queues/api/queues', '/queues/nothing/at/all', '/queues/static/favicon.ico']) {
      expect((await get(path, { key: null })).json.type).toBe('urn:errand:problem:unauthenticated');
    }
  });

  it('gives a link of another site a second chance, for the cookie did not come along', async () => {
    const headers = { ...browser, 'sec-fetch-site': 'cross-site' };
    const answer = await get('/queues/queue/"><b>', { key: null, headers });
    expect(answer.status).toBe(200);
    expect(answer.bytes.toString()).toContain('content="0; url=/queues/queue/%22%3E%3Cb%3E"');
  });

  it('tells a person whose key is too small so on a page', async () => {
    const answer = await get('/queues', { key: await running.keyFor('producer'), headers: browser });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    expect(answer.bytes.toString()).toContain('role operator or admin');
  });

  it('changes nothing, whoever asks', async () => {
    const queue = `/queues/api/queues/${prefix}-batch`;
    for (const [method, path] of [
      ['PUT', '/queues/api/queues/pause'],
      ['PUT', `${queue}/pause`],
      ['PUT', `${queue}/empty`],
      ['PUT', `${queue}/obliterate`],
      ['PUT', `${queue}/retry/failed`],
      ['PUT', `${queue}/clean/failed`],
      ['PUT', `${queue}/${failing.invocation}.0/retry`],
      ['PUT', `${queue}/${failing.invocation}.0/clean`],
      ['PATCH', `${queue}/${failing.invocation}.0/update-data`],
      ['POST', `${queue}/add`],
    ] as const) {
      const answer = await running.call(method, path, { body: {} });
      expect([path, [404, 405].includes(answer.status)]).toEqual([path, true]);
    }
    const { json } = await get('/queues/api/queues');
    expect(json.queues).toMatchObject([
      { isPaused: false, counts: { waiting: 1 } },
      { isPaused: false, counts: { failed: 1, waiting: 0 } },
    ]);
  });

  it('has a page that asks no other host for anything', async () => {
    const answer = await get('/queues', { headers: browser });
    const html = answer.bytes.toString();
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(html).not.toContain('<%');
    expect(html).toContain('<base href="/queues/" />');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /);
    const script = /src="(static\/js\/main[^"]*)"/.exec(html)?.[1];
    const file = await get(`/queues/${script}`);
    expect([file.status, file.headers.get('cache-control')]).toEqual([200, 'private, max-age=3600']);
    expect((await get('/queues/static/../index.ejs')).status).toBe(404);
    expect((await get('/queues/static/%2e%2e/index.ejs')).status).not.toBe(200);
  });

  it('shares the connections of its process', async () => {
    await Promise.all(Array.from({ length: 20 }, () => get('/queues/api/queues')));
    expect(await connections()).toBeLessThanOrEqual(8);
  });
});

it('contract §4: answers 503 while the queue is away', async () => {
  const board = openBoardQueues({ kind: 'redis', url: 'redis://127.0.0.1:1' }, { prefix: 'errand', log });
  const running = await startApi(() => ({
    board: {
      openQueues: () =>
        board.open().catch((error) => {
          expect(error).toBeInstanceOf(QueueAway);
          throw new Refusal('unavailable', 'The queue cannot be reached.');
        }),
    },
  }));
  try {
    const answer = await running.call('GET', '/queues/api/queues');
    expect([answer.status, answer.json.type]).toEqual([503, 'urn:errand:problem:unavailable']);
    expect((await running.call('GET', '/queues')).status).toBe(200);
  } finally {
    await board.close();
    await running.stop();
  }
});

describe('contract §4: a job on the board', () => {
  it('is named for what it does', () => {
    const data = { integration: 'acme', command: 'GetInvoiceImage' };
    expect(shownName({ name: 'invoke', data })).toBe('acme GetInvoiceImage');
    expect(shownName({ name: 'acme GetInvoiceImage 1–100', data })).toBe('acme GetInvoiceImage 1–100');
    for (const odd of [null, 'text', [], { integration: 5 }, { constructor: 1 }]) {
      expect(shownName({ name: 'invoke', data: odd })).toBe('invoke');
    }
  });

  it('shows no value of a token, nor what has no place in it', () => {
    const data = { integration: 'acme', tokens: { authToken: 'secret', InvoiceNumber: 'INV1' }, password: 'secret' };
    expect(shownData(data)).toEqual({
      integration: 'acme',
      tokens: { authToken: '(not shown)', InvoiceNumber: '(not shown)' },
      password: '(not shown)',
    });
    for (const odd of ['secret', ['secret'], null, { tokens: 'secret' }]) {
      expect(JSON.stringify(shownData(odd))).not.toContain('secret"}');
      expect(JSON.stringify(shownData(odd))).not.toMatch(/^"secret|\["secret/);
    }
  });

  it('knows its invocation, by its id or by what a worker has said of it', () => {
    const invocation = randomUUID();
    const nothing = { progress: 0, returnvalue: null };
    expect(invocationOf({ id: `${invocation}.3`, ...nothing })).toBe(invocation);
    expect(invocationOf({ id: '17', ...nothing, returnvalue: { invocation } })).toBe(invocation);
    expect(invocationOf({ id: '17', ...nothing, progress: { invocation } })).toBe(invocation);
    for (const odd of ['../../evil', 5, null]) {
      expect(invocationOf({ id: 'mine', progress: { invocation: odd }, returnvalue: odd })).toBeNull();
    }
  });
});
