import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog, type Log, silentLog } from '../../../src/platform/log.ts';
import { isUnavailable, openLeader, openListener, openPool, waitForDatabase } from '../../../src/platform/pg.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database?.drop();
});

/** Cuts the connections that call themselves so, as a restart of PostgreSQL would. */
async function cut(applicationName: string): Promise<number> {
  const { rowCount } = await database.pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()',
    [applicationName],
  );
  return rowCount ?? 0;
}

/** Values to be awaited in the order in which they came. */
function channel<Value>() {
  const values: Value[] = [];
  const takers: ((value: Value) => void)[] = [];
  return {
    push(value: Value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    next: () =>
      new Promise<Value>((resolve) => {
        const value = values.shift();
        if (value === undefined) takers.push(resolve);
        else resolve(value);
      }),
  };
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('a pool', () => {
  it('reads bigint as a number where that is exact, and as text where not', async () => {
    const { rows } = await database.pool.query(
      'select 9007199254740991::bigint as safe, 9007199254740993::bigint as large, count(*) as count from (values (1)) as one',
    );
    expect(rows).toEqual([{ safe: Number.MAX_SAFE_INTEGER, large: '9007199254740993', count: 1 }]);
  });

  it('survives that its idle connections break', async () => {
    const pool = openPool({ url: database.url, max: 1, applicationName: 'test-idle', log: silentLog });
    await pool.query('select 1');
    const broken = once(pool, 'error');
    expect(await cut('test-idle')).toBe(1);
    await broken;
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it('tells a statement that is cut or takes too long from one that is wrong', async () => {
    const pool = openPool({
      url: database.url,
      max: 1,
      applicationName: 'test-slow',
      log: silentLog,
      statementTimeoutMs: 50,
    });
    const slow = await pool.query('select pg_sleep(30)').catch((error: unknown) => error);
    const wrong = await pool.query('select nonsense').catch((error: unknown) => error);
    expect([isUnavailable(slow), isUnavailable(wrong)]).toEqual([true, false]);
    await pool.end();
  });

  it('knows a database that is not there', async () => {
    const url = `postgres://127.0.0.1:${await closedPort()}/none`;
    const pool = openPool({ url, max: 1, applicationName: 'test', log: silentLog });
    expect(isUnavailable(await pool.query('select 1').catch((error: unknown) => error))).toBe(true);
    await pool.end();
  });
});

describe('waiting for the database', () => {
  it('ends at once where it answers', async () => {
    await waitForDatabase(database.url, { log: silentLog });
  });

  it('says what it waits for, without the password, until it is told to stop', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const destination = {
      write(line: string) {
        lines.push(line);
        stop.abort();
      },
    };
    const log: Log = createLog({ level: 'info', destination });
    const url = `postgres://errand:hunter2@127.0.0.1:${await closedPort()}/none`;
    await waitForDatabase(url, { log, signal: stop.signal });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'database.unreachable', level: 'warn' });
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('does not wait where waiting cannot help', async () => {
    const url = new URL(database.url);
    url.pathname = '/no_such_database';
    await expect(waitForDatabase(url.href, { log: silentLog })).rejects.toMatchObject({ code: '3D000' });
  });
});

describe('a listener', () => {
  it('hears notifications, and after a lost connection says so and hears again', async () => {
    const heard = channel<string>();
    const reconnected = channel<void>();
    const listener = openListener(database.url, 'test_channel', heard.push, {
      log: silentLog,
      onReconnect: reconnected.push,
    });
    await listener.listening;
    await database.pool.query("select pg_notify('test_channel', 'one')");
    expect(await heard.next()).toBe('one');
    expect(await cut('errand-listen-test_channel')).toBe(1);
    await reconnected.next();
    await database.pool.query("select pg_notify('test_channel', 'two')");
    expect(await heard.next()).toBe('two');
    await listener.close();
    await listener.close();
  });
});

describe('a leader', () => {
  const lock = 4_711;

  function contender(happened: { push(value: string): void }, name: string) {
    return openLeader(database.url, lock, {
      onGained: (signal) =>
        new Promise<void>((resolve) => {
          happened.push(`${name} gained`);
          signal.addEventListener('abort', () => resolve());
        }),
      onLost: () => happened.push(`${name} lost`),
      log: silentLog,
    });
  }

  it('is one of all; the lead passes on when its holder closes or loses its connection', async () => {
    const happened = channel<string>();
    const first = contender(happened, 'first');
    expect(await happened.next()).toBe('first gained');
    const second = contender(happened, 'second');
    await first.close();
    expect([await happened.next(), await happened.next()]).toEqual(['first lost', 'second gained']);
    await cut('errand-leader');
    expect([await happened.next(), await happened.next()]).toEqual(['second lost', 'second gained']);
    await second.close();
    expect(await happened.next()).toBe('second lost');
  });

  it('frees the lock only after its work has wound down', async () => {
    const happened = channel<string>();
    const winding = Promise.withResolvers<void>();
    const leader = openLeader(database.url, lock, {
      onGained: async () => {
        happened.push('gained');
        await winding.promise;
      },
      onLost: () => happened.push('lost'),
      log: silentLog,
    });
    expect(await happened.next()).toBe('gained');
    const closed = leader.close();
    expect(await happened.next()).toBe('lost');
    const held = 'select pg_try_advisory_xact_lock($1::bigint) as free';
    expect((await database.pool.query(held, [lock])).rows).toEqual([{ free: false }]);
    winding.resolve();
    await closed;
    expect((await database.pool.query(held, [lock])).rows).toEqual([{ free: true }]);
  });
});
