import { Redis } from 'ioredis';
import pg from 'pg';
import type { Random } from './random.ts';
import type { Place, World } from './world.ts';

/** Breaks something, and lifts it: resolves when everything is there again. */
export type Fault = (world: World, random: Random) => Promise<void>;

const seconds = (count: number) => new Promise<void>((resolve) => setTimeout(resolve, count * 1000));
const roleOf = (world: World, random: Random, api: boolean): Place =>
  random.pick(world.places.filter(({ role }) => (role === 'api') === api));
/** Most clocks are right. */
const shiftOf = (random: Random) => random.pick([0, 0, 0, 60_000, -60_000]);

async function replace(place: Place, random: Random, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  await place.end(signal);
  await seconds(random.below(15) / 10);
  await place.start(place.role === 'api' ? 0 : shiftOf(random));
}

/** Kills a worker at the moment that `when` resolves; at some other one, if that does not come soon. */
async function killWhen(world: World, random: Random, when: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(3_000);
  await Promise.race([when(late), new Promise((resolve) => late.addEventListener('abort', resolve, { once: true }))]);
  await Promise.all(world.places.filter(({ role }) => role === 'batch').map((place) => replace(place, random)));
}

async function freeze(place: Place, forSeconds: number): Promise<void> {
  place.process.child.kill('SIGSTOP');
  await seconds(forSeconds);
  place.process.child.kill('SIGCONT');
}

const processes = {
  'worker killed': (world, random) => replace(roleOf(world, random, false), random),
  'API killed': (world, random) => replace(roleOf(world, random, true), random),
  'workers killed before they send': (world, random) =>
    killWhen(world, random, async (signal) => {
      const claimed = `select i.id, i.attempt from invocations i where i.status = 'running' and i.lane = 'batch'`;
      while (!signal.aborted) {
        const rows = await world.query<{ id: string; attempt: number }>(claimed).catch(() => []);
        const sent = new Set(world.customer.seen.map(({ invocation, attempt }) => `${invocation} ${attempt}`));
        if (rows.some(({ id, attempt }) => !sent.has(`${id} ${attempt}`))) return;
        await seconds(0.002);
      }
    }),
  'workers killed in mid-request': (world, random) =>
    killWhen(world, random, (signal) => heard(signal, world.customer.onRequest)),
  'workers killed after the answer, before the commit': (world, random) =>
    killWhen(world, random, (signal) => heard(signal, world.customer.onAnswer)),
  'worker frozen beyond its lock': (world, random) => freeze(roleOf(world, random, false), random.between(13, 17)),
  'API frozen': (world, random) => freeze(roleOf(world, random, true), random.between(2, 5)),
  'rolling restart': async (world, random) => {
    for (const place of world.places.filter(({ role }) => role !== 'api')) await replace(place, random, 'SIGTERM');
  },
} satisfies Record<string, Fault>;

const heard = (signal: AbortSignal, once: (then: () => void) => () => void) =>
  new Promise<void>((resolve) => {
    const stop = once(resolve);
    signal.addEventListener('abort', stop, { once: true });
  });

async function onRedis(world: World, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(world.redis?.url ?? '', { commandTimeout: 5_000 });
  redis.on('error', () => undefined);
  await work(redis).finally(() => redis.disconnect());
}

const redis = {
  'Redis emptied': async (world) => world.redis?.flushAll(),
  'Redis killed and restarted': async (world) => world.redis?.restart(),
  'Redis frozen longer than a worker waits for jobs': async (world, random) => {
    world.redis?.signal('SIGSTOP');
    await seconds(random.between(3, 6));
    world.redis?.signal('SIGCONT');
  },
  'Redis full': (world, random) =>
    onRedis(world, async (client) => {
      await client.config('SET', 'maxmemory', '1');
      await seconds(random.between(2, 4));
      // Restarted meanwhile, it has its own setting again.
      while ((await client.config('SET', 'maxmemory', '0').catch(() => null)) === null) await seconds(0.1);
    }),
} satisfies Record<string, Fault>;

/** Work on one connection beside Errand's, which the fault may break. */
async function onPostgres(world: World, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(world.beside);
  client.on('error', () => undefined);
  await client
    .connect()
    .then(() => work(client))
    .catch(() => undefined)
    .finally(() => client.end().catch(() => undefined));
}

const others = `from pg_stat_activity where datname = current_database() and application_name <> 'faults'
  and backend_type = 'client backend'`;

const guarded = ['invocations', 'attempts', 'batch_ranges'];

/** Asks until it is answered: another fault may break the database at the same time. */
async function insist<Row extends pg.QueryResultRow>(world: World, statement: string): Promise<Row[]> {
  for (;;) {
    const rows = await world.query<Row>(statement).catch(() => null);
    if (rows !== null) return rows;
    await seconds(0.1);
  }
}

/** Undoes what was set in the database. */
async function lift(world: World, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await insist(world, statement);
}

const postgres = {
  'PostgreSQL crashed': async (world) => {
    const [victim] = await insist<{ pid: number }>(world, `select pid ${others} limit 1`);
    // The server drops everything and recovers when one of its processes is killed.
    try {
      if (victim !== undefined) process.kill(victim.pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
    await insist(world, 'select 1');
  },
  'PostgreSQL ends all connections': async (world) => {
    await insist(world, `select pg_terminate_backend(pid) ${others}`);
  },
  'PostgreSQL read-only': (world, random) =>
    onPostgres(world, async (client) => {
      await client.query('alter system set default_transaction_read_only = on');
      await client.query('select pg_reload_conf()');
      await seconds(random.between(2, 4));
    }).then(() => lift(world, ['alter system reset default_transaction_read_only', 'select pg_reload_conf()'])),
  'PostgreSQL without a free connection': async (world, random) => {
    const taken: pg.Client[] = [];
    for (let full = false; !full && taken.length < 300; ) {
      const client = new pg.Client(world.beside);
      client.on('error', () => undefined);
      full = await client.connect().then(
        () => taken.push(client) === 0,
        () => true,
      );
    }
    // What Errand has keeps working; what breaks now does not come back.
    await taken[0]?.query(`select pg_terminate_backend(pid) ${others}`).catch(() => undefined);
    await seconds(random.between(2, 4));
    await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
  },
  'PostgreSQL locked up': (world, random) =>
    onPostgres(world, async (client) => {
      await client.query('begin');
      await client.query('lock table invocations in exclusive mode');
      await seconds(random.between(2, 6));
      await client.query('rollback');
    }),
  deadlocks: (world, random) =>
    onPostgres(world, async (client) => {
      // The others are the ones to be told of it.
      await client.query(`set deadlock_timeout = '60s'`);
      const open = `select id from invocations where status in ('queued', 'running', 'retrying') order by id desc limit 12`;
      for (let round = random.between(6, 12); round > 0; round -= 1) {
        await client.query('begin');
        for (const { id } of (await client.query<{ id: string }>(open)).rows) {
          await client.query(`select id from invocations where id = $1 for update`, [id]);
          await seconds(0.02);
        }
        await client.query('rollback');
      }
    }),
  'serialization failures and deadlocks at random': (world, random) =>
    onPostgres(world, async (client) => {
      await client.query(`create or replace function fault() returns trigger language plpgsql as $$ begin
        if random() < 0.1 then raise exception 'could not serialize access' using errcode = '40001'; end if;
        if random() < 0.1 then raise exception 'deadlock detected' using errcode = '40P01'; end if;
        return null; end $$`);
      for (const table of guarded) {
        await client.query(
          `create trigger fault before insert or update on ${table} for each statement execute function fault()`,
        );
      }
      await seconds(random.between(3, 6));
    }).then(() =>
      lift(
        world,
        guarded.map((table) => `drop trigger if exists fault on ${table}`),
      ),
    ),
} satisfies Record<string, Fault>;

export type Kind = keyof typeof processes | keyof typeof redis | keyof typeof postgres;

export function faultsOf(backend: World['backend']): ReadonlyMap<Kind, Fault> {
  const all = { ...processes, ...postgres, ...(backend === 'redis' ? redis : {}) };
  return new Map(Object.entries(all) as [Kind, Fault][]);
}
