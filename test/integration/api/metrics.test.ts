import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiMeters } from '../../../src/app/api-meters.ts';
import type { Core } from '../../../src/app/core.ts';
import { createMeters } from '../../../src/meters/meters.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { seriesOf } from '../../support/series.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
let open: RunningApi;
let database: TestDatabase;
const answered: object[] = [];

beforeAll(async () => {
  const metrics = { text: async () => 'errand_build_info 1\n', answered: (request: object) => answered.push(request) };
  running = await startApi(() => ({ metrics: { ...metrics, public: false } }));
  open = await startApi(() => ({ metrics: { ...metrics, public: true } }));
  database = await createDatabase();
});
afterAll(async () => {
  await Promise.all([running?.stop(), open?.stop(), database?.drop()]);
});

const statusOf = async ({ url }: RunningApi, key: string | null) => {
  const response = await fetch(`${url}/metrics`, { headers: key === null ? {} : { authorization: `Bearer ${key}` } });
  return [response.status, response.headers.get('content-type')?.split(';')[0]];
};

describe('contract §3: GET /metrics', () => {
  it('is for operators and admins of all accounts', async () => {
    expect(await statusOf(running, null)).toEqual([401, 'application/problem+json']);
    for (const role of ['producer', 'configurer'] as const) {
      expect((await statusOf(running, await running.keyFor(role)))[0]).toBe(403);
    }
    for (const role of ['operator', 'admin'] as const) {
      expect(await statusOf(running, await running.keyFor(role))).toEqual([200, 'text/plain']);
      expect((await statusOf(running, await running.keyFor(role, ['north'])))[0]).toBe(403);
    }
  });

  it('is for everybody with ERRAND_METRICS_PUBLIC=1', async () => {
    expect(await statusOf(open, null)).toEqual([200, 'text/plain']);
  });

  it('is told of every request by its pattern, never by its path', async () => {
    answered.length = 0;
    await running.call('GET', '/v1/integrations/nowhere');
    await running.call('GET', '/nothing/at/all', { key: null });
    expect(answered).toEqual([
      { method: 'GET', route: '/v1/integrations/:id', status: 404, seconds: expect.any(Number) },
      { method: 'GET', route: 'none', status: 404, seconds: expect.any(Number) },
    ]);
  });
});

describe('contract §3: what /metrics says of the database', () => {
  it('is what waits, what is held and what is late', async () => {
    const { pool } = database;
    await pool.query(`
      insert into integrations (id, account, name, type, status, limits)
        values ('well', 'a', 'W', 'custom', 'active', '{}'), ('paused', 'a', 'P', 'custom', 'paused', '{}'),
          ('held', 'a', 'H', 'custom', 'active', '{}'), ('gone', 'a', 'G', 'custom', 'paused', '{}');
      update integrations set deleted_at = now() where id = 'gone';
      insert into integration_flow (integration, hold, held_since) values
        ('held', '{"code": "timeout", "message": "", "side": "customer-server"}', now());
      insert into batches (id, account, integration, command, status, created_by)
        values (errand_uuid_v7(), 'a', 'well', 'GetInvoiceImage', 'running', '{}');
      insert into schedules (integration, name, command, cron, timezone, enabled, next_run_at)
        values ('well', 'late', 'GetInvoiceImage', '0 2 * * *', 'UTC', true, now() - interval '5 minutes'),
          ('well', 'soon', 'GetInvoiceImage', '0 2 * * *', 'UTC', true, now() + interval '5 minutes');
      insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version, due_at)
        values (errand_uuid_v7(), 'a', 'well', 'GetInvoiceImage', 'interactive', 'queued', '{}', 'f', 1, now() - interval '90 seconds')`);
    const meters = createMeters('api', ['api', 'process', 'database'], false);
    const depth = { waiting: 3, active: 0, delayed: 1, completed: 0, failed: 0 };
    const core = { meters, pool, queues: { depth: async () => depth }, config: { metricsPublic: false } };
    const text = await openApiMeters(core as unknown as Core, async () => []).text();
    for (const [name, labels, value] of [
      ['errand_integrations_holding', { reason: 'paused', process: 'api' }, 1],
      ['errand_integrations_holding', { reason: 'timeout', process: 'api' }, 1],
      ['errand_batches_open', { status: 'running', process: 'api' }, 1],
      ['errand_schedules_overdue', { process: 'api' }, 1],
      ['errand_invocations_open', { lane: 'interactive', state: 'waiting', process: 'api' }, 1],
      ['errand_queue_jobs', { lane: 'batch', process: 'api' }, 4],
    ] as [string, Record<string, string>, number][]) {
      expect([name, labels, seriesOf(text, name, labels)]).toEqual([name, labels, value]);
    }
    const [, age] = /errand_oldest_waiting_seconds\{lane="interactive",process="api"\} ([\d.]+)/.exec(text) ?? [];
    expect(Number(age)).toBeGreaterThan(89);
    expect(Number(age)).toBeLessThan(120);
  });
});
