import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runningEmbeddedPostgres, startEmbeddedPostgres } from '../../../src/platform/embedded-postgres.ts';
import { createLog, silentLog } from '../../../src/platform/log.ts';

const sources = path.resolve(import.meta.dirname, '../../../src/platform');

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
});
afterEach(async () => {
  const elsewhere = await readFile(path.join(dataDir, 'postgres-location'), 'utf8').catch(() => null);
  if (elsewhere !== null) await rm(elsewhere.trim(), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

const start = () => startEmbeddedPostgres({ dataDir, log: silentLog, durable: false });
const home = async () =>
  (await readFile(path.join(dataDir, 'postgres-location'), 'utf8').catch(() => path.join(dataDir, 'postgres'))).trim();

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

/** Another process starts the server and is killed; the server lives on. Returns the server's pid. */
async function startAndKill(): Promise<number> {
  const script = `
    import { startEmbeddedPostgres } from '${sources}/embedded-postgres.ts';
    import { silentLog } from '${sources}/log.ts';
    await startEmbeddedPostgres({ dataDir: process.argv[1], log: silentLog, durable: false });
    console.log('started');
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  return serverPid();
}

async function serverPid(): Promise<number> {
  return Number((await readFile(path.join(await home(), 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

describe('contract §2: the embedded PostgreSQL', () => {
  it('starts, keeps its data over a restart, and can be stopped twice', async () => {
    const first = await start();
    expect(await runningEmbeddedPostgres(dataDir)).toBe(first.url);
    await ask(first.url, 'create table kept (number int)');
    await ask(first.url, 'insert into kept values (42)');
    await Promise.all([first.stop(), first.stop()]);
    expect(await runningEmbeddedPostgres(dataDir)).toBeNull();
    const second = await start();
    expect(await ask(second.url, 'select number from kept')).toBe(42);
    await second.stop();
  });

  it('wants its password, listens on the loopback interface only, and keeps the password to its owner', async () => {
    const server = await start();
    const wrong = new URL(server.url);
    wrong.password = 'guessed';
    await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(server.url, 'show listen_addresses')).toBe('127.0.0.1');
    expect((await stat(path.join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    await server.stop();
  });

  it('finds and replaces the server that a killed process left', async () => {
    const leftover = await startAndKill();
    expect(() => process.kill(leftover, 0)).not.toThrow();
    const server = await start();
    expect(await ask(server.url, 'select 1')).toBe(1);
    expect(await serverPid()).not.toBe(leftover);
    await server.stop();
  });

  it("starts over a dead server's pid file, also when its number is another process's by now", async () => {
    process.kill(await startAndKill(), 'SIGKILL');
    const file = path.join(await home(), 'data/postmaster.pid');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^\d+/, String(process.pid)));
    const server = await start();
    expect(await ask(server.url, 'select 1')).toBe(1);
    await server.stop();
  });

  it('does over what was killed while it was made', async () => {
    const half = path.join(dataDir, 'postgres/unfinished-0123456789ab');
    await mkdir(half, { recursive: true });
    await writeFile(path.join(half, 'PG_VERSION'), '18\n');
    const server = await start();
    expect(await ask(server.url, 'select 1')).toBe(1);
    await server.stop();
    if ((await home()) === path.join(dataDir, 'postgres'))
      await expect(stat(half)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it("refuses another major version's data, and says what to do", async () => {
    await (await start()).stop();
    await writeFile(path.join(await home(), 'data/PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17, .* brings PostgreSQL 18\. Dump it/);
  });

  it('says so when its password file is not the one it was made with', async () => {
    await (await start()).stop();
    await writeFile(path.join(dataDir, 'postgres-password'), 'another\n');
    await expect(start()).rejects.toThrow(/postgres-password is not the password of the cluster/);
  });
});

describe('contract §2: an embedded PostgreSQL that is kept', () => {
  let ending: AbortController;
  let failed: PromiseWithResolvers<unknown>;
  let said: string[];
  let told: EventEmitter;
  beforeEach(() => {
    ending = new AbortController();
    failed = Promise.withResolvers();
    said = [];
    told = new EventEmitter();
  });

  function startKept(giveUpAfterMs?: number) {
    const write = (line: string) => {
      const { event } = JSON.parse(line) as { event: string };
      said.push(event);
      told.emit(event);
    };
    const keep = {
      signal: ending.signal,
      fail: failed.resolve,
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
    };
    const log = createLog({ level: 'info', destination: { write } });
    return startEmbeddedPostgres({ dataDir, log, keep, durable: false });
  }

  it('is there again with its data, at the same address, however often it is killed', async () => {
    const server = await startKept();
    await ask(server.url, 'create table kept (number int)');
    await ask(server.url, 'insert into kept values (42)');
    for (const _ of ['once', 'twice']) {
      const restarted = once(told, 'database.restarted');
      process.kill(await serverPid(), 'SIGKILL');
      await restarted;
      expect(await ask(server.url, 'select number from kept')).toBe(42);
    }
    expect(said.filter((event) => event === 'database.died')).toHaveLength(2);
    const last = await serverPid();
    await Promise.all([server.stop(), server.stop()]);
    expect(() => process.kill(last, 0)).toThrow();
  });

  it('is a failure, with the reason, when it cannot be started again', async () => {
    const server = await startKept(0);
    const control = path.join(await home(), 'data/global/pg_control');
    await rm(control);
    process.kill(await serverPid(), 'SIGKILL');
    expect(await failed.promise).toMatchObject({
      message: expect.stringMatching(/died and could not be started again: PostgreSQL did not start: .*pg_control/),
    });
    await server.stop();
  });

  it('stays away once the process is to stop', async () => {
    const server = await startKept();
    const died = once(told, 'database.died');
    process.kill(await serverPid(), 'SIGKILL');
    await died;
    ending.abort();
    await server.stop();
    expect(said).not.toContain('database.restarted');
    await expect(ask(server.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
