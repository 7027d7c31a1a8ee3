import { readdirSync, readFileSync } from 'node:fs';
import { migrateAll } from '../src/app/prepare.ts';
import { silentLog } from '../src/platform/log.ts';
import { batchRound, prepareBatches } from './batch.ts';
import { quantile } from './figures.ts';
import { interactive, startConfiguredApi } from './http.ts';
import { startMachine, withClient } from './machine.ts';
import { bareRound, byHandRound, emptyRound, errandRound, prepareByHand } from './throughput.ts';

const what = process.argv[2] ?? 'single';
const n = Number(process.argv[3] ?? 6000);
function cpu(): Map<string, number> {
  const m = new Map<string, number>();
  for (const pid of readdirSync('/proc').filter((x) => /^\d+$/.test(x))) {
    try {
      const s = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const f = s.slice(s.lastIndexOf(')') + 2).split(' ');
      const cmd = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const key = /^postgres:|native/.test(cmd)
        ? 'pg'
        : /redis/.test(cmd)
          ? 'redis'
          : (/parts\/(\S+)/.exec(cmd)?.[1] ?? (/zz-prof/.test(cmd) ? 'main' : 'other'));
      m.set(
        key,
        (m.get(key) ?? 0) + Number(f[11]) + Number(f[12]) + (/native/.test(cmd) ? Number(f[13]) + Number(f[14]) : 0),
      );
    } catch {}
  }
  return m;
}
const machine = await startMachine();
const sql = (text: string) => withClient(machine.databaseUrl, async (c) => (await c.query(text)).rows);
async function top() {
  const rows = await sql(
    "select calls, rows, round(total_exec_time::numeric) as exec_ms, round(total_plan_time::numeric) as plan_ms, round(mean_exec_time::numeric,2) as mean, wal_bytes, wal_records, shared_blks_dirtied as dirtied, left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as q from pg_stat_statements order by total_exec_time + total_plan_time desc limit 14",
  );
  for (const r of rows) console.log(JSON.stringify(r));
}
async function round(name: string, run: () => Promise<any>, count: number) {
  await sql('select pg_stat_statements_reset()');
  const before = cpu();
  const r = await run();
  const after = cpu();
  console.log(name, Math.round(r.perSecond), JSON.stringify(r.usage));
  let sum = 0;
  const parts: string[] = [];
  for (const [k, v] of [...after].sort()) {
    const d = v - (before.get(k) ?? 0);
    if (d > 3) {
      parts.push(`${k} ${Math.round((d * 10000) / count)}`);
      if (k !== 'other') sum += d;
    }
  }
  console.log('  cpu us each:', parts.join('  '), ' sum', Math.round((sum * 10000) / count));
}
try {
  await migrateAll({ databaseUrl: machine.databaseUrl, redisUrl: null }, silentLog);
  await sql('create extension pg_stat_statements');
  const api = await startConfiguredApi(machine);
  if (what === 'click') {
    for (let i = 0; i < 2; i++) {
      await sql('select pg_stat_statements_reset()');
      const r = await interactive(machine, api, n);
      console.log('bare', quantile(r.bareMs, 0.5), 'wait', quantile(r.waitMs, 0.5), quantile(r.waitMs, 0.99));
    }
    await top();
  }
  if (what === 'single') {
    await api.stop();
    await errandRound(machine, machine.redisUrl, 2000);
    for (let i = 0; i < 2; i++) await round('single', () => errandRound(machine, machine.redisUrl, n), n);
    await top();
  }
  if (what === 'batch') {
    await prepareBatches(machine, api);
    if (process.env.PROF) process.env.NODE_OPTIONS = '--cpu-prof --cpu-prof-dir=/tmp/prof --cpu-prof-interval 500';
    for (let i = 0; i < (process.env.PROF ? 1 : 3); i++)
      await round('batch', () => batchRound(machine, machine.redisUrl, api, n), n);
    await top();
  }
  if (what === 'hand') {
    await api.stop();
    await prepareByHand(machine);
    await byHandRound(machine, 500);
    for (let i = 0; i < 2; i++) await round('hand', () => byHandRound(machine, n), n);
    for (let i = 0; i < 2; i++) await round('bare', () => bareRound(machine, n), n);
    for (let i = 0; i < 2; i++) await round('empty', () => emptyRound(machine, n), n);
  }
  const h = await sql(
    'select relname, n_tup_ins, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where n_tup_ins > 100',
  );
  console.table(h);
  await api.stop();
} finally {
  await machine.stop();
}
