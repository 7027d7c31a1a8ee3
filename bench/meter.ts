import { readdir, readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import type pg from 'pg';
import type { Machine } from './machine.ts';
import { withClient } from './machine.ts';

/** What the servers have used since they were started. */
export type Meter = {
  postgresCpuMicros: number;
  walBytes: number;
  transactions: number;
  redisCpuMicros: number;
  redisCommands: number;
  redisBytes: number;
  /** Each table's size with its indexes, partitions and TOAST. */
  tables: Record<string, number>;
  indexes: Record<string, number>;
};

export async function readMeter({ databaseUrl, redisUrl }: Machine): Promise<Meter> {
  return withClient(databaseUrl, async (client) => ({
    ...(await database(client)),
    ...(await redis(redisUrl)),
    ...(await sizes(client)),
  }));
}

async function database(client: pg.Client) {
  const { rows } = await client.query<{ wal: number; transactions: number; pid: number }>(
    `select (pg_current_wal_lsn() - '0/0')::float8 as wal, xact_commit::float8 as transactions, pg_backend_pid() as pid
     from pg_stat_database where datname = current_database()`,
  );
  const { wal = 0, transactions = 0, pid = 0 } = rows[0] ?? {};
  return { walBytes: wal, transactions, postgresCpuMicros: await familyCpu((await statOf(pid)).parent) };
}

type Stat = { parent: number; micros: number; withEndedMicros: number };
/** Linux counts in hundredths of a second. */
const tickMicros = 10_000;

async function statOf(pid: number): Promise<Stat> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  const micros = (user + system) * tickMicros;
  return { parent: fields[1] ?? 0, micros, withEndedMicros: micros + (endedUser + endedSystem) * tickMicros };
}

/** The server, its processes, and those that have ended. */
async function familyCpu(server: number): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map((pid) => statOf(pid).catch(() => null)));
  const children = stats.filter((stat) => stat?.parent === server);
  const own = await statOf(server);
  return children.reduce((sum, stat) => sum + (stat?.micros ?? 0), own.withEndedMicros);
}

async function redis(url: string) {
  const client = new Redis(url);
  const info = await client.info();
  client.disconnect();
  const field = (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1] ?? 0);
  return {
    redisCpuMicros: (field('used_cpu_sys') + field('used_cpu_user')) * 1e6,
    redisCommands: field('total_commands_processed'),
    redisBytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
  };
}

async function sizes(client: pg.Client) {
  const { rows } = await client.query<{ name: string; kind: string; bytes: number }>(`
select coalesce(p.relname, c.relname) as name, c.relkind::text as kind,
  sum(case when c.relkind = 'r' then pg_total_relation_size(c.oid) else pg_relation_size(c.oid) end)::float8 as bytes
from pg_class c
left join pg_inherits i on i.inhrelid = c.oid
left join pg_class p on p.oid = i.inhparent
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i')
group by 1, 2`);
  const of = (kind: string) =>
    Object.fromEntries(rows.filter((row) => row.kind === kind).map(({ name, bytes }) => [name, bytes]));
  return { tables: of('r'), indexes: of('i') };
}

/** What was used between two readings. */
export function between(before: Meter, after: Meter): Meter {
  const minus = (a: Record<string, number>, b: Record<string, number>) =>
    Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value - (b[name] ?? 0)]));
  const { tables: _, indexes: __, ...counters } = after;
  const { tables: ___, indexes: ____, ...earlier } = before;
  return {
    ...(minus(counters, earlier) as Omit<Meter, 'tables' | 'indexes'>),
    tables: minus(after.tables, before.tables),
    indexes: minus(after.indexes, before.indexes),
  };
}
