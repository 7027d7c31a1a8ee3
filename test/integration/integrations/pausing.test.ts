import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../src/store/configuration.ts';
import { configurationChannel } from '../../../src/store/flow.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { actor, build, refused } from './building.ts';

describe('pausing an integration (contract §3)', () => {
  let database: TestDatabase;
  let built: ReturnType<typeof build>;
  const page = { limit: 50 };

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.pool.query(
      'truncate integrations, integration_values, commands, command_versions, audit_log, integration_flow',
    );
    built = build(database.pool);
    await built.integrations.put('*', actor, 'acme', { name: 'Acme', type: 'custom' });
    await built.integrations.put('*', actor, 'globex', { name: 'Globex', type: 'custom' });
  });

  const ids = async (status: 'active' | 'paused') =>
    (await built.integrations.list('*', { status }, page)).items.map(({ id }) => id);
  const actions = async () =>
    (
      await database.pool.query(
        `select action, subject_id as id from audit_log where action like '%pause%' or action like '%resume%' order by id`,
      )
    ).rows;
  const version = async () => (await loadConfiguration(database.pool, 'acme'))?.integration.configurationVersion;

  it('shows it and why its work waits, in lists too', async () => {
    const before = Date.now() - 1_000;
    const paused = await built.integrations.pause('*', actor, 'acme');
    expect(paused).toMatchObject({ status: 'paused', hold: { reason: 'paused', nextProbeAt: null } });
    expect(Date.parse(paused.hold?.since ?? '')).toBeGreaterThan(before);
    expect(await built.integrations.get('*', 'acme')).toEqual(paused);
    expect([await ids('paused'), await ids('active')]).toEqual([['acme'], ['globex']]);
    expect(await built.integrations.resume('*', actor, 'acme')).toMatchObject({ status: 'active', hold: null });
    expect([await ids('paused'), await ids('active')]).toEqual([[], ['globex', 'acme']]);
  });

  it('is a change like any other: a version, an audit entry, a notification; the second time nothing', async () => {
    const listener = await database.pool.connect();
    const told: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => told.push(payload));
    await listener.query(`listen ${configurationChannel}`);
    for (let time = 0; time < 2; time += 1) await built.integrations.pause('*', actor, 'acme');
    expect(await version()).toBe(2);
    for (let time = 0; time < 2; time += 1) await built.integrations.resume('*', actor, 'acme');
    expect(await version()).toBe(3);
    await listener.query('select 1');
    listener.release(true);
    expect(told).toEqual(['acme', 'acme']);
    expect(built.resumed).toEqual(['acme']);
    expect(await actions()).toEqual([
      { action: 'integration.paused', id: 'acme' },
      { action: 'integration.resumed', id: 'acme' },
    ]);
  });

  it('asks for a probe at once where a person resumes what Errand holds', async () => {
    const hold = { code: 'timeout', message: 'No answer within 20 s.', side: 'customer-server' };
    await database.pool.query(
      `insert into integration_flow (integration, hold, held_since, next_probe_at, streak_kind)
       values ('acme', $1, now(), now() + interval '30 minutes', 'unwell')`,
      [hold],
    );
    const resumed = await built.integrations.resume('*', actor, 'acme');
    expect(resumed).toMatchObject({ status: 'active', hold: { reason: 'timeout: No answer within 20 s.' } });
    expect(Date.parse(resumed.hold?.nextProbeAt ?? '')).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(built.resumed).toEqual(['acme']);
    expect(await actions()).toEqual([{ action: 'integration.resumed', id: 'acme' }]);
  });

  it('outlives other changes, but not deletion', async () => {
    const { integrations } = built;
    await integrations.pause('*', actor, 'acme');
    expect((await integrations.patch('*', actor, 'acme', { name: 'A' })).status).toBe('paused');
    expect((await integrations.put('*', actor, 'acme', { name: 'B', type: 'custom' })).status).toBe('paused');
    await integrations.remove('*', actor, 'acme');
    expect((await loadConfiguration(database.pool, 'acme'))?.integration.status).toBe('active');
    expect((await refused(integrations.pause('*', actor, 'acme'))).kind).toBe('not-found');
    expect((await integrations.put('*', actor, 'acme', { name: 'C', type: 'custom' })).status).toBe('active');
  });

  it('is for those whose account it is', async () => {
    const { integrations } = built;
    expect((await refused(integrations.pause(['other'], actor, 'acme'))).kind).toBe('not-found');
    expect((await refused(integrations.resume('*', actor, 'nobody'))).kind).toBe('not-found');
    expect(await ids('paused')).toEqual([]);
  });
});
