import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/contract/errors.ts';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { breaker, type Sign } from '../../../src/judging/breaker.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { createWeigher } from '../../../src/recording/weigher.ts';
import { createIntegrationStore } from '../../../src/store/configuring.ts';
import * as due from '../../../src/store/due.ts';
import { configurationChannel, type Turn } from '../../../src/store/flow.ts';
import { putOff } from '../../../src/store/giving-back.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { probesDue } from '../../../src/store/probes.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';

describe('contract §1: holding an integration whose endpoint keeps failing', () => {
  let database: TestDatabase;
  let turns: Turn[];
  const troubles: unknown[] = [];
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  afterEach(() => expect(troubles).toEqual([]));
  beforeEach(async () => {
    await database.pool.query('truncate invocations, attempts, audit_log, integrations, integration_flow');
    await insertIntegration(database.pool, 'acme');
    await insertIntegration(database.pool, 'globex');
    turns = [];
  });

  const rows = async (sql: string) => (await database.pool.query(sql)).rows;
  const flow = async () => (await rows(`select * from integration_flow where integration = 'acme'`))[0];
  /** Seconds from now, whole ones: what the statements reckon in. */
  const secondsUntil = async (column: string) =>
    (await rows(`select round(extract(epoch from ${column} - now()))::int as n from integration_flow`))[0].n;

  const recorder = (by = worker) =>
    createRecorder({
      pool: database.pool,
      worker: by,
      isTransient: () => false,
      pause: async () => {},
      weigh: createWeigher({
        pool: database.pool,
        onTurn: (turn) => void turns.push(turn),
        onError: (error) => void troubles.push(error),
      }),
    });

  async function insert(count: number, overrides: Parameters<typeof newInvocation>[0] = {}): Promise<string[]> {
    const news = Array.from({ length: count }, () => newInvocation(overrides));
    await insertInvocations(database.pool, news);
    return news.map(({ id }) => id);
  }
  const claim = (ids: string[], by = worker) => claimInvocations(database.pool, by, ids);
  const unring = () => database.pool.query('update invocations set rung_at = null');

  const failure = (sign: Sign | null): Failure => ({
    code: 'unexpected-status',
    message: `It is ${sign}.`,
    side: 'customer-server',
  });

  /** An attempt that says so of its endpoint; `order` is when it was answered. */
  function saying(
    claimed: Claimed,
    sign: Sign | null,
    { order = 0, retryAfterMs = null as number | null } = {},
  ): Settled {
    const error = failure(sign);
    const one = settled(claimed, sign === 'well' ? { status: 'succeeded' } : { status: 'failed', error });
    one.attempt.durationMs = order;
    return { ...one, health: { sign, retryAfterMs } };
  }

  /** Records attempts that say so, in this order, as one group. */
  async function say(signs: (Sign | null)[], by = worker): Promise<void> {
    const held = await claim(await insert(signs.length), by);
    const one = recorder(by);
    const records = held.map((each, order) => one.record(saying(each, signs[order] ?? null, { order })));
    expect(await Promise.all(records)).not.toContain(null);
  }
  const times = (count: number, sign: Sign): Sign[] => Array.from({ length: count }, () => sign);

  const refusals = times(breaker.streak, 'credentials');

  describe('failures that more requests cannot mend', () => {
    it('hold it when there were five in a row, with the reason, an audit entry and a notification', async () => {
      const listener = await database.pool.connect();
      const told: (string | undefined)[] = [];
      listener.on('notification', ({ payload }) => told.push(payload));
      await listener.query(`listen ${configurationChannel}`);
      await say(times(4, 'credentials'));
      expect(await flow()).toMatchObject({ streak_kind: 'credentials', streak: 4, hold: null });
      await say(['credentials']);
      expect(await flow()).toMatchObject({ hold: failure('credentials'), probes: 0, streak: 0 });
      expect(await secondsUntil('next_probe_at')).toBe(breaker.firstProbeSeconds);
      expect(turns).toEqual([{ integration: 'acme', turn: 'held' }]);
      const [entry] = await rows(
        `select account, actor_type, subject_id, details from audit_log where action = 'integration.held'`,
      );
      expect(entry).toMatchObject({
        account: 'default',
        actor_type: 'system',
        subject_id: 'acme',
        details: { reason: failure('credentials'), because: { inARow: 5 } },
      });
      await listener.query('select 1');
      listener.release(true);
      expect(told).toEqual(['acme']);
    });

    it.each<[string, Sign[], string | null, number]>([
      ['a success in between', [...times(4, 'tls'), 'well', 'tls'], 'tls', 1],
      ['a success at the end', [...times(4, 'tls'), 'well'], null, 0],
      ['another kind', [...times(4, 'tls'), 'egress', 'egress'], 'egress', 2],
      ['two kinds by turns', ['tls', 'egress', 'tls', 'egress', 'tls'], 'tls', 1],
    ])('do not after %s', async (_what, signs, kind, streak) => {
      await say(signs);
      expect(await flow()).toMatchObject({ streak_kind: kind, streak, hold: null });
      await say(['well']);
      for (const each of signs) await say([each]);
      expect(await flow()).toMatchObject({ streak_kind: kind, hold: null });
    });

    it('are counted over all workers, whoever is first, and time-outs in between say nothing of them', async () => {
      const workers = [uuidv7(), uuidv7(), uuidv7()];
      await Promise.all(workers.map((each) => say(['credentials'], each)));
      await say(['unwell']);
      expect(await flow()).toMatchObject({ streak_kind: 'credentials', streak: 3 });
      await Promise.all(workers.slice(1).map((each) => say(['credentials'], each)));
      expect(await flow()).toMatchObject({ hold: failure('credentials') });
      expect(turns.map(({ turn }) => turn)).toEqual(['held']);
    });

    it('do not count where they were sent as it was configured before', async () => {
      const held = await claim(await insert(5));
      await database.pool.query(`update integrations set configuration_version = 2 where id = 'acme'`);
      const one = recorder();
      await Promise.all(held.map((each) => one.record(saying(each, 'credentials'))));
      expect(await flow()).toMatchObject({ streak: 0, hold: null });
    });

    it('do not count for an integration that was deleted', async () => {
      await database.pool.query(`update integrations set deleted_at = now() where id = 'acme'`);
      await say(refusals);
      expect(await flow()).toMatchObject({ hold: null });
    });
  });

  describe('time-outs and 5xx', () => {
    it('hold it when half of 20 failed', async () => {
      await say([...times(10, 'well'), ...times(9, 'unwell')]);
      expect(await flow()).toMatchObject({ window_tried: 19, window_failed: 9, hold: null });
      await say(['unwell']);
      expect(await flow()).toMatchObject({ hold: failure('unwell'), streak_kind: 'unwell' });
      expect(await secondsUntil('next_probe_at')).toBe(breaker.firstProbeSecondsUnwell);
      const [entry] = await rows(`select details from audit_log where action = 'integration.held'`);
      expect(entry.details).toMatchObject({ because: { tried: 20, failed: 10 } });
    });

    it('do not where fewer failed, or fewer were tried', async () => {
      await say([...times(11, 'well'), ...times(9, 'unwell')]);
      expect(await flow()).toMatchObject({ hold: null });
      await say(times(2, 'well'));
      expect(await flow()).toMatchObject({ window_tried: 22, window_failed: 9 });
    });

    const age = () => database.pool.query(`update integration_flow set window_since = now() - interval '61 seconds'`);

    it('are forgotten after a minute in which something succeeded', async () => {
      await say([...times(15, 'unwell'), 'well']);
      await age();
      await say(['unwell', 'unwell', 'well']);
      expect(await flow()).toMatchObject({ window_tried: 3, window_failed: 2 });
      await age();
      await say(['well']);
      expect(await flow()).toMatchObject({ window_tried: 0, window_failed: 0 });
    });

    it('are counted for longer where nothing succeeds: an endpoint that hangs is slow to fail 20 times', async () => {
      await say(times(19, 'unwell'));
      await age();
      await say(['unwell']);
      expect(await flow()).toMatchObject({ hold: failure('unwell') });
    });
  });

  it('costs an integration that is well nothing: it has no row, or an old one that is not touched', async () => {
    await say(times(30, 'well'));
    expect(await flow()).toBeUndefined();
    await say(['credentials', 'well']);
    const version = async () => (await rows('select xmin::text from integration_flow'))[0];
    const before = await version();
    await say(times(30, 'well'));
    expect(await version()).toEqual(before);
  });

  it('does not deadlock with another worker, or a person, over the same integrations', async () => {
    const other = uuidv7();
    const store = createIntegrationStore(database.pool);
    const signs: (Sign | null)[] = ['credentials', 'well', 'unwell', null];
    const both = async (count: number) => [
      ...(await insert(count)),
      ...(await insert(count, { integration: 'globex' })),
    ];
    const mine = await claim(await both(60));
    const theirs = await claim(await both(60), other);
    const records = (held: Claimed[], by: ReturnType<typeof recorder>) =>
      held.map((each, index) => by.record(saying(each, signs[index % 4] ?? null, { order: index })));
    const saves = Array.from({ length: 20 }, (_, index) =>
      store.change(index % 2 === 0 ? 'acme' : 'globex', () => ({ status: 'active', audit: [] })),
    );
    const outcomes = await Promise.allSettled([
      ...records(mine, recorder()),
      ...records(theirs.reverse(), recorder(other)),
      ...saves,
    ]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  describe('while it is held', () => {
    let waiting: string[];
    beforeEach(async () => {
      await say(refusals);
      waiting = await insert(20);
      turns = [];
    });

    // A second ago: the clocks of two processor cores may differ.
    const probeNow = () =>
      database.pool.query(`update integration_flow set next_probe_at = now() - interval '1 second'`);
    const save = (deleted = false) => {
      const rung: string[] = [];
      const store = createIntegrationStore(database.pool, async (id) => void rung.push(id));
      const change = { ...(deleted ? { deleted: true as const } : {}), audit: [] };
      return store.change('acme', () => change).then(() => rung);
    };
    async function probe(): Promise<Claimed> {
      const [one, ...others] = await claim(waiting);
      if (one === undefined) throw new Error('no probe was let through');
      expect(others).toEqual([]);
      return one;
    }

    it('its batch work is neither rung for nor claimed; another integration goes on', async () => {
      await unring();
      expect(await claim(waiting)).toEqual([]);
      expect(await due.takeDue(database.pool, 'batch', { perIntegration: 5, limit: 50 })).toEqual([]);
      expect(await due.takeDueOf(database.pool, 'acme', 'batch', 5)).toEqual([]);
      expect(await due.takeProbes(database.pool, null, 5)).toEqual([]);
      expect(await probesDue(database.pool, 5)).toEqual([]);
      expect(await claim(await insert(2, { integration: 'globex' }))).toHaveLength(2);
      expect(await rows(`select distinct attempt, tried from invocations where status = 'queued'`)).toEqual([
        { attempt: 0, tried: 0 },
      ]);
    });

    it('interactive work is taken to say so', async () => {
      const [click] = await claim(await insert(1, { lane: 'interactive' }));
      expect(click).toMatchObject({ probe: false, hold: { failure: failure('credentials') } });
      expect(click?.hold?.nextProbeAt).toBe((await flow()).next_probe_at.getTime());
    });

    it('one row is rung for and let through when its time has come, however many ask', async () => {
      await unring();
      await probeNow();
      expect(await probesDue(database.pool, 5)).toEqual(['acme']);
      const rung = await due.takeProbes(database.pool, null, 5);
      expect(rung.map(({ invocation }) => invocation)).toEqual(waiting.slice(0, 1));
      const claims = await Promise.all([
        claim(waiting.slice(0, 10), uuidv7()),
        claim(waiting.slice(10), uuidv7()),
        claim(await insert(1)),
      ]);
      expect(claims.flat()).toMatchObject([{ probe: true, hold: null }]);
      // However late it is: while the probe is out nobody else probes.
      await probeNow();
      expect(await claim(waiting)).toEqual([]);
      expect(await probesDue(database.pool, 5)).toEqual([]);
    });

    it('a click may be the probe', async () => {
      await probeNow();
      const clicks = await claim(await insert(2, { lane: 'interactive' }));
      expect(clicks.map((each) => [each.probe, each.hold === null]).sort()).toEqual([
        [false, false],
        [true, true],
      ]);
    });

    it('a probe that is well releases it', async () => {
      await probeNow();
      const one = await probe();
      await recorder().record(saying(one, 'well'));
      expect(await flow()).toMatchObject({ hold: null, held_since: null, next_probe_at: null, probe: null });
      expect(turns).toEqual([{ integration: 'acme', turn: 'released' }]);
      expect(await rows(`select subject_id from audit_log where action = 'integration.released'`)).toEqual([
        { subject_id: 'acme' },
      ]);
      expect(await claim(waiting)).toHaveLength(19);
    });

    it('a probe that fails doubles the time until the next, up to half an hour', async () => {
      const seconds: number[] = [];
      for (let time = 0; time < 7; time += 1) {
        await probeNow();
        await recorder().record(saying(await probe(), time === 6 ? 'unwell' : 'credentials'));
        seconds.push(await secondsUntil('next_probe_at'));
      }
      expect(seconds).toEqual([120, 240, 480, 960, 1_800, 1_800, 1_800]);
      expect(await flow()).toMatchObject({ hold: failure('unwell'), probes: 7 });
      expect(new Set(turns.map(({ turn }) => turn))).toEqual(new Set(['probed']));
      expect(await rows(`select count(*)::int as n from audit_log where action like 'integration.%'`)).toEqual([
        { n: 1 },
      ]);
    });

    it('a probe that says nothing of the endpoint makes room for the next at once', async () => {
      await probeNow();
      await recorder().record(saying(await probe(), null));
      expect(turns).toEqual([{ integration: 'acme', turn: 'unanswered' }]);
      expect((await probe()).probe).toBe(true);
    });

    it('what was sent before it was held moves nothing', async () => {
      await database.pool.query('delete from integration_flow');
      const late = await claim(await insert(6));
      await say(refusals);
      const before = await flow();
      const one = recorder();
      await Promise.all(late.map((each, index) => one.record(saying(each, index === 0 ? 'well' : 'credentials'))));
      expect(await flow()).toEqual(before);
      // Nor afterwards: it does not hold it again.
      const latest = await claim(await insert(1, { lane: 'interactive' }));
      await probeNow();
      await recorder().record(saying(await probe(), 'well'));
      await recorder().record(saying(latest[0] as Claimed, 'credentials'));
      expect(await flow()).toMatchObject({ streak: 0, hold: null });
    });

    it('what a person saves probes at once, and begins anew', async () => {
      await probeNow();
      const old = await probe();
      expect(await save()).toEqual(['acme']);
      expect((await probe()).probe).toBe(true);
      // The one that is out was sent with what was wrong.
      await recorder().record(saying(old, 'credentials'));
      expect(await flow()).toMatchObject({ probes: 0, hold: failure('credentials') });
      expect(turns).toEqual([]);
    });

    it('a person who pauses it stops the probes, too', async () => {
      await probeNow();
      await database.pool.query(`update integrations set status = 'paused'`);
      await unring();
      expect(await claim(waiting)).toEqual([]);
      expect(await due.takeProbes(database.pool, 'acme', 5)).toEqual([]);
      expect(await probesDue(database.pool, 5)).toEqual([]);
    });

    it('ends when it is deleted: what waits must come to its end', async () => {
      expect(await save(true)).toEqual([]);
      expect(await flow()).toMatchObject({ hold: null, next_probe_at: null });
      expect(await claim(waiting)).toHaveLength(20);
    });

    it('time that was spent held does not count towards the deadline', async () => {
      await database.pool.query(`update invocations set first_attempt_at = now() - interval '1 day'`);
      await probeNow();
      await recorder().record(saying(await probe(), 'well'));
      const [one] = await claim(waiting);
      expect(one?.firstAttemptAt).toBe((await flow()).released_at.getTime());
    });
  });

  describe('an endpoint that asks to wait (Retry-After)', () => {
    /** Answers that ask to wait for so long, to requests that were all out before the first. */
    async function asked(...waits: number[]): Promise<void> {
      const out = await claim(await insert(waits.length));
      for (const [index, retryAfterMs] of waits.entries()) {
        await recorder().record(saying(out[index] as Claimed, 'well', { retryAfterMs }));
      }
    }

    it('slows the whole integration, for an hour at most, and never less than before', async () => {
      await asked(600_000, 5_000);
      expect(await secondsUntil('not_before')).toBe(600);
      const waiting = await insert(3);
      expect(await claim(waiting)).toEqual([]);
      await unring();
      expect(await due.takeDue(database.pool, 'batch', { perIntegration: 5, limit: 50 })).toEqual([]);
      expect(await claim(await insert(1, { integration: 'globex' }))).toHaveLength(1);
      await database.pool.query(`update integration_flow set not_before = now() - interval '1 second'`);
      expect(await claim(waiting)).toHaveLength(3);
      await asked(86_400_000);
      expect(await secondsUntil('not_before')).toBe(3_600);
    });

    it('is told to interactive work, which can be put off without being charged', async () => {
      await asked(2_000);
      const [click] = await claim(await insert(1, { lane: 'interactive' }));
      expect(click?.waitMs).toBeGreaterThan(1_000);
      await putOff(database.pool, worker, click as Claimed, click?.waitMs ?? 0);
      const [row] = await rows(
        `select status, worker, tried, due_at >= (select not_before - interval '1 second' from integration_flow) as later
         from invocations where lane = 'interactive'`,
      );
      expect(row).toEqual({ status: 'queued', worker: null, tried: 0, later: true });
      expect(await rows('select 1 from attempts where number = 1')).toHaveLength(1);
    });

    it('is not probed before that', async () => {
      await say(refusals);
      await database.pool.query(`update integration_flow set next_probe_at = now() - interval '1 second'`);
      const [one] = await claim(await insert(1));
      await recorder().record(saying(one as Claimed, 'unwell', { retryAfterMs: 900_000 }));
      expect(await secondsUntil('next_probe_at')).toBe(900);
    });

    it('is asked again at once after a person changed something', async () => {
      await asked(600_000);
      await createIntegrationStore(database.pool).change('acme', () => ({ audit: [] }));
      expect(await claim(await insert(1))).toHaveLength(1);
    });
  });
});
